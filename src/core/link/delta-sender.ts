/**
 * The runtime's side of deltas: outside the numbering, with their own credit. Text that is not sent yet merges by
 * itself, since only a part's whole text and how far it was sent are kept; past the credit it waits and merges on.
 * After a reconnect the open parts are sent again from their start, and the receiver drops what it has.
 */
import { LIMITS, type Delta } from "@berth/protocol";

export interface SendingPart {
  readonly partId: string;
  /** Everything of the part so far. */
  readonly text: string;
  /** UTF-16 units of it that were sent on this link. */
  readonly sentUnits: number;
}

export interface DeltaSender {
  readonly parts: readonly SendingPart[];
  /** UTF-16 units sent since the link opened, and those the session said it has. */
  readonly sentUnits: number;
  readonly ackedUnits: number;
}

export function createDeltaSender(): DeltaSender {
  return { parts: [], sentUnits: 0, ackedUnits: 0 };
}

/** A reconnect: credit is whole again and open parts start over. */
export function linkOpened(sender: DeltaSender): DeltaSender {
  return { parts: sender.parts.map((part) => ({ ...part, sentUnits: 0 })), sentUnits: 0, ackedUnits: 0 };
}

/** Text of the agent. A piece that overlaps what is known replaces it from its offset; one past the end is dropped. */
export function addDelta(sender: DeltaSender, delta: Delta): DeltaSender {
  const known = sender.parts.find((part) => part.partId === delta.partId) ?? { partId: delta.partId, text: "", sentUnits: 0 };
  if (delta.offset > known.text.length) return sender;
  const text = known.text.slice(0, delta.offset) + delta.text;
  const part = { ...known, text, sentUnits: Math.min(known.sentUnits, delta.offset) };
  const isNew = !sender.parts.some((other) => other.partId === delta.partId);
  return { ...sender, parts: isNew ? [...sender.parts, part] : sender.parts.map((other) => (other.partId === part.partId ? part : other)) };
}

/** The part's end is about to be sent as a numbered message with the whole text, which supersedes its deltas. */
export function endPart(sender: DeltaSender, partId: string): DeltaSender {
  return { ...sender, parts: sender.parts.filter((part) => part.partId !== partId) };
}

/** A `delta-ack`: units received since the link opened. */
export function creditReturned(sender: DeltaSender, units: number): DeltaSender {
  return { ...sender, ackedUnits: Math.min(sender.sentUnits, Math.max(sender.ackedUnits, units)) };
}

export function creditLeft(sender: DeltaSender, creditUnits: number = LIMITS.linkDeltaCreditUnits): number {
  return creditUnits - (sender.sentUnits - sender.ackedUnits);
}

/** Takes what may be sent now, one merged delta per part, in the order in which the parts began. */
export function takeDeltas(
  sender: DeltaSender,
  creditUnits: number = LIMITS.linkDeltaCreditUnits,
): { readonly sender: DeltaSender; readonly deltas: readonly Delta[] } {
  let left = creditLeft(sender, creditUnits);
  let sentUnits = sender.sentUnits;
  const deltas: Delta[] = [];
  const parts = sender.parts.map((part) => {
    const end = wholeCharacters(part.text, Math.min(part.text.length, part.sentUnits + left));
    if (end <= part.sentUnits) return part;
    const text = part.text.slice(part.sentUnits, end);
    deltas.push({ partId: part.partId, offset: part.sentUnits, text });
    left -= text.length;
    sentUnits += text.length;
    return { ...part, sentUnits: end };
  });
  return deltas.length === 0 ? { sender, deltas } : { sender: { ...sender, parts, sentUnits }, deltas };
}

/** Steps back from the middle of a surrogate pair, so that every delta is well-formed text. */
function wholeCharacters(text: string, end: number): number {
  const last = end > 0 && end < text.length ? text.charCodeAt(end - 1) : 0;
  return last >= 0xd800 && last <= 0xdbff ? end - 1 : end;
}
