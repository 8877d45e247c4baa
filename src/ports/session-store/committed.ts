/** What every session store shares: how a new event becomes a committed one, and which batch is refused as too big. */
import type { NewEvent, SessionEvent } from "@berth/protocol";
import { PortError } from "../../core/kernel/port-error.ts";
import type { CommitBatch } from "./session-store.port.ts";

/** Bytes of one stored text. Durable Objects refuse rows over 2 MB; a margin is left for the other columns. */
export const ROW_BYTES_MAX = 1_900_000;

const TEXTS = new WeakMap<SessionEvent, string>();

/**
 * The `seq` is part of the id, so that an event has the same id in every copy of the log.
 * @throws PortError `invalid-argument` when it is too big for a row
 */
export function commitEvent(event: NewEvent, seq: number, unique: string, atMs: number): SessionEvent {
  const committed = plain({ seq, id: `evt_${unique}_${seq}`, at: new Date(atMs).toISOString(), ...event }) as SessionEvent;
  const text = JSON.stringify(committed);
  checkSize(`event ${event.type}`, text);
  TEXTS.set(committed, text);
  return committed;
}

/** A copy as it would be read back from JSON, but for long texts, which are not copied. */
function plain(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => (item === undefined ? null : plain(item)));
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(value)) {
    const item = (value as Readonly<Record<string, unknown>>)[name];
    if (item === undefined) continue;
    // Set like any other this name would change what the copy inherits from.
    if (name === "__proto__") Object.defineProperty(copy, name, { value: plain(item), enumerable: true, configurable: true, writable: true });
    else copy[name] = plain(item);
  }
  return copy;
}

/** JSON text of a committed event, made once however many write it down. It is the event's as it was committed. */
export function textOf(event: SessionEvent): string {
  return TEXTS.get(event) ?? JSON.stringify(event);
}

/** All but the events, which are measured when they have their numbers. @throws PortError `invalid-argument`, before anything is written */
export function refuseOversized(batch: CommitBatch): void {
  checkSize("state", batch.state);
  if (batch.coldState !== undefined) checkSize("cold state", batch.coldState);
  if (batch.access !== undefined) checkSize("access", batch.access);
  for (const entry of batch.outboxAdd) checkSize(`outbox entry ${entry.id}`, entry.payload);
  for (const { key, answer } of batch.answersAdd) checkSize(`answer ${key}`, answer);
  for (const message of batch.messages) checkSize(`message ${message.id}`, JSON.stringify(message));
}

/** A text of any size as texts that each fit a row, whole characters in each. */
export function inRows(text: string): readonly string[] {
  const unitsMax = Math.floor(ROW_BYTES_MAX / 3);
  const rows: string[] = [];
  let from = 0;
  do {
    let to = Math.min(from + unitsMax, text.length);
    const isCut = to < text.length && (text.charCodeAt(to) & 0xfc00) === 0xdc00;
    if (isCut) to -= 1;
    rows.push(text.slice(from, to));
    from = to;
  } while (from < text.length);
  return rows;
}

function checkSize(what: string, text: string): void {
  // A UTF-16 unit takes at most three bytes, so most texts need no encoding to be judged.
  if (text.length * 3 <= ROW_BYTES_MAX) return;
  const bytes = new TextEncoder().encode(text).length;
  if (bytes <= ROW_BYTES_MAX) return;
  throw new PortError({
    port: "session-store",
    operation: "commit",
    code: "invalid-argument",
    outcome: "not-applied",
    retry: "never",
    message: `${what} takes ${bytes} bytes and the limit is ${ROW_BYTES_MAX}`,
    fix: "put the large text into the blob store and keep its address",
  });
}

export function messageUnknown(id: string): PortError {
  return new PortError({
    port: "session-store",
    operation: "messages",
    code: "not-found",
    outcome: "not-applied",
    retry: "never",
    message: `there is no message ${id} in this session`,
  });
}

export function taken(what: string): PortError {
  return new PortError({
    port: "session-store",
    operation: "commit",
    code: "already-exists",
    outcome: "not-applied",
    retry: "never",
    message: `${what} is taken`,
  });
}
