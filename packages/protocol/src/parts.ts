/** Values shared by events, resources and the sandbox link. Times are ISO 8601 in UTC; costs are millionths of a US dollar. */
import { z } from "zod";

/** `provider/model`; the provider is everything before the first slash, so models may contain slashes. */
export const ModelId = z
  .string()
  .max(200)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*\/\S+$/, "use provider/model, for example anthropic/claude-sonnet-4-5");
export type ModelId = z.infer<typeof ModelId>;

export const Usage = z.object({
  inputTokens: z.int().nonnegative(),
  outputTokens: z.int().nonnegative(),
  reasoningTokens: z.int().nonnegative(),
  cacheReadTokens: z.int().nonnegative(),
  cacheWriteTokens: z.int().nonnegative(),
});
export type Usage = z.infer<typeof Usage>;
export const NO_USAGE: Usage = {
  inputTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
};

export const SessionStatus = z.enum(["starting", "idle", "running", "waiting", "hibernated", "failed", "ended"]);
export type SessionStatus = z.infer<typeof SessionStatus>;

export const WaitingFor = z.enum(["permission", "question", "budget", "interrupted"]);
export type WaitingFor = z.infer<typeof WaitingFor>;

/**
 * What happens when a run was cut off because its sandbox was lost: `ask` a person, let the agent `continue` from what is
 * done, `retry` the message from its start, or let the run `fail` and go on with the queue.
 */
export const OnInterruption = z.enum(["ask", "continue", "retry", "fail"]);
export type OnInterruption = z.infer<typeof OnInterruption>;

/** `steer`: for the agent's next model request in the turn that runs now; where that cannot be, the message joins the queue. */
export const Delivery = z.enum(["queue", "steer"]);
export type Delivery = z.infer<typeof Delivery>;

/** The work folder and the agent's memory as they were at one moment. */
export const Checkpoint = z.object({ id: z.string(), files: z.int().nonnegative(), bytes: z.int().nonnegative() });
export type Checkpoint = z.infer<typeof Checkpoint>;

export const MessageStatus = z.enum([
  "queued",
  "dispatched",
  "running",
  "completed",
  "failed",
  "stopped",
  "interrupted",
  "cancelled",
]);
export type MessageStatus = z.infer<typeof MessageStatus>;

export const RunOutcome = z.enum(["completed", "failed", "stopped", "interrupted"]);
export type RunOutcome = z.infer<typeof RunOutcome>;

export const SandboxPhase = z.enum(["requested", "accepted", "linked", "ready", "lost", "stopped", "failed"]);
export type SandboxPhase = z.infer<typeof SandboxPhase>;

export const Isolation = z.enum(["bubblewrap", "seatbelt", "container", "gvisor", "vm", "none", "memory"]);
export type Isolation = z.infer<typeof Isolation>;

/**
 * What the work happens on. `folder` is a folder of the machine that Berth runs on; the work is done in a clone of it.
 * `repo` is a repository of the organization, by its address; its clone pushes to branches of the session's own.
 */
export const Workspace = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("empty") }),
  z.strictObject({ kind: z.literal("folder"), path: z.string().min(1).max(4096), ref: z.string().max(255).optional() }),
  z.strictObject({ kind: z.literal("repo"), url: z.url({ protocol: /^https?$/ }).max(2048), ref: z.string().min(1).max(255).optional() }),
]);
export type Workspace = z.infer<typeof Workspace>;

/** As it was called when the session came to be in it. */
export const SessionEnvironment = z.object({ id: z.string(), name: z.string() });
export type SessionEnvironment = z.infer<typeof SessionEnvironment>;

/** A failure a person can meet: a stable code, a sentence, and the step that puts it right where there is one. */
export const Failure = z.object({ code: z.string(), message: z.string(), fix: z.string().optional() });
export type Failure = z.infer<typeof Failure>;

export const ToolState = z.object({
  name: z.string(),
  callId: z.string(),
  status: z.enum(["running", "completed", "failed"]),
  title: z.string().optional(),
  input: z.unknown().optional(),
  /** Text the tool printed; its head and tail with a mark between them when it is too big for an event. */
  output: z.string().optional(),
  /** Where the whole of a big output is read; `bytes` in UTF-8. */
  outputRef: z.object({ name: z.string(), address: z.string(), bytes: z.int().nonnegative() }).optional(),
  /** What is missing in `output` is kept nowhere. */
  truncated: z.boolean().optional(),
  error: z.string().optional(),
  /** Of a command that ended by itself. The tool `completed` whatever it is. */
  exitCode: z.int().optional(),
});
export type ToolState = z.infer<typeof ToolState>;

/**
 * A credential that was about to be shown: a `value` that the session has, by the name of its variable, or a `fingerprint`,
 * a text whose form is that of a credential, by the name of the form.
 */
export const MaskedSecret = z.object({ kind: z.enum(["value", "fingerprint"]), name: z.string() });
export type MaskedSecret = z.infer<typeof MaskedSecret>;

/** A piece of an answer. `text` is whole on `part.ended`; on `part.started` it is what was there when it began. */
export const Part = z.object({
  id: z.string(),
  kind: z.enum(["text", "reasoning", "tool"]),
  text: z.string().optional(),
  tool: ToolState.optional(),
});
export type Part = z.infer<typeof Part>;

export const QuestionOption = z.object({ label: z.string(), description: z.string().optional() });
export const Question = z.object({
  question: z.string(),
  header: z.string().optional(),
  options: z.array(QuestionOption),
  multiple: z.boolean().optional(),
});
export type Question = z.infer<typeof Question>;

/** A permission takes `once | always | reject`; a question takes one list of labels per question, or `reject`. */
export const Answer = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("permission"), reply: z.enum(["once", "always", "reject"]) }),
  z.strictObject({ kind: z.literal("question"), answers: z.array(z.array(z.string())) }),
  z.strictObject({ kind: z.literal("reject") }),
]);
export type Answer = z.infer<typeof Answer>;

/** Who did it: a person or key of the organization, the agent, or Berth itself. */
export const Actor = z.object({
  kind: z.enum(["user", "api-key", "agent", "system"]),
  id: z.string(),
  name: z.string().optional(),
});
export type Actor = z.infer<typeof Actor>;

/** The program that works in a session's sandbox: `opencode` through its own server, `acp` over the Agent Client Protocol. */
export const AgentKind = z.enum(["opencode", "acp"]);
export type AgentKind = z.infer<typeof AgentKind>;

/**
 * What some agents cannot do: take a message into a turn that runs (`steer`), `ask` questions, `tell-retries` of a model
 * that failed, `remember` the conversation after a restart, work with the model that is chosen (`choose-model`).
 */
export const AgentAbility = z.enum(["steer", "ask", "tell-retries", "remember", "choose-model"]);
export type AgentAbility = z.infer<typeof AgentAbility>;

/** What the agent cannot do, each with the reason. */
export const AgentLimits = z.partialRecord(AgentAbility, z.string());
export type AgentLimits = z.infer<typeof AgentLimits>;
