/** Sandboxes that were let go are stopped until their backend says that they are. */
import { sandboxIdOf } from "../sandbox/sandbox-id.ts";
import { clearDeadlines, effect, patch, setDeadline, type Draft } from "./draft.ts";
import type { InputOf } from "./session.inputs.ts";
import { TIMINGS } from "./session.timings.ts";

export function retire(draft: Draft, epoch: number, backend: string): void {
  const others = draft.state.retired.filter((sandbox) => sandbox.epoch !== epoch);
  patch(draft, { retired: [...others, { epoch, backend, stopped: false }], releaseMisses: 0 });
  if (draft.state.status === "ended") return destroyRetired(draft);
  stop(draft, epoch, backend);
  watchRelease(draft);
}

export function sandboxReleased(draft: Draft, { releasedEpoch, unknown }: InputOf<"sandbox-released">): null {
  const { retired, status } = draft.state;
  if (!retired.some(({ epoch, stopped }) => epoch === releasedEpoch && !stopped)) return null;
  // What was never made, or was taken over by a newer one, leaves nothing to destroy.
  const rest = unknown ? retired.filter(({ epoch }) => epoch !== releasedEpoch) : retired;
  patch(draft, { retired: rest.map((sandbox) => (sandbox.epoch === releasedEpoch ? { ...sandbox, stopped: true } : sandbox)) });
  watchRelease(draft);
  if (status === "ended") forgetWhenGone(draft);
  else forgetOldest(draft);
  return null;
}

/** Stopped ones are kept for their destruction, the newest of each backend; older ones are its own reaper's. */
const STOPPED_KEPT = 20;

function forgetOldest(draft: Draft): void {
  const { retired } = draft.state;
  const newer = new Map<string, number>();
  const kept = retired.toReversed().filter(({ backend, stopped }) => {
    const count = newer.get(backend) ?? 0;
    newer.set(backend, count + 1);
    return !stopped || count < STOPPED_KEPT;
  });
  if (kept.length < retired.length) patch(draft, { retired: kept.toReversed() });
}

/** The answer to an earlier request did not come: asked again, ever more rarely. */
export function notReleased(draft: Draft): void {
  const { status, releaseMisses } = draft.state;
  patch(draft, { releaseMisses: releaseMisses + 1 });
  if (status === "ended") return releaseMisses < MISSES_MAX ? destroyRetired(draft) : effect(draft, { type: "forget-session" });
  for (const { epoch, backend, stopped } of draft.state.retired) if (!stopped) stop(draft, epoch, backend);
  watchRelease(draft);
}

/** The session was removed: its files go, and when the last are gone it is forgotten. */
export function destroyRetired(draft: Draft): void {
  const { sessionId, retired } = draft.state;
  for (const { epoch, backend, stopped } of retired) {
    if (!stopped) effect(draft, { type: "destroy-sandbox", id: sandboxIdOf(sessionId, epoch), epoch, backend });
  }
  watchRelease(draft);
  forgetWhenGone(draft);
}

/** A day of a backend that does not answer: its own reaper must do it. */
const MISSES_MAX = 24;

export function forgetWhenGone(draft: Draft): void {
  if (draft.state.retired.every(({ stopped }) => stopped)) effect(draft, { type: "forget-session" });
}

function watchRelease(draft: Draft): void {
  const { retired, releaseMisses } = draft.state;
  if (retired.every(({ stopped }) => stopped)) return clearDeadlines(draft, "release");
  setDeadline(draft, "release", Math.min(TIMINGS.releaseMs * 2 ** Math.min(releaseMisses, 10), TIMINGS.releaseMaxMs));
}

function stop(draft: Draft, epoch: number, backend: string): void {
  effect(draft, { type: "stop-sandbox", id: sandboxIdOf(draft.state.sessionId, epoch), epoch, backend });
}
