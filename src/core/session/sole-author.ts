/**
 * Whose words alone a session went by: the actor whose messages the agent was given, who steered it, answered what it asked and
 * told it to go on. What is a person's own is used for them alone. A turn can leave a program running, a hook in the work folder
 * or a note to the agent, so whoever once had a say may have one in every turn after.
 */
import type { Actor } from "@berth/protocol";
import type { ActiveRun } from "../run/run.ts";
import { patch, type Draft } from "./draft.ts";

/** Nobody before the first word, and several for ever from the first word of another on. */
export type Heard = "nobody" | "several" | { readonly actorId: string };

/** Somebody has a say from now on. */
export function hear(draft: Draft, { id }: Actor): void {
  const { heard } = draft.state;
  if (heard === "nobody") patch(draft, { heard: { actorId: id } });
  else if (!isHeardAlone(heard, id)) patch(draft, { heard: "several" });
}

/** Whether nobody else ever had a say. */
export function isHeardAlone(heard: Heard, actorId: string): boolean {
  return heard !== "several" && (heard === "nobody" || heard.actorId === actorId);
}

/** The person for whom alone something runs; null between runs, and where a key or a program of the session's asked. */
export function soleUserOf({ run, heard }: { readonly run: Pick<ActiveRun, "author"> | null; readonly heard: Heard }): string | null {
  return run !== null && run.author.kind === "user" && isHeardAlone(heard, run.author.id) ? run.author.id : null;
}
