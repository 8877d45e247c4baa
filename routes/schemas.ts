/** The protocol's schemas under the names that the OpenAPI document gives them. */
import * as protocol from "@berth/protocol";
import { z } from "zod";

const named = <T extends z.ZodType>(id: string, schema: T): T => schema.meta({ id }) as T;

const eventSchemas = protocol.EVENT_TYPES.map((type) => named(`Event_${type}`, protocol.EVENT_SCHEMAS[type]));

export const SCHEMAS = {
  Session: named("Session", protocol.Session),
  SessionSummary: named("SessionSummary", protocol.SessionSummary),
  CreateSession: named("CreateSession", protocol.CreateSession),
  UpdateSession: named("UpdateSession", protocol.UpdateSession),
  Message: named("Message", protocol.Message),
  SendMessage: named("SendMessage", protocol.SendMessage),
  MoveMessage: named("MoveMessage", protocol.MoveMessage),
  ResumeSession: named("ResumeSession", protocol.ResumeSession),
  AnswerRequest: named("AnswerRequest", protocol.AnswerRequest),
  ApplyWork: named("ApplyWork", protocol.ApplyWork),
  AppliedWork: named("AppliedWork", protocol.AppliedWork),
  StreamTicket: named("StreamTicket", protocol.StreamTicket),
  Run: named("Run", protocol.Run),
  ProviderKey: named("ProviderKey", protocol.ProviderKey),
  CreateProviderKey: named("CreateProviderKey", protocol.CreateProviderKey),
  Model: named("Model", protocol.Model),
  Discovery: named("Discovery", protocol.Discovery),
  ApiKey: named("ApiKey", protocol.ApiKey),
  CreateApiKey: named("CreateApiKey", protocol.CreateApiKey),
  CreatedApiKey: named("CreatedApiKey", protocol.CreatedApiKey),
  Me: named("Me", protocol.Me),
  Health: named("Health", protocol.Health),
  /** Any committed event: the catalogue as one union. */
  SessionEvent: named("SessionEvent", z.union(eventSchemas)),
  EventPage: named(
    "EventPage",
    z.object({
      data: z.array(z.union(eventSchemas)),
      next: z.string().nullable().describe("`after` of the next page; null when this page ends with the newest event"),
      firstSeq: z.int().describe("oldest `seq` that the streams still hold; what is older comes from the archive"),
      lastSeq: z.int().describe("newest committed `seq`"),
    }),
  ),
  Folder: named(
    "Folder",
    z.object({
      path: z.string(),
      isRepository: z.boolean(),
      branch: z.string().nullable(),
      uncommitted: z.int().describe("files changed and not committed; a session starts without them"),
    }),
  ),
} as const;

export function pageOf(name: string, item: z.ZodType): z.ZodType {
  return named(`${name}Page`, z.object({ data: z.array(item), next: z.string().nullable().describe("`cursor` of the next page; null at the end") }));
}
