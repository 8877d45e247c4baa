/** Somebody acts in the session's sandbox itself: by a terminal, or on its files. */
import { LINK_SINCE } from "@berth/protocol";
import { isAlive } from "../sandbox/lease.ts";
import { effect, refuse, setDeadline, touch, type Draft } from "./draft.ts";
import { whyNotEnter } from "./own-model.ts";
import { whyNotInside } from "./own-secrets.ts";
import type { Refusal } from "./session.effects.ts";
import type { InputOf } from "./session.inputs.ts";
import { TIMINGS } from "./session.timings.ts";
import { hear } from "./sole-author.ts";

export function workspaceUsed(draft: Draft, { author, acts, dials }: InputOf<"workspace-used">): Refusal | null {
  const { lease, deadlines } = draft.state;
  if (!isAlive(lease) || lease.phase !== "ready" || lease.linkId === null) {
    return refuse("conflict", "There is no sandbox to open now.", { fix: "Resume the session, and try again when it is idle or running." });
  }
  if ((lease.linkVersion ?? 1) < LINK_SINCE.tunnel) {
    return refuse("conflict", "The runtime in this sandbox is older than its control plane, and opens nothing.", { fix: "Put the session to sleep and wake it." });
  }
  // What the agent reads of a person's own lies in the sandbox for whoever looks there, too.
  const barred = (acts ? whyNotEnter(draft.state, author.actor) : null) ?? whyNotInside(draft.state, author.actor);
  if (barred) return barred;
  if (acts) hear(draft, author.actor);
  touch(draft);
  // Somebody is at work in it, whatever the agent does.
  if (deadlines.hibernate !== undefined) setDeadline(draft, "hibernate", TIMINGS.hibernateMs);
  if (dials) effect(draft, { type: "send-frame", linkId: lease.linkId, frame: { type: "open-tunnel" } });
  return null;
}
