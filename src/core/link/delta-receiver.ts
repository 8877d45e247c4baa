/**
 * The session's side of deltas: the text so far of each open part, for those who join in the middle and for ending a part
 * whose sandbox was lost. It lives in memory; after a restart of the session the runtime's reconnect fills it again.
 */
import type { Delta } from "@berth/protocol";

/** Acknowledge when this many units came since the last ack: a quarter of the credit keeps the runtime flowing. */
export const DELTA_ACK_EVERY_UNITS = 16 * 1024;

/** UTF-16 units kept of one part. At most six bytes each in JSON, so that a part whose end never comes can be ended in one row. */
export const PART_UNITS_MAX = 256 * 1024;

export interface DeltaReceiver {
  readonly texts: Readonly<Record<string, string>>;
  /** UTF-16 units received since the link opened. */
  readonly receivedUnits: number;
  readonly ackedUnits: number;
}

export function createDeltaReceiver(): DeltaReceiver {
  return { texts: {}, receivedUnits: 0, ackedUnits: 0 };
}

/** A new link counts from nothing; the texts stay. */
export function linkReopened(receiver: DeltaReceiver): DeltaReceiver {
  return { texts: receiver.texts, receivedUnits: 0, ackedUnits: 0 };
}

/** Answers the part that is new to viewers, or null: text that is known already, past a gap, or past what is kept of a part. */
export function receiveDelta(receiver: DeltaReceiver, delta: Delta): { readonly receiver: DeltaReceiver; readonly fresh: Delta | null } {
  const counted = { ...receiver, receivedUnits: receiver.receivedUnits + delta.text.length };
  const known = receiver.texts[delta.partId] ?? "";
  const skip = known.length - delta.offset;
  if (skip < 0 || skip >= delta.text.length) return { receiver: counted, fresh: null };
  const text = delta.text.slice(skip);
  if (known.length + text.length > PART_UNITS_MAX) return { receiver: counted, fresh: null };
  return {
    receiver: { ...counted, texts: { ...receiver.texts, [delta.partId]: known + text } },
    fresh: { partId: delta.partId, offset: known.length, text },
  };
}

/** Text of a part that is not open: it is not kept and nobody sees it, but the runtime gets its credit back. */
export function dropDelta(receiver: DeltaReceiver, delta: Delta): DeltaReceiver {
  return { ...receiver, receivedUnits: receiver.receivedUnits + delta.text.length };
}

export function forgetPart(receiver: DeltaReceiver, partId: string): DeltaReceiver {
  const { [partId]: _gone, ...texts } = receiver.texts;
  return { ...receiver, texts };
}

/** The `delta-ack` that is due, or null. */
export function dueDeltaAck(receiver: DeltaReceiver): { readonly receiver: DeltaReceiver; readonly units: number } | null {
  if (receiver.receivedUnits - receiver.ackedUnits < DELTA_ACK_EVERY_UNITS) return null;
  return { receiver: { ...receiver, ackedUnits: receiver.receivedUnits }, units: receiver.receivedUnits };
}
