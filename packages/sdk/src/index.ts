/** The Berth SDK: typed access to a Berth server from browsers, Node, Workers, Deno and Bun. */
export { Berth, type BerthOptions } from "./client.ts";
export { systemClock, type Clock } from "./clock.ts";
export { BerthError, type ClientErrorCode } from "./errors.ts";
export type { FollowItem, FollowOptions } from "./follow.ts";
export type { List, Page, PageOptions } from "./page.ts";
export type { CreateOptions, InspectedFolder, RunFilter, SessionFilter } from "./resources.ts";
export { SessionClient, type EventsOptions, type SendOptions } from "./session.ts";
export type { SessionStream, StreamOptions, StreamState } from "./stream.ts";
export type { WebSocketConstructor, WebSocketLike } from "./socket.ts";
export { applyDelta, applyDeltas, applyEvent, applyEvents, emptyTranscript } from "./transcript.ts";
export {
  answerText,
  queuedTurns,
  type AppliedItem,
  type PartItem,
  type RequestItem,
  type Transcript,
  type Turn,
  type TurnItem,
  type TurnRun,
} from "./transcript-model.ts";
export type { WaitOptions, WaitResult } from "./wait.ts";
export type {
  Actor,
  Answer,
  ApiKey,
  AppliedWork,
  CreateApiKey,
  CreatedApiKey,
  CreateProviderKey,
  CreateSession,
  Delivery,
  Delta,
  Discovery,
  EventData,
  EventType,
  Failure,
  Health,
  Isolation,
  Me,
  Message,
  MessageStatus,
  Model,
  OnInterruption,
  Part,
  Problem,
  ProviderKey,
  ProviderKind,
  Question,
  Run,
  Session,
  SessionEvent,
  SessionStatus,
  SessionSummary,
  ToolState,
  UpdateSession,
  Usage,
  WaitingFor,
  Workspace,
} from "@berth/protocol";
