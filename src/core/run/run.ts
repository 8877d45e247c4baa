/** A run: one execution of one message, from its dispatch to its end, with who asked, what it used and how it ended. */
import { NO_USAGE, type Actor, type Failure, type Part, type Run, type RunOutcome, type Usage } from "@berth/protocol";

/** An open part: enough to end it when its sandbox is lost. */
export interface OpenPart {
  readonly id: string;
  readonly kind: Part["kind"];
  readonly tool: { readonly name: string; readonly callId: string } | null;
}

/** A permission or a question that waits for a person. */
export interface OpenRequest {
  readonly requestId: string;
  readonly kind: "permission" | "question";
  /** What was asked, in short, for an agent that does not remember asking. */
  readonly summary: string;
  /** Of a permission: what is to be allowed. */
  readonly tool: string | null;
  readonly patterns: readonly string[];
}

/** What the broker counted. */
export interface Metered {
  readonly usage: Usage;
  readonly costMicros: number | null;
}

export interface ActiveRun {
  readonly runId: string;
  readonly messageId: string;
  readonly epoch: number;
  readonly author: Actor;
  readonly apiKeyId: string | null;
  /** Whom it counts for; null where nobody is behind the author. */
  readonly userId: string | null;
  readonly model: string;
  readonly startedAtMs: number;
  /** True once the runtime has the prompt on its disk. */
  readonly accepted: boolean;
  /** How often the link was closed because the prompt was not accepted in time. */
  readonly acceptMisses: number;
  /** Why an interrupt was sent: a person asked, or nothing moved for too long. */
  readonly stopping: "person" | "stalled" | null;
  /** What the broker counted; null while it said nothing. */
  readonly metered: Metered | null;
  readonly openParts: readonly OpenPart[];
  /** Oldest first. */
  readonly requests: readonly OpenRequest[];
}

function addUsage(left: Usage, right: Usage): Usage {
  return {
    inputTokens: left.inputTokens + right.inputTokens,
    outputTokens: left.outputTokens + right.outputTokens,
    reasoningTokens: left.reasoningTokens + right.reasoningTokens,
    cacheReadTokens: left.cacheReadTokens + right.cacheReadTokens,
    cacheWriteTokens: left.cacheWriteTokens + right.cacheWriteTokens,
  };
}

/** One call whose price is unknown makes the whole cost unknown. */
export function addMetered(before: Metered | null, { usage, costMicros }: Metered): Metered {
  if (before === null) return { usage, costMicros };
  const cost = before.costMicros === null || costMicros === null ? null : before.costMicros + costMicros;
  return { usage: addUsage(before.usage, usage), costMicros: cost };
}

export function meter(run: ActiveRun, usage: Usage, costMicros: number | null): ActiveRun {
  return { ...run, metered: addMetered(run.metered, { usage, costMicros }) };
}

export interface RunEnd {
  readonly outcome: RunOutcome;
  /** As the agent counted it; used when the broker said nothing. */
  readonly agentUsage: Usage | null;
  readonly failure: Failure | null;
}

export function endedRun(sessionId: string, run: ActiveRun, end: RunEnd, nowMs: number): Run {
  return {
    id: run.runId,
    sessionId,
    messageId: run.messageId,
    model: run.model,
    author: run.author,
    ...(run.apiKeyId === null ? {} : { apiKeyId: run.apiKeyId }),
    outcome: end.outcome,
    usage: run.metered?.usage ?? end.agentUsage ?? NO_USAGE,
    costMicros: run.metered?.costMicros ?? null,
    ...(end.failure === null ? {} : { failure: end.failure }),
    startedAt: new Date(run.startedAtMs).toISOString(),
    endedAt: new Date(nowMs).toISOString(),
  };
}
