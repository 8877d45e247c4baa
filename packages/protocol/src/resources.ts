/** REST resources and request bodies of /v1. Unknown fields in a body are refused with a pointer to them. */
import { z } from "zod";
import { Actor, Answer, Delivery, Failure, Isolation, MessageStatus, ModelId, OnInterruption, RunOutcome, SandboxPhase, SessionStatus, Usage, WaitingFor, Workspace } from "./parts.ts";
import { PermissionPolicy } from "./link.ts";

export const Metadata = z.record(z.string().max(64), z.string().max(512));

export const CreateSession = z.strictObject({
  model: ModelId,
  title: z.string().max(200).optional(),
  workspace: Workspace.optional(),
  metadata: Metadata.optional(),
  externalUserId: z.string().max(255).optional(),
  /** Tool permissions; absent means the default policy, which allows what stays inside the sandbox. */
  permissions: PermissionPolicy.optional(),
  /** What happens when a run is cut off by the loss of its sandbox. Absent: `ask`. */
  onInterruption: OnInterruption.optional(),
  /** First message, sent as soon as the sandbox is ready. */
  prompt: z.string().min(1).optional(),
});
export type CreateSession = z.infer<typeof CreateSession>;

export const UpdateSession = z.strictObject({
  title: z.string().min(1).max(200).optional(),
  model: ModelId.optional(),
  metadata: Metadata.optional(),
  onInterruption: OnInterruption.optional(),
});
export type UpdateSession = z.infer<typeof UpdateSession>;

export const Session = z.object({
  id: z.string(),
  title: z.string(),
  status: SessionStatus,
  waitingFor: WaitingFor.optional(),
  failure: Failure.optional(),
  model: ModelId,
  workspace: Workspace,
  metadata: Metadata,
  externalUserId: z.string().optional(),
  createdBy: Actor,
  createdAt: z.iso.datetime(),
  lastActiveAt: z.iso.datetime(),
  /** The newest committed `seq`; subscribe with `after` set to it to see only what is new. */
  lastSeq: z.int().nonnegative(),
  queueLength: z.int().nonnegative(),
  onInterruption: OnInterruption,
  /** When the work and the agent's memory were last saved outside the sandbox. */
  savedAt: z.iso.datetime().optional(),
  sandbox: z
    .object({ epoch: z.int(), phase: SandboxPhase, backend: z.string().optional(), isolation: Isolation.optional() })
    .optional(),
});
export type Session = z.infer<typeof Session>;

/** The part of a session that a list shows; kept in Postgres, a moment behind the session itself. */
export const SessionSummary = Session.omit({ sandbox: true, queueLength: true, failure: true, onInterruption: true, savedAt: true });
export type SessionSummary = z.infer<typeof SessionSummary>;

export const SendMessage = z.strictObject({ text: z.string().min(1), model: ModelId.optional(), delivery: Delivery.optional() });
export type SendMessage = z.infer<typeof SendMessage>;

/** Puts a waiting message before another one, or with `null` at the queue's end. */
export const MoveMessage = z.strictObject({ before: z.string().nullable() });
export type MoveMessage = z.infer<typeof MoveMessage>;

/** What to do with the message that was interrupted: nothing (`skip`), go on with its work, or do it again. */
export const ResumeSession = z.strictObject({ interrupted: z.enum(["skip", "continue", "retry"]).optional() });
export type ResumeSession = z.infer<typeof ResumeSession>;

export const Message = z.object({
  id: z.string(),
  text: z.string(),
  status: MessageStatus,
  model: ModelId,
  author: Actor,
  createdAt: z.iso.datetime(),
  runId: z.string().optional(),
  delivery: Delivery.optional(),
  /** The interrupted message whose work this one goes on with, or does again. */
  continues: z.string().optional(),
  retryOf: z.string().optional(),
});
export type Message = z.infer<typeof Message>;

export const AnswerRequest = z.strictObject({ requestId: z.string(), answer: Answer });
export type AnswerRequest = z.infer<typeof AnswerRequest>;

