/** REST resources and request bodies of /v1. Unknown fields in a body are refused with a pointer to them. */
import { z } from "zod";
import { Actor, AgentKind, AgentLimits, Answer, Delivery, Failure, Isolation, MessageStatus, ModelId, OnInterruption, RunOutcome, SandboxPhase, SessionEnvironment, SessionStatus, Usage, WaitingFor, Workspace } from "./parts.ts";
import { Role, Scope } from "./access.ts";
import { BudgetReached } from "./budgets.ts";
import { PermissionPolicy } from "./link.ts";
import { Organization } from "./organization.ts";
import { SessionRight, Visibility } from "./sharing.ts";

export const Metadata = z.record(z.string().max(64), z.string().max(512));

export const CreateSession = z.strictObject({
  model: ModelId,
  title: z.string().max(200).optional(),
  workspace: Workspace.optional(),
  /** Id or name. Absent: the only one that is for the workspace's repository, if there is exactly one. Null: none. */
  environment: z.string().min(1).max(64).nullable().optional(),
  metadata: Metadata.optional(),
  externalUserId: z.string().max(255).optional(),
  /** Tool permissions; absent means the default policy, which allows what stays inside the sandbox. */
  permissions: PermissionPolicy.optional(),
  /** The program that works in its sandboxes, for as long as the session is there. Absent: `opencode`. */
  agent: AgentKind.optional(),
  /** What happens when a run is cut off by the loss of its sandbox. Absent: `ask`. */
  onInterruption: OnInterruption.optional(),
  /** Who sees it besides those it is shared with. Absent: `org`. */
  visibility: Visibility.optional(),
  /** First message, sent as soon as the sandbox is ready. */
  prompt: z.string().min(1).optional(),
});
export type CreateSession = z.infer<typeof CreateSession>;

export const UpdateSession = z.strictObject({
  title: z.string().min(1).max(200).optional(),
  model: ModelId.optional(),
  metadata: Metadata.optional(),
  onInterruption: OnInterruption.optional(),
  /** For the session's owner, and for who administers the organization. */
  visibility: Visibility.optional(),
});
export type UpdateSession = z.infer<typeof UpdateSession>;

export const Session = z.object({
  id: z.string(),
  title: z.string(),
  status: SessionStatus,
  waitingFor: WaitingFor.optional(),
  failure: Failure.optional(),
  /** While it waits for `budget`: the cap in the way. */
  budget: BudgetReached.optional(),
  model: ModelId,
  workspace: Workspace,
  /** What its sandboxes begin with; absent: no more than any. */
  environment: SessionEnvironment.optional(),
  /** Absent: `opencode`. */
  agent: AgentKind.optional(),
  /** As its agent said when it began; absent for nothing, and before the first began. */
  agentCannot: AgentLimits.optional(),
  metadata: Metadata,
  externalUserId: z.string().optional(),
  createdBy: Actor,
  /** Absent: `org`. */
  visibility: Visibility.optional(),
  /** What who reads it may do in it; absent in answers to anything but reading. */
  access: SessionRight.optional(),
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
export const SessionSummary = Session.omit({ sandbox: true, environment: true, agent: true, agentCannot: true, queueLength: true, failure: true, budget: true, onInterruption: true, savedAt: true, access: true });
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

export const ChangedFile = z.object({
  path: z.string(),
  status: z.enum(["added", "modified", "deleted", "renamed"]),
  /** Its path before, of one that was renamed. */
  from: z.string().optional(),
  /** Lines; null for a file that is no text. */
  added: z.int().nonnegative().nullable(),
  removed: z.int().nonnegative().nullable(),
});
export type ChangedFile = z.infer<typeof ChangedFile>;

/** What differs in the work folder from where the work began. Files that git ignores are left out. */
export const WorkDiff = z.object({
  files: z.array(ChangedFile),
  /** In git's own form, for people and for `git apply`; what is no text is only named. */
  patch: z.string(),
  /** Its end is missing: there is more than 1 MiB of it. */
  truncated: z.boolean(),
});
export type WorkDiff = z.infer<typeof WorkDiff>;

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

/** One thing that somebody did over the API, or tried to. */
export const AuditEntry = z.object({
  id: z.string(),
  at: z.iso.datetime(),
  actor: Actor,
  apiKeyId: z.string().optional(),
  /** Method and route, as `DELETE /v1/keys/:providerKeyId`; `OPERATOR_ORIGINS` for a change that the operator made there. */
  action: z.string(),
  /** The ids in the address, by the names in `action`; where it has none, those of what it was done to. Of `OPERATOR_ORIGINS` what was `added` and `removed`. */
  target: z.record(z.string(), z.string()),
  /** `unknown`: it may have been done, and the answer was lost. */
  outcome: z.enum(["done", "refused", "failed", "unknown"]),
  status: z.int(),
  /** Network address it came from, where the platform tells. */
  address: z.string().optional(),
});
export type AuditEntry = z.infer<typeof AuditEntry>;

export const ProviderKind = z.enum(["openai-compatible", "openai", "anthropic", "google", "demo"]);
export type ProviderKind = z.infer<typeof ProviderKind>;

/** US dollars per million tokens. What is left out costs as much as what it is a kind of. */
export const ModelPrice = z.strictObject({
  input: z.number().min(0).max(100_000),
  output: z.number().min(0).max(100_000),
  cacheRead: z.number().min(0).max(100_000).optional(),
  cacheWrite: z.number().min(0).max(100_000).optional(),
  reasoning: z.number().min(0).max(100_000).optional(),
});
export type ModelPrice = z.infer<typeof ModelPrice>;

/** What an owner states of a model that no public list knows, or that costs the organization something else. */
export const ModelDetails = z.strictObject({
  price: ModelPrice.optional(),
  contextTokens: z.int().positive().optional(),
  outputTokens: z.int().positive().optional(),
});
export type ModelDetails = z.infer<typeof ModelDetails>;

/** Whose sessions a provider key is for. */
export const ProviderKeyScope = z.discriminatedUnion("kind", [z.object({ kind: z.literal("org") }), z.object({ kind: z.literal("user"), userId: z.string() })]);
export type ProviderKeyScope = z.infer<typeof ProviderKeyScope>;

/** A provider key is written once and never read back. Saving it asks the provider for its models, which tests it. */
export const CreateProviderKey = z.strictObject({
  /** Short name used in `provider/model`. */
  provider: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,39}$/, "lower-case letters, digits, dots and dashes"),
  /** Absent: the organization. `user` is whoever saves it: their own runs use it before the organization's. */
  scope: z.discriminatedUnion("kind", [z.strictObject({ kind: z.literal("org") }), z.strictObject({ kind: z.literal("user") })]).optional(),
  kind: ProviderKind.exclude(["demo"]),
  /** Needed for `openai-compatible`; the vendor's own address otherwise. */
  baseUrl: z.url({ protocol: /^https?$/ }).optional(),
  /** May be left out for a local server that needs none. */
  key: z.string().min(1).max(4096).optional(),
  /** Names of models, for a server that does not list them. */
  models: z.array(z.string().min(1).max(200)).max(200).optional(),
  /** By a model's name: prices and limits that go before the ones Berth knows. */
  details: z.record(z.string().max(200), ModelDetails).optional(),
});
export type CreateProviderKey = z.infer<typeof CreateProviderKey>;

