/**
 * What a person keeps for themselves and lets the agent read is in the environment of one sandbox. Nobody else's word reaches the agent
 * in it: that could have it said. A message of another is given to the next sandbox, which does not have it.
 */
import type { Actor } from "@berth/protocol";
import { isAlive } from "../sandbox/lease.ts";
import { sendDown } from "./down.ts";
import { clearDeadlines, patch, refuse, setDeadline, type Draft } from "./draft.ts";
import type { Refusal } from "./session.effects.ts";
import type { InputOf } from "./session.inputs.ts";
import type { SessionState } from "./session.state.ts";
import { TIMINGS } from "./session.timings.ts";
import { isHeardAlone } from "./sole-author.ts";

type Held = Pick<SessionState, "ownSecrets" | "lease">;

/** Whose own the sandbox has; null where it has nobody's. */
export function heldFor({ ownSecrets, lease }: Held): string | null {
  return ownSecrets && isAlive(lease) && lease.epoch === ownSecrets.epoch ? ownSecrets.ownerId : null;
}

/** Whether nobody else had a say in the session, or waits to have one. */
export function isTheirsAlone({ heard, queue, steering }: Pick<SessionState, "heard" | "queue" | "steering">, ownerId: string): boolean {
  return isHeardAlone(heard, ownerId) && [...queue, ...steering.map(({ message }) => message)].every(({ author }) => author.id === ownerId);
}

/** The sandbox asks for them, as it does before each start of the agent. Taken before it gets any. */
export function ownSecretsAsked(draft: Draft, { epoch, ownerId }: InputOf<"own-secrets-asked">): Refusal | null {
  if (!isTheirsAlone(draft.state, ownerId)) return refuse("conflict", "Somebody else has a say in this session.");
  if (heldFor(draft.state) !== ownerId) patch(draft, { ownSecrets: { epoch, ownerId } });
  return null;
}

/** Whether that message must not be given to the sandbox that is there. */
export function isForAnother(state: Held & Pick<SessionState, "heard">, author: Actor): boolean {
  const ownerId = heldFor(state);
  return ownerId !== null && (author.id !== ownerId || !isHeardAlone(state.heard, ownerId));
}

/** Why they have no say in the running turn; null where they may. */
export function whyNotHeard(state: Held & Pick<SessionState, "heard">, author: Actor): Refusal | null {
  if (!isForAnother(state, author)) return null;
  return refuse("conflict", "The agent can read what somebody keeps for themselves, so nobody else has a say in this turn.", {
    fix: "Leave it to them, or send a message: it goes to a sandbox without those secrets once this turn is over.",
  });
}

/** Why they may not act in the sandbox itself, where all that its agent can read is to be had; null where they may. */
export function whyNotInside(state: Held & Pick<SessionState, "heard">, author: Actor): Refusal | null {
  if (!isForAnother(state, author)) return null;
  return refuse("conflict", "This sandbox has what somebody keeps for themselves, so nobody else acts in it.", { fix: "Send a message: it goes to a sandbox without those secrets, and that one opens for you." });
}

/** What the sandbox did last is kept first. It is replaced once that is saved, or cannot be. */
export function saveForAnother(draft: Draft): void {
  if (draft.state.deadlines.save !== undefined) return;
  clearDeadlines(draft, "hibernate");
  sendDown(draft, { type: "checkpoint" });
  setDeadline(draft, "save", TIMINGS.saveMs);
}
