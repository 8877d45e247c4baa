/**
 * The sandbox link: what the runtime and the session say to each other on `WSS /v1/sandbox/link`. Both directions number
 * their messages 1, 2, 3 … per epoch and acknowledge cumulatively after the durable commit; deltas and control frames are
 * outside the numbering. The runtime speaks first.
 */
import { z } from "zod";
import { SandboxMeasurement } from "./policy.ts";
import { AgentKind, AgentLimits, Answer, Checkpoint, Failure, MaskedSecret, ModelId, Part, Question, Usage } from "./parts.ts";

export const LINK_VERSION = 3;
/** The versions from which on the ends may count on it. */
export const LINK_SINCE = {
  /** What was said while the session was writing may come up together, as `ups`. */
  ups: 2,
  /** The runtime dials the tunnel when it is asked to. */
  tunnel: 3,
} as const;

/** A model provider as the sandbox sees it: an address of the broker and no key of its own. */
export const SandboxProviderConfig = z.object({
  id: z.string(),
  /** Which wire format the agent speaks to the broker. */
  kind: z.enum(["openai-compatible", "openai", "anthropic", "google"]),
  /** Broker address, without trailing slash. */
  baseUrl: z.string(),
  models: z.array(z.object({ id: z.string(), name: z.string(), contextTokens: z.int().optional(), outputTokens: z.int().optional() })),
});
export type SandboxProviderConfig = z.infer<typeof SandboxProviderConfig>;

export const PermissionRule = z.enum(["allow", "ask", "deny"]);
/** Tool → rule, or tool → pattern → rule, in OpenCode's meaning (last match wins). `*` names every tool. */
export const PermissionPolicy = z.record(z.string(), z.union([PermissionRule, z.record(z.string(), PermissionRule)]));
export type PermissionPolicy = z.infer<typeof PermissionPolicy>;

/** Session → runtime, numbered. */
export const DownMessage = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("configure"),
    /** Absent: `opencode`. */
    agent: AgentKind.optional(),
    providers: z.array(SandboxProviderConfig),
    permissions: PermissionPolicy,
    git: z.object({ name: z.string(), email: z.string() }).optional(),
    /** Repository that a fresh work folder is cloned from, and the branch to work on. */
    repo: z.object({ url: z.string(), ref: z.string().optional(), branch: z.string() }).optional(),
    /** What the sandbox begins with is at `/v1/sandbox/environment`. */
    environment: z.object({ id: z.string() }).optional(),
    /** Checkpoint that a fresh sandbox begins with. One whose folder is still there keeps what is in it. */
    restore: z.object({ checkpoint: z.string() }).optional(),
  }),
  z.object({ type: z.literal("prompt"), messageId: z.string(), text: z.string(), model: ModelId }),
  z.object({ type: z.literal("interrupt"), messageId: z.string() }),
  /** Another message for the turn of `messageId`; answered by `steered` or `steer-refused`. */
  z.object({ type: z.literal("steer"), messageId: z.string(), steerId: z.string(), text: z.string() }),
  /** Save now; answered by `checkpoint-saved` or `checkpoint-failed`. */
  z.object({ type: z.literal("checkpoint") }),
  /** Look again at how the sandbox is kept; only sent to a runtime that did so by itself. */
  z.object({ type: z.literal("measure-policy") }),
  z.object({ type: z.literal("answer"), requestId: z.string(), answer: Answer }),
]);
export type DownMessage = z.infer<typeof DownMessage>;