export const ApplyWork = z.strictObject({ branch: z.string().min(1).max(200) });
export type ApplyWork = z.infer<typeof ApplyWork>;
export const AppliedWork = z.object({ branch: z.string(), commit: z.string(), filesChanged: z.int() });
export type AppliedWork = z.infer<typeof AppliedWork>;

export const Run = z.object({
  id: z.string(),
  sessionId: z.string(),
  messageId: z.string(),
  model: ModelId,
  author: Actor,
  apiKeyId: z.string().optional(),
  outcome: RunOutcome,
  usage: Usage,
  costMicros: z.int().nullable(),
  failure: Failure.optional(),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime(),
});
export type Run = z.infer<typeof Run>;

export const ProviderKind = z.enum(["openai-compatible", "openai", "anthropic", "google", "demo"]);
export type ProviderKind = z.infer<typeof ProviderKind>;

/** A provider key is written once and never read back. Saving it asks the provider for its models, which tests it. */
export const CreateProviderKey = z.strictObject({
  /** Short name used in `provider/model`. */
  provider: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,39}$/, "lower-case letters, digits, dots and dashes"),
  kind: ProviderKind.exclude(["demo"]),
  /** Needed for `openai-compatible`; the vendor's own address otherwise. */
  baseUrl: z.url({ protocol: /^https?$/ }).optional(),
  /** May be left out for a local server that needs none. */
  key: z.string().min(1).max(4096).optional(),
  /** Names of models, for a server that does not list them. */
  models: z.array(z.string().min(1).max(200)).max(200).optional(),
});
export type CreateProviderKey = z.infer<typeof CreateProviderKey>;

export const ProviderKey = z.object({
  id: z.string(),
  provider: z.string(),
  kind: ProviderKind,
  baseUrl: z.string(),
  hasKey: z.boolean(),
  modelCount: z.int(),
  createdAt: z.iso.datetime(),
});
export type ProviderKey = z.infer<typeof ProviderKey>;

export const Model = z.object({
  id: ModelId,
  name: z.string(),
  provider: z.string(),
  /** True for the built-in stand-in that obeys directives and thinks nothing. */
  demo: z.boolean(),
});
export type Model = z.infer<typeof Model>;

/** A key, login or model server found on the machine Berth runs on; importing it stores it in the vault. */
export const Discovery = z.object({
  id: z.string(),
  provider: z.string(),
  kind: ProviderKind,
  source: z.string().describe("for example `environment variable ANTHROPIC_API_KEY`"),
  baseUrl: z.string().optional(),
  /** Why it cannot be imported; absent when it can. */
  unusable: z.string().optional(),
  imported: z.boolean(),
});
export type Discovery = z.infer<typeof Discovery>;

export const CreateApiKey = z.strictObject({
  name: z.string().min(1).max(64),
  /** Absent: 90 days. Null: never. */
  expiresInDays: z.int().min(1).max(3650).nullable().optional(),
});
export type CreateApiKey = z.infer<typeof CreateApiKey>;
export const ApiKey = z.object({
  id: z.string(),
  name: z.string(),
  /** First characters, enough to recognise it. */
  start: z.string(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
  lastUsedAt: z.iso.datetime().nullable(),
});
export type ApiKey = z.infer<typeof ApiKey>;
export const CreatedApiKey = ApiKey.extend({ key: z.string().describe("shown once") });
export type CreatedApiKey = z.infer<typeof CreatedApiKey>;

export const StreamTicket = z.object({ ticket: z.string(), url: z.string(), expiresAt: z.iso.datetime() });
export type StreamTicket = z.infer<typeof StreamTicket>;

export const Me = z.object({
  user: z.object({ id: z.string(), name: z.string(), email: z.string() }).nullable(),
  organization: z.object({ id: z.string(), name: z.string() }),
  role: z.enum(["owner", "admin", "member", "viewer"]),
});
export type Me = z.infer<typeof Me>;

export const Health = z.object({
  status: z.literal("ok"),
  version: z.string(),
  /** Where sandboxes come from and how they are kept apart, in the order they are tried. */
  sandboxes: z.array(z.object({ backend: z.string(), isolation: Isolation })),
  demoModel: z.boolean(),
});
export type Health = z.infer<typeof Health>;
