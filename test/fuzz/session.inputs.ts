/** Turns random numbers into session inputs: mostly what could come next, sometimes what should never come. */
import type { PolicyFact, UpMessage } from "@berth/protocol";
import fc from "fast-check";
import type { InputType, SessionInput } from "../../src/core/session/session.inputs.ts";
import type { SessionState } from "../../src/core/session/session.state.ts";
import { ALICE, DEMO } from "../../src/core/session/testing.ts";

/** One random action: what, and three numbers to choose its details with. */
export interface Action {
  readonly what: Exclude<InputType, "session-opened">;
  readonly a: number;
  readonly b: number;
  readonly wild: boolean;
}

const WEIGHTS: Readonly<Record<Action["what"], number>> = {
  "up-received": 30,
  "prompt-received": 10,
  "clock-ticked": 8,
  "link-opened": 8,
  "sandbox-token-minted": 6,
  "sandbox-accepted": 5,
  "link-closed": 4,
  "down-acked": 4,
  "answer-given": 4,
  "heartbeat-received": 3,
  "own-secrets-asked": 3,
  "stop-requested": 3,
  "message-cancelled": 2,
  "message-moved": 2,
  "hibernate-requested": 1,
  "sandbox-released": 2,
  "resume-requested": 2,
  "usage-reported": 2,
  "sandbox-create-failed": 2,
  "sandbox-described": 2,
  "session-restored": 2,
  "session-updated": 1,
  "work-applied": 1,
  "backends-configured": 1,
  "budget-reached": 3,
  "budget-lifted": 2,
  "budget-changed": 1,
  "compute-granted": 3,
  "compute-refused": 2,
  "policy-requested": 1,
  "workspace-used": 1,
  "policy-checked": 1,
  "session-removed": 1,
};

const BOB = { actor: { kind: "user", id: "usr_bob", name: "Bob" }, apiKeyId: null } as const;

export const action: fc.Arbitrary<Action> = fc.record({
  what: fc.oneof(...Object.entries(WEIGHTS).map(([what, weight]) => ({ arbitrary: fc.constant(what as Action["what"]), weight }))),
  a: fc.nat(997),
  b: fc.nat(997),
  wild: fc.nat(14).map((n) => n === 0),
});

function pick<T>(list: readonly T[], n: number): T {
  return list[n % list.length] as T;
}

const STEPS_MS = [0, 0, 0, 1000, 1000, 1000, 5000, 5000, 16_000, 31_000, 46_000, 61_000, 91_000, 601_000, 901_000];
const FAILURE = { code: "broken", message: "It broke." };

function upMessage(state: SessionState, a: number, b: number, wild: boolean): UpMessage {
  const messageId = wild ? `msg_${b % 9}` : (state.current?.messageId ?? "msg_0");
  const requestId = `req_${b % 5}`;
  const part = { id: `prt_${b % 4}`, kind: "text" } as const;
  if (state.lease?.phase === "linked" && a % 3 > 0) return { type: "ready", agent: "opencode", agentVersion: "1" };
  return pick<UpMessage>(
    [
      { type: "accepted", messageId },
      { type: "accepted", messageId },
      { type: "turn-started", messageId },
      { type: "part-started", messageId, part },
      { type: "part-ended", messageId, part: { ...part, text: "text" } },
      { type: "permission-asked", messageId, requestId, tool: "bash", title: "ls", patterns: ["ls"] },
      { type: "question-asked", messageId, requestId, questions: [{ question: "which?", options: [] }] },
      { type: "request-gone", requestId },
      { type: "policy-measured", measurement: { capabilities: [] } },
      { type: "todo", messageId, items: [] },
      { type: "steered", messageId, steerId: pick(state.steering, b)?.message.messageId ?? "msg_0" },
      { type: "steer-refused", messageId, steerId: pick(state.steering, b)?.message.messageId ?? "msg_0" },
      { type: "checkpoint-saved", checkpoint: { id: `chk_${b}`, files: a, bytes: b } },
      { type: "checkpoint-failed", failure: FAILURE },
      { type: "title", title: `title ${b}` },
      { type: "turn-ended", messageId, outcome: pick(["completed", "completed", "failed", "stopped", "interrupted"], b) },
      { type: "turn-ended", messageId, outcome: "completed" },
      { type: "turn-ended", messageId, outcome: "interrupted", failure: { code: "budget-reached", message: "There is no room." } },
      { type: "workspace-ready" },
      ...(b % 7 === 0 ? [{ type: "agent-failed", failure: FAILURE } as const, { type: "workspace-failed", failure: FAILURE } as const] : []),
    ],
    a,
  );
}

