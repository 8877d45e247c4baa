/**
 * The event catalogue: every committed event type with the schema of its `data`. Within /v1 types and fields are only
 * added. OpenAPI, the SDK's types and the docs are made from this file.
 */
import { z } from "zod";
import { BudgetReached } from "./budgets.ts";
import {
  Actor,
  AgentKind,
  Answer,
  Checkpoint,
  Delivery,
  Failure,
  Isolation,
  MaskedSecret,
  MessageStatus,
  ModelId,
  OnInterruption,
  Part,
  Question,
  RunOutcome,
  SandboxPhase,
  SessionEnvironment,
  SessionStatus,
  Usage,
  WaitingFor,
  Workspace,
} from "./parts.ts";
import { PolicyFact } from "./policy.ts";

export const EVENT_DATA = {
  "session.created": z.object({ title: z.string(), model: ModelId, workspace: Workspace, environment: SessionEnvironment.optional(), agent: AgentKind.optional() }),
  "session.updated": z.object({ title: z.string().optional(), model: ModelId.optional(), onInterruption: OnInterruption.optional() }),
  "session.status": z.object({
    status: SessionStatus,
    waitingFor: WaitingFor.optional(),
    failure: Failure.optional(),
  }),
  "sandbox.status": z.object({
    epoch: z.int(),
    phase: SandboxPhase,
    backend: z.string().optional(),
    isolation: Isolation.optional(),
    failure: Failure.optional(),
    /** On `requested`: the backend that this one stands in for, and why that one could not. */
    insteadOf: z.object({ backend: z.string(), failure: Failure }).optional(),
  }),
  "workspace.status": z.object({
    phase: z.enum(["preparing", "ready", "failed"]),
    /** Branch and commit the work started from, when the workspace is a repository. */
    branch: z.string().optional(),
    base: z.string().optional(),
    failure: Failure.optional(),
  }),
  /**
   * `setting-up` while its script runs, then `ready`, or `failed` with the reason; the session goes on either way.
   * `removed`: there was none any more when a sandbox began, and the session goes on without.
   */
  "environment.status": z.object({ environment: SessionEnvironment, phase: z.enum(["setting-up", "ready", "failed", "removed"]), failure: Failure.optional() }),
  /** What the setup script printed since the last such event. */
  "environment.output": z.object({ text: z.string() }),
  /** The session's work was written to a branch of the folder it came from. */
  "workspace.applied": z.object({ branch: z.string(), commit: z.string(), filesChanged: z.int() }),
  /** `saved` names what can be restored from now on; `restored` what a new sandbox began with. */
  "workspace.checkpoint": z.object({
    phase: z.enum(["saved", "failed", "restored"]),
    epoch: z.int(),
    checkpoint: Checkpoint.optional(),
    failure: Failure.optional(),
  }),
  /** What is enforced on the sandbox differs from what is declared. Once for each set of differences. */
  "policy.mismatch": z.object({ epoch: z.int(), facts: z.array(PolicyFact), stopped: z.boolean() }),
  "message.queued": z.object({
    text: z.string(),
    model: ModelId,
    position: z.int().nonnegative(),
    delivery: Delivery.optional(),
    /** The interrupted message whose work this one goes on with, or does again. */
    continues: z.string().optional(),
    retryOf: z.string().optional(),
  }),
  "message.status": z.object({ status: MessageStatus, failure: Failure.optional() }),
  /** A waiting message changed its place: how many are before it now, the running one included. */
  "message.moved": z.object({ position: z.int().nonnegative() }),
  /** A message meant to steer the running turn is not, or not surely, in the agent's next model request. */
  "message.steer-deferred": z.object({ reason: z.enum(["not-running", "not-linked", "own-secrets", "refused", "unconfirmed"]) }),
  "run.started": z.object({ model: ModelId, epoch: z.int() }),
  /** The agent was asked to stop; `run.ended` confirms it. */
  "run.stopping": z.object({ reason: z.enum(["person", "stalled"]) }),
  "run.ended": z.object({
    outcome: RunOutcome,
    usage: Usage,
    /** Null when the model's price is not known. */
    costMicros: z.int().nullable(),
    failure: Failure.optional(),
  }),
  "part.started": z.object({ part: Part }),
  "part.ended": z.object({ part: Part }),
  "permission.asked": z.object({
    requestId: z.string(),
    tool: z.string(),
    title: z.string(),
    patterns: z.array(z.string()),
    detail: z.record(z.string(), z.unknown()).optional(),
  }),
  "question.asked": z.object({ requestId: z.string(), questions: z.array(Question) }),
  "request.answered": z.object({ requestId: z.string(), answer: Answer }),
  /** There is no room under a cap. What runs goes on to its next model call and waits there; `session.status` says `waiting`. */
  "budget.reached": BudgetReached,
  /** There is room again, and the session goes on by itself. */
  "budget.lifted": z.object({ budget: z.string() }),
  /** Credentials in what the agent said or printed are bullets everywhere from here on. Once for each in a run. */
  "secrets.masked": z.object({ secrets: z.array(MaskedSecret).min(1) }),
  "todo.updated": z.object({ items: z.array(z.object({ text: z.string(), status: z.string() })) }),
} as const;

export type EventType = keyof typeof EVENT_DATA;
export type EventData<T extends EventType> = z.infer<(typeof EVENT_DATA)[T]>;
export const EVENT_TYPES = Object.keys(EVENT_DATA) as EventType[];

/** What is known of an event before it is committed. */
export type NewEvent = {
  [T in EventType]: {
    readonly type: T;
    readonly data: EventData<T>;
    readonly messageId?: string | undefined;
    readonly runId?: string | undefined;
    readonly actor?: Actor | undefined;
  };
}[EventType];

/** A committed event. `seq` counts 1, 2, 3 … per session without gaps; `at` is ISO 8601. */
export type SessionEvent = NewEvent & { readonly seq: number; readonly id: string; readonly at: string };

const envelope = {
  seq: z.int().positive(),
  id: z.string(),
  at: z.iso.datetime(),
  messageId: z.string().optional(),
  runId: z.string().optional(),
  actor: Actor.optional(),
};

/** One schema per event type, named `Event_<type>`; for OpenAPI and for strict tests. */
export const EVENT_SCHEMAS = Object.fromEntries(
  EVENT_TYPES.map((type) => [type, z.object({ ...envelope, type: z.literal(type), data: EVENT_DATA[type] })]),
) as unknown as Record<EventType, z.ZodType<SessionEvent>>;

/** Lenient reader for clients: an unknown type passes through, so that newer servers do not break older clients. */
export const AnyEvent = z.looseObject({ ...envelope, type: z.string(), data: z.record(z.string(), z.unknown()) });
