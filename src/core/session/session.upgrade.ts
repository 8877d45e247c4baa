/** States that older versions stored, read as today's. */
import type { QueuedMessage, SessionState } from "./session.state.ts";
import { STATE_VERSION } from "./session.state.ts";

/** @param stored JSON text */
export function readState(stored: string): SessionState {
  const state = JSON.parse(stored) as SessionState;
  const version: number = state.version;
  return version >= STATE_VERSION ? state : fromFirst(state);
}

/** Version 1 knew no policy for interruptions, no checkpoints, no steering and no hibernation. */
function fromFirst(old: SessionState): SessionState {
  const message = (known: QueuedMessage): QueuedMessage => ({ ...known, delivery: "queue", order: 0, followUp: null });
  const wasCutOff = old.status === "waiting" && old.run === null;
  return {
    ...old,
    version: STATE_VERSION,
    // What was interrupted is not in an old state, so there is nothing to go on with.
    ...(wasCutOff ? { status: "idle", waitingFor: null } : {}),
    onInterruption: "ask",
    start: old.start && { ...old.start, again: [], rounds: 0, silences: 0 },
    retired: old.retired.map((sandbox) => ({ ...sandbox, stopped: true })),
    releaseMisses: 0,
    checkpoint: null,
    queue: old.queue.map(message),
    current: old.current && message(old.current),
    run: old.run && { ...old.run, requests: old.run.requests.map((request) => ({ ...request, summary: "", tool: null, patterns: [] })) },
    steering: [],
    interrupted: null,
    endedRuns: [],
    deadlines: old.status === "idle" && old.lease?.phase === "ready" ? { ...old.deadlines, hibernate: old.lastActiveAtMs } : old.deadlines,
  };
}
