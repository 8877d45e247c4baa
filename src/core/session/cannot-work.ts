/** What ends a session's sandbox for good: another one of the same kind would not help, so a person must. */
import type { Failure } from "@berth/protocol";
import { failSession, type Draft } from "./draft.ts";
import { releaseLease } from "./start.ts";
import { endRun } from "./turn.ts";

export function cannotWork(draft: Draft, failure: Failure): void {
  if (draft.state.run !== null) endRun(draft, { outcome: "failed", failure });
  releaseLease(draft, "failed", failure);
  failSession(draft, failure);
}
