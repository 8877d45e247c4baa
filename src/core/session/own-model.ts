/** Models that only a person's own key stands behind: nobody else's words are taken where they would spend it or end the run. */
import type { Actor } from "@berth/protocol";
import { refuse } from "./draft.ts";
import type { Refusal } from "./session.effects.ts";
import type { SessionState } from "./session.state.ts";
import { isHeardAlone } from "./sole-author.ts";

type Asked = Pick<SessionState, "settings" | "heard">;

/** Why a turn on that model, asked for by them, would get no call through; null where it would. */
export function whyNotOn({ settings, heard }: Asked, model: string, author: Actor): Refusal | null {
  const ownerId = soleOwnerOf(settings, model);
  if (ownerId === null) return null;
  if (author.kind !== "user" || author.id !== ownerId) {
    return refuse("conflict", `Behind the model ${model} is a key that somebody keeps for themselves.`, { fix: "Name one of the organization's models." });
  }
  if (isHeardAlone(heard, ownerId)) return null;
  return refuse("conflict", `Your own key, which is behind the model ${model}, is used only in sessions that nobody else has worked in.`, {
    fix: "Name one of the organization's models, or make a session of your own.",
  });
}

/** Why they have no say in the running turn, or in what was cut off of it; null where they may. */
export function whyNotJoin({ settings }: Asked, model: string, author: Actor): Refusal | null {
  const ownerId = soleOwnerOf(settings, model);
  if (ownerId === null || ownerId === author.id) return null;
  return refuse("conflict", `This turn is on ${model}, by a key that somebody keeps for themselves: it would end if anybody else had a say in it.`, {
    fix: "Leave it to them, queue a message with one of the organization's models, or stop the turn.",
  });
}

/** Why they may not act in the sandbox itself, which is a say in every turn after; null where they may. */
export function whyNotEnter({ settings, model }: Asked & Pick<SessionState, "model">, author: Actor): Refusal | null {
  const ownerId = soleOwnerOf(settings, model);
  if (ownerId === null || ownerId === author.id) return null;
  return refuse("conflict", `The session is on ${model}, by a key that somebody keeps for themselves: it would take no message any more if anybody else worked in its sandbox.`, {
    fix: "Leave it to them, or give the session one of the organization's models.",
  });
}

/** Whose own key is behind it, where the organization has none that stands in. */
function soleOwnerOf({ providers }: SessionState["settings"], model: string): string | null {
  const provider = providers.find(({ id }) => model.startsWith(`${id}/`));
  return provider?.ownerId === undefined || provider.hasStandIn === true ? null : provider.ownerId;
}