export const ProviderKey = z.object({
  id: z.string(),
  scope: ProviderKeyScope,
  provider: z.string(),
  kind: ProviderKind,
  baseUrl: z.string(),
  hasKey: z.boolean(),
  /** False without a key, and where the operator's gateway calls with keys of its own: then this one is kept and not used. */
  usesKey: z.boolean(),
  modelCount: z.int(),
  createdAt: z.iso.datetime(),
});
export type ProviderKey = z.infer<typeof ProviderKey>;

/**
 * Whose rights at its host count: `organization` is what the credential may; `person` is that, and of everybody whose work it is
 * what the host says they may, by the account they signed in with.
 */
export const RepositoryRights = z.enum(["organization", "person"]);
export type RepositoryRights = z.infer<typeof RepositoryRights>;

/** Adding a repository lists its branches with the credential, which tests both. The credential is never read back. */
export const CreateRepository = z.strictObject({
  /** The address to clone from, over http. */
  url: z.url({ protocol: /^https?$/ }).max(2048),
  /** May be left out for a repository that anyone may read. */
  credential: z
    .strictObject({
      /** May be left out where the password is a token. */
      username: z.string().min(1).max(255).regex(/^[^:\p{Cc}]+$/u, "no colon and no control characters").optional(),
      /** A password, or a token of the host. */
      password: z.string().min(1).max(4096).regex(/^\P{Cc}+$/u, "no control characters"),
    })
    .optional(),
  /** Absent: `organization`. */
  rights: RepositoryRights.optional(),
});
export type CreateRepository = z.infer<typeof CreateRepository>;

export const UpdateRepository = z.strictObject({ rights: RepositoryRights });
export type UpdateRepository = z.infer<typeof UpdateRepository>;

export const Repository = z.object({
  id: z.string(),
  /** `host/owner/repository` */
  name: z.string(),
  url: z.string(),
  hasCredential: z.boolean(),
  /** What its host said when it was added. */
  canPush: z.boolean(),
  /** Null for one without commits. */
  defaultBranch: z.string().nullable(),
  rights: RepositoryRights,
  createdAt: z.iso.datetime(),
});
export type Repository = z.infer<typeof Repository>;

export const Model = z.object({
  id: ModelId,
  name: z.string(),
  provider: z.string(),
  /** True for the built-in stand-in that obeys directives and thinks nothing. */
  demo: z.boolean(),
  contextTokens: z.int().positive().optional(),
  outputTokens: z.int().positive().optional(),
  /** Absent: not known. Such a model's calls count in tokens only. */
  price: ModelPrice.optional(),
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
  /** Absent: `sessions:read`, `sessions:write` and `runs:read`, as far as your role has them. */
  scopes: z.array(Scope).min(1).max(Scope.options.length).optional(),
  /** Whose key it becomes; absent: that of whoever makes it. */
  serviceAccountId: z.string().min(1).max(64).optional(),
});
export type CreateApiKey = z.infer<typeof CreateApiKey>;
export const ApiKey = z.object({
  id: z.string(),
  name: z.string(),
  /** First characters, enough to recognise it. */
  start: z.string(),
  /** As they were given; the key has those of them that its role allows. */
  scopes: z.array(Scope),
  /** Set for a service account's; a person's key ends when the person leaves. */
  serviceAccountId: z.string().optional(),
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
  organization: Organization,
  role: Role,
  /** What this request's key or sign-in may do. */
  scopes: z.array(Scope),
});
export type Me = z.infer<typeof Me>;

export const SwitchOrganization = z.strictObject({ organizationId: z.string().min(1).max(64) });
export type SwitchOrganization = z.infer<typeof SwitchOrganization>;

export const Health = z.object({
  status: z.literal("ok"),
  version: z.string(),
  /** Where sandboxes come from and how they are kept apart, in the order they are tried. */
  sandboxes: z.array(z.object({ backend: z.string(), isolation: Isolation })),
  demoModel: z.boolean(),
});
export type Health = z.infer<typeof Health>;
