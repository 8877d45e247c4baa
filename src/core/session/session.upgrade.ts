/** States that older versions stored, read as today's. */
import { behind } from "./counted-for.ts";
import type { QueuedMessage, SessionState } from "./session.state.ts";
import { STATE_VERSION } from "./session.state.ts";

/** @param stored JSON text */
export function readState(stored: string): SessionState {
  const state = JSON.parse(stored) as SessionState;
  const version: number = state.version;
  if (version >= STATE_VERSION) return state;
  if (version === 4) return fromFourth(state);
  if (version === 3) return fromFourth(fromThird(state));
  return fromFourth(fromThird(fromSecond(version === 1 ? fromFirst(state) : state)));
}

/** Version 4 did not know who had a say in the session: that counts as several. */
function fromFourth(old: SessionState): SessionState {
  return { ...old, version: STATE_VERSION, heard: "several", lastUserId: old.createdByUserId };
}

/** Version 3 did not know who is behind a key. */
function fromThird(old: SessionState): SessionState {
  const message = (known: QueuedMessage): QueuedMessage => ({
    ...known,
    userId: behind({ actor: known.author }),
  });
  return {
    ...old,
    createdByUserId: behind({ actor: old.createdBy }),
    queue: old.queue.map(message),
    current: old.current && message(old.current),
    run: old.run && { ...old.run, userId: behind({ actor: old.run.author }) },
    steering: old.steering.map((steer) => ({ ...steer, message: message(steer.message) })),
    interrupted: old.interrupted && { ...old.interrupted, message: message(old.interrupted.message) },
  };
}

/** Version 2 knew no caps that a session waits for, and paid for no sandbox's time. */
function fromSecond(old: SessionState): SessionState {
  return {
    ...old,
    pause: null,
    lease: old.lease && { ...old.lease, compute: null },
    interrupted: old.interrupted && { ...old.interrupted, byBudget: false },
  };
}

/** Version 1 knew no policy for interruptions, no checkpoints, no steering and no hibernation. */
function fromFirst(old: SessionState): SessionState {
  const message = (known: QueuedMessage): QueuedMessage => ({ ...known, delivery: "queue", order: 0, followUp: null });
  const wasCutOff = old.status === "waiting" && old.run === null;
  return {
    ...old,
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
