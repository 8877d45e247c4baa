/**
 * One end of the sandbox link, as plain JSON that its owner persists. Both ends use it: the session for what goes down,
 * the runtime for what goes up.
 *
 * Messages are numbered 1, 2, 3 … per epoch, held until the other end acknowledges them, and sent again after a
 * reconnect; the receiver drops what it has. An end acknowledges only what it has durably committed: advance `received`
 * in the same transaction as the message's effect, then send the ack.
 */
import { invariant } from "../kernel/assert.ts";

export interface Numbered<Body> {
  readonly n: number;
  readonly body: Body;
}

export interface LinkEnd<Body> {
  /** Last number given to a message of ours. */
  readonly sent: number;
  /** Last of them that the other end has committed. */
  readonly acked: number;
  /** What is not acknowledged yet, oldest first: exactly the numbers `acked + 1 … sent`. */
  readonly held: readonly Numbered<Body>[];
  /** Last number of theirs that is committed here. */
  readonly received: number;
}

export function createLinkEnd<Body>(): LinkEnd<Body> {
  return { sent: 0, acked: 0, held: [], received: 0 };
}

/** Numbers a message and holds it. Persist the new end before the message is sent. */
export function enqueue<Body>(end: LinkEnd<Body>, body: Body): { readonly end: LinkEnd<Body>; readonly numbered: Numbered<Body> } {
  const numbered = { n: end.sent + 1, body };
  return { end: { ...end, sent: numbered.n, held: [...end.held, numbered] }, numbered };
}

/** What to do with number `n` of theirs: process a `new` one, acknowledge a `duplicate` again, hang up on a `gap`. */
export type Arrival = "new" | "duplicate" | "gap";

export function arrivalOf(end: LinkEnd<unknown>, n: number): Arrival {
  if (n <= end.received) return "duplicate";
  return n === end.received + 1 ? "new" : "gap";
}

/** Marks number `n` as committed here; it must be the next one. */
export function received<Body>(end: LinkEnd<Body>, n: number): LinkEnd<Body> {
  invariant(arrivalOf(end, n) === "new", `number ${n} is not the next after ${end.received}`);
  return { ...end, received: n };
}

/** True when the other end may truthfully say it has committed our numbers up to `n`. */
export function canHaveReceived(end: LinkEnd<unknown>, n: number): boolean {
  return n <= end.sent;
}

/** Their acknowledgement of ours up to `n`. An older one than the last changes nothing; check `canHaveReceived` first. */
export function acked<Body>(end: LinkEnd<Body>, n: number): LinkEnd<Body> {
  invariant(canHaveReceived(end, n), `number ${n} was never sent, the last was ${end.sent}`);
  if (n <= end.acked) return end;
  return { ...end, acked: n, held: end.held.filter((message) => message.n > n) };
}

/** What to send after a reconnect, oldest first, once their hello or welcome went through `acked`. */
export function toResend<Body>(end: LinkEnd<Body>): readonly Numbered<Body>[] {
  return end.held;
}

export function assertLinkEnd(end: LinkEnd<unknown>): void {
  invariant(end.held.length === end.sent - end.acked, "a held message is missing");
  invariant(end.held.every((message, index) => message.n === end.acked + index + 1), "held messages are not in order");
}
