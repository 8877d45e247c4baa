/** The runtime's socket: frames in become inputs of the session. What goes down is sent by the core's `send-frame`. */
import { CLOSE_CODES, LIMITS, UpFrame, type UpMessage } from "@berth/protocol";
import { isPortError } from "../../core/kernel/port-error.ts";
import { shortenTexts } from "../../core/link/shorten.ts";
import type { Refusal } from "../../core/session/session.effects.ts";
import type { SessionActor } from "./session-actor.ts";

export interface LinkConnection {
  readonly linkId: string;
  /** Of the token the socket was opened with. */
  readonly epoch: number;
  send(text: string): void;
  close(code: number, reason: string): void;
}

export function onLinkMessage(actor: SessionActor, link: LinkConnection, text: string): void {
  const parsed = UpFrame.safeParse(parseJson(text));
  if (!parsed.success) {
    link.close(CLOSE_CODES.badRequest, "that frame is not understood");
    return;
  }
  const frame = parsed.data;
  const { epoch, linkId } = link;
  const { nowMs } = actor;
  const hangUpIf = (refusal: Refusal | null): void => {
    if (refusal?.closeCode !== undefined) link.close(refusal.closeCode, refusal.detail.slice(0, 120));
  };
  switch (frame.type) {
    case "hello":
      actor.linkReopened();
      return hangUpIf(
        actor.apply({ type: "link-opened", epoch, linkId, versions: frame.versions, received: frame.received, nowMs, openPartTexts: actor.openPartTexts })
          .refusal,
      );
    case "up":
      return hangUpIf(takeUps(actor, epoch, frame.n, [frame.body]));
    case "ups":
      return hangUpIf(takeUps(actor, epoch, frame.n, frame.bodies));
    case "ack":
      return hangUpIf(actor.apply({ type: "down-acked", epoch, n: frame.n, nowMs }).refusal);
    case "heartbeat":
      return hangUpIf(actor.apply({ type: "heartbeat-received", epoch, running: frame.running ?? null, nowMs }).refusal);
    case "deltas": {
      if (actor.state?.lease?.linkId !== linkId) return;
      const units = actor.takeDeltas(frame.deltas);
      if (units !== null) link.send(JSON.stringify({ type: "delta-ack", units }));
    }
  }
}

/**
 * Together, or one by one when together they cannot be stored: one of them is too large. Refused for its size it would come
 * again for ever, and nothing after it would be taken, so its long texts are cut.
 */
function takeUps(actor: SessionActor, epoch: number, n: number, bodies: readonly UpMessage[]): Refusal | null {
  const take = (from: number, messages: readonly UpMessage[]): Refusal | null => {
    const { nowMs, openPartTexts } = actor;
    return actor.applyAll(messages.map((message, index) => ({ type: "up-received", epoch, n: from + index, message, nowMs, openPartTexts })));
  };
  try {
    return take(n, bodies);
  } catch (error) {
    if (!isPortError(error) || error.port !== "session-store" || error.code !== "invalid-argument") throw error;
    const [only] = bodies;
    if (bodies.length === 1 && only) return take(n, [shortenTexts(only, LIMITS.outputInlineBytesMax)]);
  }
  for (const [index, body] of bodies.entries()) {
    const refusal = takeUps(actor, epoch, n + index, [body]);
    if (refusal !== null) return refusal;
  }
  return null;
}

export function onLinkClosed(actor: SessionActor, link: Pick<LinkConnection, "linkId" | "epoch">): void {
  actor.apply({ type: "link-closed", epoch: link.epoch, linkId: link.linkId, nowMs: actor.nowMs });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
