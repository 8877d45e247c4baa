/** What goes down the link: numbered and held in the lease, sent when there is a socket to send it on. */
import type { DownMessage } from "@berth/protocol";
import { enqueue, type Numbered } from "../link/link-end.ts";
import type { HeldDown, Lease } from "../sandbox/lease.ts";
import { workBranchOf } from "../git/branch-prefix.ts";
import { invariant } from "../kernel/assert.ts";
import { effect, patch, type Draft } from "./draft.ts";
import type { SessionState } from "./session.state.ts";

/**
 * The message as it travels. A prompt that is not the current one any more has ended, so the runtime had it; should it
 * ask for it all the same, an interrupt takes the number. Likewise for a message that steered a turn.
 */
function travelling(state: SessionState, held: HeldDown): DownMessage {
  if (held.type === "steer") {
    const steer = state.steering.find(({ message }) => message.messageId === held.steerId);
    return steer ? { ...held, text: steer.message.text } : { type: "interrupt", messageId: held.messageId };
  }
  if (held.type !== "prompt") return held;
  const { current } = state;
  if (current?.messageId !== held.messageId) return { type: "interrupt", messageId: held.messageId };
  return { type: "prompt", messageId: current.messageId, text: current.text, model: current.model };
}

export function sendHeld(draft: Draft, lease: Lease, { n, body }: Numbered<HeldDown>): void {
  if (lease.linkId === null) return;
  effect(draft, { type: "send-frame", linkId: lease.linkId, frame: { type: "down", n, body: travelling(draft.state, body) } });
}

export function sendDown(draft: Draft, body: HeldDown): void {
  const { lease } = draft.state;
  invariant(lease, "there is no sandbox to send to");
  const { end, numbered } = enqueue(lease.link, body);
  patch(draft, { lease: { ...lease, link: end } });
  sendHeld(draft, lease, numbered);
}

/** Puts the settings in the down queue if this sandbox does not have the newest; they take effect in order. */
export function sendSettings(draft: Draft): void {
  const { lease, settings, checkpoint, workspace, environment, agent, sessionId } = draft.state;
  if (lease === null || lease.configRevision === settings.revision) return;
  const restore = lease.configRevision === 0 && checkpoint !== null ? { restore: { checkpoint: checkpoint.id } } : {};
  patch(draft, { lease: { ...lease, configRevision: settings.revision } });
  sendDown(draft, {
    type: "configure",
    providers: settings.providers.map(({ ownerId: _, hasStandIn: _also, ...told }) => told),
    permissions: settings.permissions,
    ...(settings.gitIdentity === null ? {} : { git: settings.gitIdentity }),
    ...(workspace.kind === "repo" ? { repo: { url: workspace.url, branch: workBranchOf(sessionId), ...(workspace.ref === undefined ? {} : { ref: workspace.ref }) } } : {}),
    ...(agent ? { agent } : {}),
    ...(environment ? { environment: { id: environment.id } } : {}),
    ...restore,
  });
}
