/** Sandboxes that were let go are stopped until their backend says that they are. */
import { sandboxIdOf } from "../sandbox/sandbox-id.ts";
import { clearDeadlines, effect, patch, setDeadline, type Draft } from "./draft.ts";
import type { InputOf } from "./session.inputs.ts";
import { TIMINGS } from "./session.timings.ts";

export function retire(draft: Draft, epoch: number, backend: string): void {
  const others = draft.state.retired.filter((sandbox) => sandbox.epoch !== epoch);
  patch(draft, { retired: [...others, { epoch, backend, stopped: false }], releaseMisses: 0 });
  stop(draft, epoch, backend);
  watchRelease(draft);
}

export function sandboxReleased(draft: Draft, { releasedEpoch }: InputOf<"sandbox-released">): null {
  const { retired } = draft.state;
  if (!retired.some(({ epoch, stopped }) => epoch === releasedEpoch && !stopped)) return null;
  patch(draft, { retired: retired.map((sandbox) => (sandbox.epoch === releasedEpoch ? { ...sandbox, stopped: true } : sandbox)) });
  watchRelease(draft);
  return null;
}

/** The answer to an earlier stop did not come: asked again, ever more rarely. */
export function notReleased(draft: Draft): void {
  for (const { epoch, backend, stopped } of draft.state.retired) if (!stopped) stop(draft, epoch, backend);
  patch(draft, { releaseMisses: draft.state.releaseMisses + 1 });
  watchRelease(draft);
}

/** A start clears all deadlines; what is not stopped yet keeps its own. */
export function watchRelease(draft: Draft): void {
  const { retired, releaseMisses } = draft.state;
  if (retired.every(({ stopped }) => stopped)) return clearDeadlines(draft, "release");
  setDeadline(draft, "release", Math.min(TIMINGS.releaseMs * 2 ** Math.min(releaseMisses, 10), TIMINGS.releaseMaxMs));
}

function stop(draft: Draft, epoch: number, backend: string): void {
  effect(draft, { type: "stop-sandbox", id: sandboxIdOf(draft.state.sessionId, epoch), epoch, backend });
}
