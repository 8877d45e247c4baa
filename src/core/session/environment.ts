/** What becomes of the session's environment, and of its setup script. */
import type { Failure } from "@berth/protocol";
import { isAlive } from "../sandbox/lease.ts";
import { emit, patch, type Draft } from "./draft.ts";

/** It was removed since: what it would have given is lost, which is no reason not to work. */
export function environmentMissing(draft: Draft): void {
  const { environment } = draft.state;
  if (!environment) return;
  patch(draft, { environment: null });
  const message = `The environment ${environment.name} was removed. The session goes on without its variables, its secrets and its setup script.`;
  emit(draft, { type: "environment.status", data: { environment, phase: "removed", failure: { code: "environment-removed", message, fix: "Begin a new session in another environment where they are needed." } } });
}

/** Again where the runtime was restarted under it. */
export function setupStarted(draft: Draft): void {
  const { environment, epoch } = draft.state;
  if (!environment) return;
  patch(draft, { setup: { epoch } });
  emit(draft, { type: "environment.status", data: { environment, phase: "setting-up" } });
}

export function setupPrinted(draft: Draft, text: string): void {
  if (draft.state.setup) emit(draft, { type: "environment.output", data: { text } });
}

/** The session goes on, whatever became of it. */
export function setupEnded(draft: Draft, failure: Failure | null): void {
  const { environment, setup } = draft.state;
  if (!setup || !environment) return;
  patch(draft, { setup: null });
  emit(draft, { type: "environment.status", data: { environment, ...(failure === null ? { phase: "ready" } : { phase: "failed", failure }) } });
}

const CUT: Failure = {
  code: "setup-cut",
  message: "The sandbox ended before the setup script did.",
  fix: "A sandbox that begins anew runs it again; one that goes on from saved work does not, and has what was done.",
};

/** A script ends with its sandbox, which then can say nothing. */
export function watchSetup(draft: Draft): void {
  const { setup, lease } = draft.state;
  if (setup && !(isAlive(lease) && lease.epoch === setup.epoch)) setupEnded(draft, CUT);
}
