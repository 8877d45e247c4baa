/**
 * What the runtime says, each number once. A message about a turn that is over changes nothing but the number: refusing it
 * would make the runtime send it for ever.
 */
import { CLOSE_CODES, type Failure, type UpMessage } from "@berth/protocol";
import { arrivalOf, received } from "../link/link-end.ts";
import { unreachable } from "../kernel/assert.ts";
import { cannotWork } from "./cannot-work.ts";
import { clearDeadlines, effect, emit, patch, refuse, type Draft } from "./draft.ts";
import { environmentMissing, setupEnded, setupPrinted, setupStarted } from "./environment.ts";
import { checkpointFailed, checkpointSaved, workspaceRestored } from "./hibernate.ts";
import { afterRun } from "./interrupted.ts";
import { currentLease, emitPhase } from "./lease.ts";
import { advance } from "./queue.ts";
import { measuredInside } from "./policy.ts";
import { requestAsked, requestGone } from "./requests.ts";
import type { Refusal } from "./session.effects.ts";
import type { InputOf } from "./session.inputs.ts";
import { titleSuggested } from "./settings.ts";
import { attemptFailed } from "./start.ts";
import { steerRefused, steerTaken } from "./steering.ts";
import { accept, endRun, ofRun } from "./turn.ts";
import { watchRun } from "./watch.ts";

export function upReceived(draft: Draft, { n, message }: InputOf<"up-received">): Refusal | null {
  const lease = currentLease(draft);
  const { linkId } = lease;
  if (linkId === null) return refuse("conflict", "The link is closed, or did not begin with a hello.", { closeCode: CLOSE_CODES.badRequest });
  const arrival = arrivalOf(lease.link, n);
  if (arrival === "gap") {
    return refuse("bad-request", `Message ${n} came after ${lease.link.received}.`, { closeCode: CLOSE_CODES.badRequest });
  }
  effect(draft, { type: "send-frame", linkId, frame: { type: "ack", n: Math.max(n, lease.link.received) } });
  if (arrival === "duplicate") return null;
  patch(draft, { lease: { ...lease, link: received(lease.link, n) } });
  if ("messageId" in message) ofTurn(draft, message);
  else ofSandbox(draft, message);
  // A refused message may be the next one now.
  advance(draft);
  return null;
}

type OfTurn = Extract<UpMessage, { messageId: string }>;

function ofTurn(draft: Draft, message: OfTurn): void {
  // The turn may be over: the message that came too late for it is not.
  if (message.type === "steer-refused") return steerRefused(draft, message.steerId);
  if (draft.state.run?.messageId !== message.messageId) return;
  accept(draft);
  watchRun(draft);
  const { run } = draft.state;
  switch (message.type) {
    case "accepted":
    case "turn-started":
      return;
    case "part-started": {
      const { id, kind, tool } = message.part;
      if (run.openParts.some((part) => part.id === id)) return;
      const open = { id, kind, tool: tool ? { name: tool.name, callId: tool.callId } : null };
      patch(draft, { run: { ...run, openParts: [...run.openParts, open] } });
      return emit(draft, { type: "part.started", data: { part: message.part }, ...ofRun(run) });
    }
    case "part-ended":
      patch(draft, { run: { ...run, openParts: run.openParts.filter((part) => part.id !== message.part.id) } });
      return emit(draft, { type: "part.ended", data: { part: message.part }, ...ofRun(run) });
    case "permission-asked":
    case "question-asked":
      return requestAsked(draft, message);
    case "steered":
      return steerTaken(draft, message.steerId);
    case "secrets-masked":
      return emit(draft, { type: "secrets.masked", data: { secrets: message.secrets }, ...ofRun(run) });
    case "todo":
      return emit(draft, { type: "todo.updated", data: { items: message.items }, ...ofRun(run) });
    case "turn-ended": {
      const { outcome, usage, failure } = message;
      return afterRun(draft, endRun(draft, { outcome, agentUsage: usage ?? null, failure: failure ?? null }));
    }
    default:
      return unreachable(message);
  }
}

/** Failures of a work folder that another try in a moment may not meet: what was saved could not be fetched just now. */
const MAY_PASS: readonly string[] = ["checkpoint-store-unreachable"];

function ofSandbox(draft: Draft, message: Exclude<UpMessage, OfTurn>): void {
  switch (message.type) {
    case "ready":
      return becomeReady(draft, message);
    case "workspace-ready": {
      const { branch, base } = message;
      // Later sandboxes tell where the work has come to.
      if (draft.state.base === undefined) patch(draft, { base: base ?? null });
      return emit(draft, { type: "workspace.status", data: { phase: "ready", ...(branch ? { branch } : {}), ...(base ? { base } : {}) } });
    }
    case "workspace-failed":
      emit(draft, { type: "workspace.status", data: { phase: "failed", failure: message.failure } });
      if (draft.state.status === "starting" && MAY_PASS.includes(message.failure.code)) return attemptFailed(draft, message.failure, true, true);
      return cannotWork(draft, message.failure);
    case "agent-failed":
      if (draft.state.status === "starting") return attemptFailed(draft, message.failure, true);
      return cannotWork(draft, message.failure);
    case "request-gone":
      return requestGone(draft, message.requestId);
    case "title":
      return titleSuggested(draft, message.title);
    case "checkpoint-saved":
      return checkpointSaved(draft, message.checkpoint, message.asked ?? true);
    case "checkpoint-failed":
      return checkpointFailed(draft, message.failure, message.asked ?? true);
    case "environment-missing":
      return environmentMissing(draft);
    case "setup-started":
      return setupStarted(draft);
    case "setup-output":
      return setupPrinted(draft, message.text);
    case "setup-ended":
      return setupEnded(draft, message.failure ?? null);
    case "workspace-restored":
      return workspaceRestored(draft, message.checkpoint);
    case "policy-measured":
      return measuredInside(draft, message.measurement);
    default:
      return unreachable(message);
  }
}

const OTHER_AGENT: Failure = {
  code: "agent-not-there",
  message: "The sandbox's runtime does not know the agent of this session.",
  fix: "Bring the image of sandboxes up to date with `npm run image`, then resume the session.",
};

/** Said once per sandbox; an agent that was restarted inside it is not a new start. */
function becomeReady(draft: Draft, { kind, cannot }: Extract<UpMessage, { type: "ready" }>): void {
  const lease = currentLease(draft);
  if (lease.phase === "ready") return;
  if ((kind ?? "opencode") !== (draft.state.agent ?? "opencode")) return attemptFailed(draft, OTHER_AGENT, true);
  patch(draft, { lease: { ...lease, phase: "ready" }, status: "idle", start: null, ...(cannot && { agentCannot: cannot }) });
  clearDeadlines(draft, "start", "attempt");
  emitPhase(draft);
  advance(draft);
}

/** Says that the sandbox is alive, and what is running there; a tool that prints nothing for long is not idle. */
export function heartbeatReceived(draft: Draft, { running }: InputOf<"heartbeat-received">): null {
  const { deadlines } = draft.state;
  const idleAtMs = deadlines.idle;
  watchRun(draft);
  if (running === null && idleAtMs !== undefined) patch(draft, { deadlines: { ...draft.state.deadlines, idle: idleAtMs } });
  return null;
}
