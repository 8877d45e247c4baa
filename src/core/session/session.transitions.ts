/**
 * The transition table: which input a session takes in which status, and the statuses it may be in afterwards. The
 * machine refuses what has no row and asserts the rest after every step; the chart in docs/design/session.md is drawn
 * from it.
 */
import type { SessionStatus } from "@berth/protocol";
import type { InputType } from "./session.inputs.ts";

/** `none` before the session is opened. */
export type From = "none" | SessionStatus;

/** Taken in every status but `none` and `ended` without leaving it. */
const ANYWHERE = [
  "session-updated",
  "work-applied",
  "backends-configured",
  "message-cancelled",
  "message-moved",
  "answer-given",
  "stop-requested",
  "usage-reported",
  "sandbox-released",
  "budget-changed",
  "policy-requested",
  "workspace-used",
] as const satisfies readonly InputType[];

/** Taken from the current sandbox without leaving the status. */
const FROM_SANDBOX = ["sandbox-accepted", "link-closed", "down-acked", "heartbeat-received", "compute-granted", "own-secrets-asked"] as const satisfies readonly InputType[];

type Row = Readonly<Partial<Record<InputType, readonly SessionStatus[]>>>;

function row(status: SessionStatus, staying: readonly InputType[], moves: Row): Row {
  return { ...Object.fromEntries(staying.map((input) => [input, [status]])), "session-removed": ["ended"], ...moves };
}

export const TRANSITIONS: Readonly<Record<From, Row>> = {
  none: { "session-opened": ["starting", "failed"] },
  starting: row("starting", [...ANYWHERE, ...FROM_SANDBOX], {
    "prompt-received": ["starting"],
    "resume-requested": ["starting"],
    "session-restored": ["starting", "failed"],
    "compute-refused": ["waiting"],
    "sandbox-token-minted": ["starting"],
    "sandbox-create-failed": ["starting", "failed"],
    "sandbox-described": ["starting", "failed"],
    "link-opened": ["starting", "failed"],
    "up-received": ["starting", "idle", "running", "failed"],
    "policy-checked": ["starting", "failed"],
    "clock-ticked": ["starting", "failed"],
  }),
  idle: row("idle", [...ANYWHERE, ...FROM_SANDBOX], {
    "prompt-received": ["running", "idle", "starting", "failed"],
    "resume-requested": ["idle", "starting", "failed"],
    "hibernate-requested": ["idle", "hibernated"],
    "compute-refused": ["idle"],
    "session-restored": ["idle"],
    "sandbox-described": ["idle", "starting", "failed"],
    "link-opened": ["idle", "running", "starting", "failed"],
    "up-received": ["idle", "running", "starting", "hibernated", "failed"],
    "policy-checked": ["idle", "failed"],
    "clock-ticked": ["idle", "starting", "failed"],
  }),
  running: row("running", [...ANYWHERE, ...FROM_SANDBOX], {
    "prompt-received": ["running"],
    "resume-requested": ["running"],
    "budget-reached": ["waiting"],
    "compute-refused": ["waiting"],
    "session-restored": ["running"],
    "sandbox-described": ["running", "waiting", "idle", "starting", "failed"],
    "link-opened": ["running", "waiting", "idle", "starting", "failed"],
    "up-received": ["running", "waiting", "idle", "starting", "failed"],
    "policy-checked": ["running", "failed"],
    "clock-ticked": ["running", "waiting", "idle", "starting", "failed"],
  }),
  waiting: row("waiting", [...ANYWHERE, ...FROM_SANDBOX], {
    "prompt-received": ["waiting", "running", "idle", "starting", "failed"],
    "answer-given": ["waiting", "running", "idle", "starting", "failed"],
    "hibernate-requested": ["waiting"],
    "budget-reached": ["waiting"],
    "budget-lifted": ["waiting", "running", "idle", "starting", "failed"],
    "compute-granted": ["waiting", "running"],
    "compute-refused": ["waiting"],
    "stop-requested": ["waiting", "running", "idle", "starting", "failed"],
    "resume-requested": ["waiting", "running", "idle", "starting", "failed"],
    "session-restored": ["waiting"],
    "sandbox-described": ["waiting", "idle", "starting", "failed"],
    "link-opened": ["waiting", "idle", "starting", "failed"],
    "up-received": ["waiting", "running", "idle", "starting", "failed"],
    "policy-checked": ["waiting", "failed"],
    "clock-ticked": ["waiting", "idle", "starting", "failed"],
  }),
  hibernated: row("hibernated", ANYWHERE, {
    "prompt-received": ["starting", "failed"],
    "resume-requested": ["starting", "failed"],
    "hibernate-requested": ["hibernated"],
    "session-restored": ["hibernated"],
    "clock-ticked": ["hibernated"],
  }),
  failed: row("failed", ANYWHERE, {
    "answer-given": ["failed", "waiting", "starting"],
    "stop-requested": ["failed", "idle", "starting"],
    "prompt-received": ["starting", "failed"],
    "resume-requested": ["starting", "failed"],
    "session-restored": ["failed"],
    "clock-ticked": ["failed"],
  }),
  ended: { "session-restored": ["ended"], "sandbox-released": ["ended"], "clock-ticked": ["ended"] },
};

/** Null when the input has no place in this status. */
export function nextStatuses(from: From, input: InputType): readonly SessionStatus[] | null {
  return TRANSITIONS[from][input] ?? null;
}
