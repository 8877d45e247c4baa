/** Session store in memory. The disk outlives the store, so that a crash is a new store on the same disk. */
import type { Message, SessionEvent } from "@berth/protocol";
import { FaultScript } from "../../core/kernel/fault.ts";
import { commitEvent, messageUnknown, refuseOversized, taken, textOf } from "./committed.ts";
import { SESSION_STORE_FAULTS } from "./session-store.faults.ts";
import type { ArchivedPage, CommitBatch, OutboxEntry, SessionStore, StoredAnswer, ViewerTicket } from "./session-store.port.ts";

const UTF8 = new TextEncoder();

/** What survives the store. Texts only, so that nobody holds a reference into it. */
export class MemoryDisk {
  state: string | null = null;
  coldState: string | null = null;
  access: string | null = null;
  /** Those of the archive included, as empty texts, so that the place is the `seq`. */
  events: string[] = [];
  archive: ArchivedPage[] = [];
  outputs = new Map<string, string>();
  /** Which events belong to a run, by index. */
  eventsOfRun = new Map<string, number[]>();
  messages = new Map<string, string>();
  outbox = new Map<string, OutboxEntry>();
  answers = new Map<string, Omit<StoredAnswer, "key">>();
  tickets = new Map<string, ViewerTicket>();
}

export interface InMemorySessionStoreOptions {
  readonly disk?: MemoryDisk;
  readonly faults?: FaultScript;
  /** The part of event ids that names the session. */
  readonly unique?: string;
}

export class InMemorySessionStore implements SessionStore {
  readonly disk: MemoryDisk;
  readonly faults: FaultScript;
  readonly #unique: string;

  constructor(options: InMemorySessionStoreOptions = {}) {
    this.disk = options.disk ?? new MemoryDisk();
    this.faults = options.faults ?? new FaultScript(SESSION_STORE_FAULTS);
    this.#unique = options.unique ?? "memory";
  }

  load() {
    return this.disk.state === null ? null : { state: this.disk.state, lastSeq: this.lastSeq() };
  }

  coldState(): string | null {
    return this.disk.coldState;
  }

  access(): string | null {
    return this.disk.access;
  }

