/** What went wrong with an ACP agent → PortError, and how a prompt was answered → the end of its turn. Pure. */
import type { Failure } from "@berth/protocol";
import type { PromptResponse } from "@agentclientprotocol/sdk/unstable";
import { PortError, isPortError, type Outcome, type PortErrorCode, type Retry } from "../../core/kernel/port-error.ts";
import type { TurnEnd } from "./acp-record.ts";
import { usageOf } from "./acp-updates.ts";

/** The agent did not come up. `output` is the end of what it printed beside the protocol. */
export class AcpStartFailure extends Error {
  override readonly name = "AcpStartFailure";
  readonly why: "never-ready" | "exited" | "other-version";
  readonly output: string;

  constructor(why: AcpStartFailure["why"], output: string) {
    super({ "never-ready": "The agent did not answer in time", exited: "The agent ended while it was starting", "other-version": "The agent speaks another version of the Agent Client Protocol" }[why]);
    this.why = why;
    this.output = output;
  }
}

/** An error that the agent answered with. */
interface RpcError extends Error {
  readonly code: number;
}

const AUTH_REQUIRED = -32_000;
const INVALID_PARAMS = -32_602;

export function classify(raw: unknown, operation: string): PortError {
  if (isPortError(raw)) return raw;
  const [code, outcome, retry, message, fix] = verdictOf(raw);
  return new PortError({ port: "agent", operation, code, outcome, retry, message, ...(fix === undefined ? {} : { fix }), cause: raw });
}

type Verdict = readonly [PortErrorCode, Outcome, Retry, message: string, fix?: string];

function verdictOf(raw: unknown): Verdict {
  if (raw instanceof AcpStartFailure) {
    const message = raw.output === "" ? `${raw.message}.` : `${raw.message}. It printed: ${raw.output}`;
    return raw.why === "never-ready" ? ["deadline-exceeded", "not-applied", "same-request", message] : ["failed-precondition", "not-applied", "same-request", message];
  }
  if (isRpcError(raw)) {
    if (raw.code === AUTH_REQUIRED) return ["permission-denied", "not-applied", "never", "The agent wants a login of its own.", "Choose an agent that takes its models from Berth."];
    if (raw.code === INVALID_PARAMS) return ["invalid-argument", "not-applied", "never", raw.message];
    return ["internal", "unknown", "never", raw.message];
  }
  const { code } = (raw ?? {}) as { code?: unknown };
  if (code === "ENOENT" || code === "EACCES") return ["failed-precondition", "not-applied", "never", "The agent's program or the work folder is not there."];
  if (code === "ENOSPC" || code === "EDQUOT") return ["resource-exhausted", "not-applied", "same-request", "The disk of the sandbox is full.", "Make room on the disk of the sandbox, then send the message again."];
  return ["unknown", "unknown", "never", "The agent failed in a way Berth does not know."];
}

export function isRpcError(raw: unknown): raw is RpcError {
  return raw instanceof Error && typeof (raw as { code?: unknown }).code === "number";
}

export const OUT_OF_BUDGET: Failure = {
  code: "budget-reached",
  message: "A spending cap leaves no room for the next model call.",
  fix: "Raise the cap; the session then goes on by itself.",
};
const UNANSWERED: Failure = { code: "agent-unanswered", message: "The agent took the message and went idle without an answer.", fix: "Send the message again to go on." };
const CANCELLED: Failure = { code: "agent-cancelled", message: "The agent broke the turn off by itself.", fix: "Send the message again to go on." };

/** Of what ends a turn otherwise than well. */
const BY_REASON: { readonly [R in PromptResponse["stopReason"]]?: Failure } = {
  max_tokens: { code: "output-too-long", message: "The model's answer was longer than it may be.", fix: "Ask for less at once." },
  max_turn_requests: { code: "turn-too-long", message: "The agent asked the model as often as it may in one turn.", fix: "Send a message to go on." },
  refusal: { code: "content-filtered", message: "The model refused to go on." },
};

/** @param hasAnswer whether the agent said or did anything */
export function endOf(answer: PromptResponse, hasAnswer: boolean): TurnEnd {
  const usage = usageOf(answer);
  const failure = BY_REASON[answer.stopReason];
  if (failure) return { outcome: "failed", usage, failure };
  if (answer.stopReason === "cancelled") return { outcome: "interrupted", usage, failure: CANCELLED };
  return hasAnswer ? { outcome: "completed", usage } : { outcome: "interrupted", usage, failure: UNANSWERED };
}

/** Words of `capMessage`, by which the broker's own refusal is known here: the protocol carries no headers. */
const OWN_REFUSAL = /The spending cap "[^"]+" leaves no room for this call/;

const BY_WORDS: readonly (readonly [RegExp, Failure["code"], fix: string])[] = [
  [/\b40[13]\b|unauthori[sz]ed|forbidden|api key/i, "model-unauthorized", "Check the provider's key under Settings, Providers."],
  [/\b402\b|insufficient (?:credits|funds)/i, "model-budget-exhausted", "Raise the cap, or wait until it resets."],
  [/\b429\b|rate.?limit|too many requests|quota/i, "model-rate-limited", "Wait a moment and send the message again."],
  [/\b404\b|model not found/i, "model-not-found", "Choose another model."],
  [/\b413\b|context (?:length|window)|too long/i, "context-too-long", "Start a new session, or send less."],
  [/\b5\d\d\b|overloaded|unavailable/i, "model-unavailable", "The provider is having trouble; send the message again in a moment."],
];

/** The protocol tells of a failed model in words only, so the words decide. */
export function endOfError({ message }: RpcError): TurnEnd {
  if (OWN_REFUSAL.test(message)) return { outcome: "interrupted", failure: OUT_OF_BUDGET };
  const told = message.replace(/^Internal error: /, "");
  const [, code = "agent-error", fix] = BY_WORDS.find(([words]) => words.test(told)) ?? [];
  return { outcome: "failed", failure: { code, message: told === "" ? "The agent failed." : told, ...(fix === undefined ? {} : { fix }) } };
}
