/** Whose doing a session's use of models and sandboxes is. */
import type { InputAuthor } from "./session.inputs.ts";
import type { SessionState } from "./session.state.ts";

/**
 * Whose caps it counts against: the person who asked for what runs or steered it last, by whatever sign-in, key or token they
 * came; for a service account's key that account. Where nobody is known behind it, who made the session. Between runs the last
 * one's, which may have left running what is used then. Null where nobody is known at all.
 */
export function countedFor({ run, createdByUserId, lastUserId }: Pick<SessionState, "run" | "createdByUserId" | "lastUserId">): string | null {
  return run === null ? lastUserId : (run.userId ?? createdByUserId);
}

/** The person or service account that an author acts for. */
export function behind({ actor, userId = "" }: Pick<InputAuthor, "actor" | "userId">): string | null {
  if (userId !== "") return userId;
  return actor.kind === "user" ? actor.id : null;
}