  /** Everything is staged first, so that a batch that cannot be written leaves nothing. */
  commit(batch: CommitBatch): readonly SessionEvent[] {
    refuseOversized(batch);
    this.faults.strike("commit", "before-send");
    this.#refuseTaken(batch);
    const { disk } = this;
    const before = this.lastSeq();
    const committed = batch.events.map((event, i) => commitEvent(event, before + i + 1, this.#unique, batch.atMs));
    const texts = committed.map(textOf);
    const messages = batch.messages.map((message) => [message.id, JSON.stringify(message)] as const);
    this.faults.strike("commit", "mid-stream");

    disk.state = batch.state;
    disk.coldState = batch.coldState ?? disk.coldState;
    disk.access = batch.access ?? disk.access;
    for (const [i, text] of texts.entries()) {
      disk.events.push(text);
      const runId = committed[i]?.runId;
      if (runId === undefined) continue;
      const indices = disk.eventsOfRun.get(runId);
      if (indices) indices.push(before + i);
      else disk.eventsOfRun.set(runId, [before + i]);
    }
    for (const [id, text] of messages) disk.messages.set(id, text);
    for (const entry of batch.outboxAdd) disk.outbox.set(entry.id, { ...entry, attempts: 0 });
    for (const { key, ...answer } of batch.answersAdd) disk.answers.set(key, answer);
    for (const { name, text } of batch.outputsAdd) disk.outputs.set(name, text);
    return committed;
  }

  eventsAfter(after: number, limit: number): readonly SessionEvent[] {
    return this.#texts(after, limit).map((text) => JSON.parse(text) as SessionEvent);
  }

  eventTexts(after: number, { limit, bytesMax }: { readonly limit: number; readonly bytesMax: number }): readonly string[] {
    return fitting(this.#texts(after, limit), bytesMax);
  }

  eventsOfRun(runId: string, after = 0, page = { limit: Number.POSITIVE_INFINITY, bytesMax: Number.POSITIVE_INFINITY }): readonly SessionEvent[] {
    const from = Math.max(after, this.firstSeq() - 1);
    const indices = (this.disk.eventsOfRun.get(runId) ?? []).filter((index) => index >= from).slice(0, page.limit);
    return fitting(indices.map((index) => this.disk.events[index] ?? "null"), page.bytesMax).map((text) => JSON.parse(text) as SessionEvent);
  }

  firstSeq(): number {
    return (this.disk.archive.at(-1)?.to ?? 0) + 1;
  }

  archived({ from, to }: ArchivedPage): void {
    if (from !== this.firstSeq() || to < from || to > this.lastSeq()) return;
    this.disk.archive.push({ from, to });
    this.disk.events.fill("", 0, to);
  }

  archivedPage(seq: number): ArchivedPage | null {
    const page = this.disk.archive.find(({ from, to }) => from <= seq && seq <= to);
    return page ? { ...page } : null;
  }

  pendingOutput(name: string): string | null {
    return this.disk.outputs.get(name) ?? null;
  }

  pendingOutputs(limit: number): readonly string[] {
    return [...this.disk.outputs.keys()].slice(0, limit);
  }

  outputStored(name: string): void {
    this.disk.outputs.delete(name);
  }

  lastSeq(): number {
    return this.disk.events.length;
  }

  outboxDue(nowMs: number, limit: number): readonly OutboxEntry[] {
    return [...this.disk.outbox.values()]
      .filter((entry) => entry.nextAttemptAtMs <= nowMs)
      .slice(0, limit)
      .map((entry) => ({ ...entry }));
  }

  outboxOf(target: OutboxEntry["target"], limit: number): readonly OutboxEntry[] {
    const waiting = [...this.disk.outbox.values()].filter((entry) => entry.target === target);
    return waiting.slice(0, limit).map((entry) => ({ ...entry }));
  }

  outboxNextAtMs(): number | null {
    const times = [...this.disk.outbox.values()].map((entry) => entry.nextAttemptAtMs);
    return times.length === 0 ? null : Math.min(...times);
  }

  outboxDone(ids: readonly string[]): void {
    for (const id of ids) this.disk.outbox.delete(id);
  }

  outboxRetry(id: string, nextAttemptAtMs: number): void {
    const entry = this.disk.outbox.get(id);
    if (entry) this.disk.outbox.set(id, { ...entry, attempts: entry.attempts + 1, nextAttemptAtMs });
  }

  findAnswer(key: string, nowMs: number) {
    const found = this.disk.answers.get(key);
    return found && found.expiresAtMs > nowMs ? { bodyHash: found.bodyHash, answer: found.answer } : null;
  }

  messages(after: string | null, limit: number): readonly Message[] {
    const ids = [...this.disk.messages.keys()];
    if (after !== null && !this.disk.messages.has(after)) throw messageUnknown(after);
    const from = after === null ? 0 : ids.indexOf(after) + 1;
    return ids.slice(from, from + limit).flatMap((id) => this.message(id) ?? []);
  }

  message(id: string): Message | null {
    const text = this.disk.messages.get(id);
    return text === undefined ? null : (JSON.parse(text) as Message);
  }

  putTicket(ticket: ViewerTicket, nowMs: number): void {
    for (const [hash, { expiresAtMs }] of this.disk.tickets) if (expiresAtMs <= nowMs) this.disk.tickets.delete(hash);
    this.disk.tickets.set(ticket.hash, { ...ticket });
  }

  takeTicket(hash: string, nowMs: number): string | null {
    const ticket = this.disk.tickets.get(hash);
    this.disk.tickets.delete(hash);
    return ticket && ticket.expiresAtMs > nowMs ? ticket.author : null;
  }

  dropTickets(isGone: (author: string) => boolean): void {
    for (const [hash, { author }] of this.disk.tickets) if (isGone(author)) this.disk.tickets.delete(hash);
  }

  destroy(): void {
    Object.assign(this.disk, new MemoryDisk());
  }

  #texts(after: number, limit: number): readonly string[] {
    const from = Math.max(after, this.firstSeq() - 1);
    return this.disk.events.slice(from, from + limit);
  }

  #refuseTaken({ outboxAdd, answersAdd, atMs }: CommitBatch): void {
    const { outbox, answers } = this.disk;
    for (const [index, { id }] of outboxAdd.entries()) {
      if (outbox.has(id) || outboxAdd.findIndex((other) => other.id === id) < index) throw taken(`outbox id ${id}`);
    }
    for (const [index, { key }] of answersAdd.entries()) {
      const isHeld = (answers.get(key)?.expiresAtMs ?? atMs) > atMs;
      if (isHeld || answersAdd.findIndex((other) => other.key === key) < index) throw taken(`answer key ${key}`);
    }
  }
}

/** As many as fit, the first one whatever its size. */
function fitting(texts: readonly string[], bytesMax: number): readonly string[] {
  // A UTF-16 unit takes at most three bytes, so most pages need no encoding to be judged.
  if (texts.reduce((units, text) => units + text.length, 0) * 3 <= bytesMax) return texts;
  let bytes = 0;
  const past = texts.findIndex((text, i) => (bytes += UTF8.encode(text).length) > bytesMax && i > 0);
  return past === -1 ? texts : texts.slice(0, past);
}