/** Runtime → session, numbered. */
export const UpMessage = z.discriminatedUnion("type", [
  /** The agent can take a prompt. `kind`: absent for `opencode`, which is all that an older runtime knows. `cannot`: absent for nothing. */
  z.object({ type: z.literal("ready"), agent: z.string(), agentVersion: z.string(), kind: AgentKind.optional(), cannot: AgentLimits.optional() }),
  z.object({ type: z.literal("workspace-ready"), branch: z.string().optional(), base: z.string().optional() }),
  z.object({ type: z.literal("workspace-failed"), failure: Failure }),
  /** The prompt is on the runtime's disk and will run at most once. */
  z.object({ type: z.literal("accepted"), messageId: z.string() }),
  /** `steerId` is in the agent's next model request of this turn, and ends with it. */
  z.object({ type: z.literal("steered"), messageId: z.string(), steerId: z.string() }),
  /** The agent did not take it and never will: it may be sent again as a prompt. */
  z.object({ type: z.literal("steer-refused"), messageId: z.string(), steerId: z.string() }),
  z.object({ type: z.literal("turn-started"), messageId: z.string() }),
  z.object({ type: z.literal("part-started"), messageId: z.string(), part: Part }),
  z.object({ type: z.literal("part-ended"), messageId: z.string(), part: Part }),
  z.object({
    type: z.literal("permission-asked"),
    messageId: z.string(),
    requestId: z.string(),
    tool: z.string(),
    title: z.string(),
    patterns: z.array(z.string()),
    detail: z.record(z.string(), z.unknown()).optional(),
  }),
  z.object({ type: z.literal("question-asked"), messageId: z.string(), requestId: z.string(), questions: z.array(Question) }),
  z.object({ type: z.literal("request-gone"), requestId: z.string() }),
  /** What the next message of the turn, or one after it, would have shown: bullets stand in its place. Once for each in a turn. */
  z.object({ type: z.literal("secrets-masked"), messageId: z.string(), secrets: z.array(MaskedSecret).min(1) }),
  z.object({ type: z.literal("todo"), messageId: z.string(), items: z.array(z.object({ text: z.string(), status: z.string() })) }),
  z.object({ type: z.literal("title"), title: z.string() }),
  z.object({
    type: z.literal("turn-ended"),
    messageId: z.string(),
    outcome: z.enum(["completed", "failed", "stopped", "interrupted"]),
    /** As the agent counted it; the broker's own count is the one that is billed. */
    usage: Usage.optional(),
    failure: Failure.optional(),
  }),
  z.object({ type: z.literal("agent-failed"), failure: Failure }),
  /** It is stored whole: a new sandbox can begin with it. `asked`: made after the session asked for it; absent: yes. */
  z.object({ type: z.literal("checkpoint-saved"), checkpoint: Checkpoint, asked: z.boolean().optional() }),
  z.object({ type: z.literal("checkpoint-failed"), failure: Failure, asked: z.boolean().optional() }),
  /** The session's environment is not there any more. */
  z.object({ type: z.literal("environment-missing") }),
  /** The script of the session's environment runs, prints, and is over; prompts wait for its end. */
  z.object({ type: z.literal("setup-started") }),
  z.object({ type: z.literal("setup-output"), text: z.string() }),
  z.object({ type: z.literal("setup-ended"), failure: Failure.optional() }),
  z.object({ type: z.literal("workspace-restored"), checkpoint: Checkpoint }),
  /** How the sandbox is kept, as seen from inside: at its start, and when it is asked for. */
  z.object({ type: z.literal("policy-measured"), measurement: SandboxMeasurement }),
]);
export type UpMessage = z.infer<typeof UpMessage>;

const delta = z.object({ partId: z.string(), offset: z.int().nonnegative(), text: z.string() });

/** Runtime → session frames. */
export const UpFrame = z.discriminatedUnion("type", [
  /** `received`: the last down number committed here; `sent`: the first up number still held, or the next. */
  z.object({ type: z.literal("hello"), versions: z.array(z.int()), epoch: z.int(), received: z.int().nonnegative() }),
  z.object({ type: z.literal("up"), n: z.int().positive(), body: UpMessage }),
  /** The numbers `n`, `n + 1` … in one frame: taken in order, and committed together. From version 2 on. */
  z.object({ type: z.literal("ups"), n: z.int().positive(), bodies: z.array(UpMessage).min(1) }),
  z.object({ type: z.literal("ack"), n: z.int().nonnegative() }),
  z.object({ type: z.literal("deltas"), deltas: z.array(delta) }),
  /** Only while a run is active; says what is running so that a silent tool is not idle. */
  z.object({ type: z.literal("heartbeat"), running: z.string().optional() }),
]);
export type UpFrame = z.infer<typeof UpFrame>;

/** Session → runtime frames. */
export const DownFrame = z.discriminatedUnion("type", [
  /** Answer to hello; `received`: the last up number committed. */
  z.object({ type: z.literal("welcome"), version: z.int(), received: z.int().nonnegative() }),
  z.object({ type: z.literal("down"), n: z.int().positive(), body: DownMessage }),
  z.object({ type: z.literal("ack"), n: z.int().nonnegative() }),
  /** Deltas received, in UTF-16 units since the link opened: gives the runtime its credit back. */
  z.object({ type: z.literal("delta-ack"), units: z.int().nonnegative() }),
  /** Dial `/v1/sandbox/tunnel` now, also where one seems to be open. From version 3 on. */
  z.object({ type: z.literal("open-tunnel") }),
]);
export type DownFrame = z.infer<typeof DownFrame>;