const MISMATCH: PolicyFact = { name: "mounts", declared: "none", measured: "/x", by: "kernel", at: "2026-01-01T00:00:00.000Z", verdict: "mismatch", differences: ["/x is mounted."] };
const REACHED = { budget: "org.compute", scope: "org", unit: "compute", limit: 1, spent: 1, reserved: 0, needed: 1 } as const;

/** Brings a sandbox one stage on, so that sequences get past their start. */
function onwards({ lease }: SessionState): Action["what"] | null {
  if (lease === null || lease.phase === "lost" || lease.phase === "failed" || lease.phase === "stopped") return null;
  if (lease.tokenHash === null) return "sandbox-token-minted";
  return lease.linkId === null ? "link-opened" : "up-received";
}

/** @param count how many prompts were made so far, for fresh ids */
export function inputOf(state: SessionState, action: Action, nowMs: number, count: number): SessionInput {
  const { a, b, wild } = action;
  const what = (!wild && b % 3 === 0 && onwards(state)) || action.what;
  const { lease } = state;
  const epoch = wild && b % 2 === 0 ? state.epoch + pick([-1, 1], a) : state.epoch;
  const byPerson = { nowMs, author: a % 5 === 0 ? BOB : ALICE };
  const openPartTexts = { prt_0: "so far" };
  switch (what) {
    case "prompt-received": {
      const held = pick([...state.queue, state.current], b)?.messageId.slice("msg_".length);
      const number = wild && held !== undefined && !held.includes(".") ? Number(held) : count + 1;
      const providers = b % 11 === 0 ? { providers: [DEMO, { ...DEMO, id: `other${b}` }].map((provider) => ({ ...provider, models: [...DEMO.models] })) } : {};
      const delivery = a % 3 === 0 ? ({ delivery: "steer" } as const) : {};
      return { type: what, ...byPerson, prompt: { messageId: `msg_${number}`, runId: `run_${number}`, text: `prompt ${number}`, ...delivery }, ...providers };
    }
    case "message-cancelled":
      return { type: what, ...byPerson, messageId: wild ? "msg_x" : (pick([...state.queue, state.current], a)?.messageId ?? "msg_1") };
    case "message-moved":
      return { type: what, ...byPerson, messageId: pick([...state.queue, state.current], a)?.messageId ?? "msg_1", before: pick([...state.queue, null], b)?.messageId ?? null };
    case "sandbox-released":
      return { type: what, nowMs, releasedEpoch: wild ? b : (pick(state.retired.filter(({ stopped }) => !stopped), a)?.epoch ?? 1) };
    case "answer-given": {
      const request = pick(state.run?.requests ?? state.interrupted?.requests ?? [], a);
      const kind = wild ? pick(["permission", "question"] as const, b) : (request?.kind ?? "permission");
      const answer = kind === "permission" ? ({ kind, reply: "once" } as const) : ({ kind, answers: [["yes"]] } as const);
      return { type: what, ...byPerson, requestId: request?.requestId ?? `req_${b % 5}`, answer: structuredClone(answer) as never };
    }
    case "policy-checked":
      return { type: what, nowMs, epoch, facts: wild ? [MISMATCH] : [{ ...MISMATCH, verdict: "match", differences: [] }], stops: a % 2 === 0, openPartTexts };
    case "workspace-used":
      return { type: what, ...byPerson, acts: b % 2 === 0, dials: a % 2 === 0 };
    case "policy-requested":
    case "stop-requested":
    case "hibernate-requested":
      return { type: what, ...byPerson };
    case "resume-requested":
      return { type: what, ...byPerson, interrupted: pick(["skip", "continue", "retry"], b) };
    case "session-updated":
      return { type: what, ...byPerson, title: `title ${a}`, metadata: { a: `${b}` }, onInterruption: pick(["ask", "continue", "retry", "fail"], b) };
    case "work-applied":
      return { type: what, ...byPerson, branch: "berth/work", commit: "c0ffee", filesChanged: a };
    case "session-removed":
      // Rare, so that most sequences live on.
      return a % 5 === 0 ? { type: what, ...byPerson, openPartTexts } : { type: "stop-requested", ...byPerson };
    case "backends-configured":
      return { type: what, nowMs, backends: pick([["docker", "process"], ["process"], []], a) };
    case "session-restored":
      return { type: what, nowMs, linkId: pick([null, lease?.linkId ?? null, "con_x"], a), openPartTexts };
    case "budget-reached":
      return { type: what, nowMs, runId: wild ? null : (state.run?.runId ?? "run_1"), reached: { ...REACHED, unit: pick(["cost", "compute", "stop"], b) } };
    case "budget-lifted":
    case "budget-changed":
      return { type: what, nowMs };
    case "compute-granted":
      return { type: what, nowMs, epoch, slice: (lease?.compute?.slice ?? 0) + (wild ? 0 : 1), untilMs: (lease?.compute?.untilMs ?? nowMs) + 120_000 };
    case "compute-refused":
      return { type: what, nowMs, epoch, reached: REACHED };
    case "sandbox-token-minted":
      return { type: what, nowMs, epoch, tokenHash: `hash${epoch}` };
    case "sandbox-accepted":
      return { type: what, nowMs, epoch, backend: lease?.backend ?? "docker", isolation: "container" };
    case "sandbox-create-failed":
      return { type: what, nowMs, epoch, backend: lease?.backend ?? "docker", failure: FAILURE, outcome: pick(["not-applied", "applied", "unknown"], a), mayPass: b % 2 === 0 };
    case "sandbox-described":
      return { type: what, nowMs, epoch, phase: pick(["alive", "gone", "unreachable"], a), failure: null, mayPass: a % 2 === 0, openPartTexts };
    case "link-opened": {
      const sent = lease?.link.sent ?? 0;
      const acked = lease?.link.acked ?? 0;
      const received = wild ? a % 4 : acked + (a % (sent - acked + 1));
      return { type: what, nowMs, epoch, linkId: `con_${a}`, versions: wild && b % 5 === 0 ? [99] : pick([[1, 99], [1, 2, 3]], b), received };
    }
    case "link-closed":
      return { type: what, nowMs, epoch, linkId: wild ? "con_old" : (lease?.linkId ?? "con_none") };
    case "down-acked":
      return { type: what, nowMs, epoch, n: a % ((lease?.link.sent ?? 0) + (wild ? 3 : 1)) };
    case "up-received": {
      const next = (lease?.link.received ?? 0) + 1;
      return { type: what, nowMs, epoch, n: wild ? Math.max(1, next + pick([-1, 1], b)) : next, message: upMessage(state, a, b, wild), openPartTexts };
    }
    case "own-secrets-asked":
      return { type: what, nowMs, epoch, ownerId: wild ? BOB.actor.id : ALICE.actor.id };
    case "heartbeat-received":
      return { type: what, nowMs, epoch, running: pick([null, "bash"], a) };
    case "usage-reported": {
      const usage = { inputTokens: a, outputTokens: b, reasoningTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };
      return { type: what, nowMs, runId: state.run?.runId ?? null, usage, costMicros: wild ? null : a };
    }
    case "clock-ticked":
      return { type: what, nowMs: nowMs + pick(STEPS_MS, a), openPartTexts };
  }
}
