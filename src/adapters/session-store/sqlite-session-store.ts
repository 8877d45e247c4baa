/** The session store over any SQLite. `seq` is counted inside the transaction that writes it. */
import type { Message, SessionEvent } from "@berth/protocol";
import { isPortError } from "../../core/kernel/port-error.ts";
import { commitEvent, inRows, messageUnknown, refuseOversized, textOf } from "../../ports/session-store/committed.ts";
import type { ArchivedPage, CommitBatch, OutboxEntry, SessionStore, ViewerTicket } from "../../ports/session-store/session-store.port.ts";
import { classify } from "./classify.ts";
import { createSchema, openSchema, TABLES } from "./schema.ts";
import type { Sql, SqlValue } from "./sqlite.ts";

/**
 * @param unique the part of event ids that names the session; what the database was first written with stays
 * @throws PortError `failed-precondition` when a newer Berth wrote the database
 */
export function createSqliteSessionStore(sql: Sql, unique: string): SessionStore {
  const store = new SqliteSessionStore(sql, unique);
  store.open();
  return store;
}

/** Replaces the state and answers the last `seq` with the batch's own events counted. */
const WRITE_STATE =
  "INSERT INTO state (id, state, last_seq) VALUES (1, ?, ?) ON CONFLICT (id) DO UPDATE SET state = excluded.state, last_seq = last_seq + excluded.last_seq RETURNING last_seq";

class SqliteSessionStore implements SessionStore {
  readonly #sql: Sql;
  #unique: string;
  /** False until the first write: the database is then without tables, and every reading answers nothing. */
  #hasTables = false;

  constructor(sql: Sql, unique: string) {
    this.#sql = sql;
    this.#unique = unique;
  }

  /** Whether there is anything to read. */
  open(): boolean {
    if (this.#hasTables) return true;
    const unique = guard("open", () => openSchema(this.#sql));
    if (unique === null) return false;
    this.#unique = unique;
    this.#hasTables = true;
    return true;
  }

  load() {
    const row = this.#first<{ state: string; last_seq: number }>("load", "SELECT state, last_seq FROM state");
    return row ? { state: row.state, lastSeq: row.last_seq } : null;
  }

  coldState(): string | null {
    return this.#first<{ state: string }>("coldState", "SELECT state FROM cold_state")?.state ?? null;
  }

  access(): string | null {
    return this.#first<{ access: string }>("access", "SELECT access FROM access")?.access ?? null;
  }

  commit(batch: CommitBatch): readonly SessionEvent[] {
    refuseOversized(batch);
    return this.#firstWrite("commit", () => {
      const { length } = batch.events;
      const [row] = this.#sql.all<{ last_seq: number }>(WRITE_STATE, batch.state, length);
      const before = (row?.last_seq ?? length) - length;
      const committed = batch.events.map((event, i) => commitEvent(event, before + i + 1, this.#unique, batch.atMs));
      if (batch.coldState !== undefined) this.#sql.exec("INSERT OR REPLACE INTO cold_state (id, state) VALUES (1, ?)", batch.coldState);
      if (batch.access !== undefined) this.#sql.exec("INSERT OR REPLACE INTO access (id, access) VALUES (1, ?)", batch.access);
      this.#writeEvents(committed);
      this.#writeMessages(batch.messages);
      this.#writeOutbox(batch.outboxAdd);
      this.#writeAnswers(batch);
      for (const { name, text } of batch.outputsAdd) {
        for (const row of inRows(text)) this.#sql.exec("INSERT INTO outputs (name, text) VALUES (?, ?)", name, row);
      }
      return committed;
    });
  }

  eventsAfter(after: number, limit: number): readonly SessionEvent[] {
    return this.#events("eventsAfter", "SELECT event FROM events WHERE seq > ? ORDER BY seq LIMIT ?", after, limit);
  }

  eventTexts(after: number, { limit, bytesMax }: { readonly limit: number; readonly bytesMax: number }): readonly string[] {
    // The sizes are in the rows' headers, so that no text is read to be left out.
    const sizes = "SELECT seq, octet_length(event) AS bytes FROM events WHERE seq > ? ORDER BY seq LIMIT ?";
    const to = lastThatFits(this.#all<Sized>("eventTexts", sizes, after, limit), bytesMax);
    const select = "SELECT event FROM events WHERE seq > ? AND seq <= ? ORDER BY seq";
    return to === 0 ? [] : this.#all<{ event: string }>("eventTexts", select, after, to).map(({ event }) => event);
  }

  eventsOfRun(runId: string, after = 0, page?: { readonly limit: number; readonly bytesMax: number }): readonly SessionEvent[] {
    const select = "SELECT event FROM events WHERE run_id = ? AND seq > ? AND seq <= ? ORDER BY seq";
    if (!page) return this.#events("eventsOfRun", select, runId, after, Number.MAX_SAFE_INTEGER);
    const sizes = "SELECT seq, octet_length(event) AS bytes FROM events WHERE run_id = ? AND seq > ? ORDER BY seq LIMIT ?";
    const to = lastThatFits(this.#all<Sized>("eventsOfRun", sizes, runId, after, page.limit), page.bytesMax);
    return this.#events("eventsOfRun", select, runId, after, to);
  }

  firstSeq(): number {
    const first = this.#first<{ seq: number | null }>("firstSeq", "SELECT MIN(seq) AS seq FROM events")?.seq;
    return first ?? this.lastSeq() + 1;
  }

  lastSeq(): number {
    return this.#first<{ last_seq: number }>("lastSeq", "SELECT last_seq FROM state")?.last_seq ?? 0;
  }

  archived({ from, to }: ArchivedPage): void {
    this.#transaction("archived", () => {
      if (from !== this.firstSeq() || to < from || to > this.lastSeq()) return;
      this.#sql.exec("INSERT INTO archive (to_seq, from_seq) VALUES (?, ?)", to, from);
      this.#sql.exec("DELETE FROM events WHERE seq <= ?", to);
    });
  }

  archivedPage(seq: number): ArchivedPage | null {
    const select = 'SELECT from_seq AS "from", to_seq AS "to" FROM archive WHERE to_seq >= ? ORDER BY to_seq LIMIT 1';
    const page = this.#first<ArchivedPage>("archivedPage", select, seq);
    return page && page.from <= seq ? { ...page } : null;
  }

  pendingOutput(name: string): string | null {
    const rows = this.#all<{ text: string }>("pendingOutput", "SELECT text FROM outputs WHERE name = ? ORDER BY position", name);
    return rows.length === 0 ? null : rows.map(({ text }) => text).join("");
  }

  pendingOutputs(limit: number): readonly string[] {
    const select = "SELECT name FROM outputs GROUP BY name ORDER BY MIN(position) LIMIT ?";
    return this.#all<{ name: string }>("pendingOutputs", select, limit).map(({ name }) => name);
  }

  outputStored(name: string): void {
    this.#transaction("outputStored", () => this.#sql.exec("DELETE FROM outputs WHERE name = ?", name));
  }

  outboxDue(nowMs: number, limit: number): readonly OutboxEntry[] {
    return this.#outbox("outboxDue", "next_attempt_at_ms <= ?", nowMs, limit);
  }

  outboxOf(target: OutboxEntry["target"], limit: number): readonly OutboxEntry[] {
    return this.#outbox("outboxOf", "target = ?", target, limit);
  }

  outboxNextAtMs(): number | null {
    return this.#first<{ at: number | null }>("outboxNextAtMs", "SELECT MIN(next_attempt_at_ms) AS at FROM outbox")?.at ?? null;
  }

  outboxDone(ids: readonly string[]): void {
    this.#transaction("outboxDone", () => {
      for (const id of ids) this.#sql.exec("DELETE FROM outbox WHERE id = ?", id);
    });
  }

  outboxRetry(id: string, nextAttemptAtMs: number): void {
    this.#transaction("outboxRetry", () => {
      this.#sql.exec("UPDATE outbox SET attempts = attempts + 1, next_attempt_at_ms = ? WHERE id = ?", nextAttemptAtMs, id);
    });
  }

  findAnswer(key: string, nowMs: number) {
    const select = "SELECT body_hash, answer FROM answers WHERE key = ? AND expires_at_ms > ?";
    const row = this.#first<{ body_hash: string; answer: string }>("findAnswer", select, key, nowMs);
    return row ? { bodyHash: row.body_hash, answer: row.answer } : null;
  }

  messages(after: string | null, limit: number): readonly Message[] {
    const row =
      after === null ? { position: 0 } : this.#first<{ position: number }>("messages", "SELECT position FROM messages WHERE id = ?", after);
    if (!row) throw messageUnknown(after ?? "");
    const select = "SELECT message FROM messages WHERE position > ? ORDER BY position LIMIT ?";
    return this.#all<{ message: string }>("messages", select, row.position, limit).map(({ message }) => JSON.parse(message) as Message);
  }

  message(id: string): Message | null {
    const row = this.#first<{ message: string }>("message", "SELECT message FROM messages WHERE id = ?", id);
    return row ? (JSON.parse(row.message) as Message) : null;
  }

  putTicket({ hash, author, expiresAtMs }: ViewerTicket, nowMs: number): void {
    this.#firstWrite("putTicket", () => {
      this.#sql.exec("DELETE FROM tickets WHERE expires_at_ms <= ?", nowMs);
      this.#sql.exec("INSERT OR REPLACE INTO tickets (hash, author, expires_at_ms) VALUES (?, ?, ?)", hash, author, expiresAtMs);
    });
  }

  takeTicket(hash: string, nowMs: number): string | null {
    const row = this.#first<{ author: string; expires_at_ms: number }>(
      "takeTicket",
      "DELETE FROM tickets WHERE hash = ? RETURNING author, expires_at_ms",
      hash,
    );
    return row && row.expires_at_ms > nowMs ? row.author : null;
  }

  dropTickets(isGone: (author: string) => boolean): void {
    const gone = this.#all<{ hash: string; author: string }>("dropTickets", "SELECT hash, author FROM tickets").filter(({ author }) => isGone(author));
    if (gone.length === 0) return;
    this.#transaction("dropTickets", () => {
      for (const { hash } of gone) this.#sql.exec("DELETE FROM tickets WHERE hash = ?", hash);
    });
  }

  destroy(): void {
    this.#transaction("destroy", () => {
      for (const table of TABLES) this.#sql.exec(`DELETE FROM ${table}`);
    });
  }

  #writeEvents(events: readonly SessionEvent[]): void {
    for (const event of events) {
      this.#sql.exec(
        "INSERT INTO events (seq, id, type, at, message_id, run_id, event) VALUES (?, ?, ?, ?, ?, ?, ?)",
        event.seq,
        event.id,
        event.type,
        event.at,
        event.messageId ?? null,
        event.runId ?? null,
        textOf(event),
      );
    }
  }

  #writeMessages(messages: readonly Message[]): void {
    for (const message of messages) {
      this.#sql.exec(
        "INSERT INTO messages (id, message) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET message = excluded.message",
        message.id,
        JSON.stringify(message),
      );
    }
  }

  #writeAnswers({ answersAdd, atMs }: CommitBatch): void {
    if (answersAdd.length > 0) this.#sql.exec("DELETE FROM answers WHERE expires_at_ms <= ?", atMs);
    for (const { key, bodyHash, answer, expiresAtMs } of answersAdd) {
      this.#sql.exec("INSERT INTO answers (key, body_hash, answer, expires_at_ms) VALUES (?, ?, ?, ?)", key, bodyHash, answer, expiresAtMs);
    }
  }

  #writeOutbox(entries: CommitBatch["outboxAdd"]): void {
    for (const { id, target, payload, nextAttemptAtMs } of entries) {
      this.#sql.exec(
        "INSERT INTO outbox (id, target, payload, attempts, next_attempt_at_ms) VALUES (?, ?, ?, 0, ?)",
        id,
        target,
        payload,
        nextAttemptAtMs,
      );
    }
  }

  #outbox(operation: string, where: string, value: SqlValue, limit: number): readonly OutboxEntry[] {
    const columns = 'id, target, payload, attempts, next_attempt_at_ms AS "nextAttemptAtMs"';
    const select = `SELECT ${columns} FROM outbox WHERE ${where} ORDER BY position LIMIT ?`;
    return this.#all<OutboxEntry>(operation, select, value, limit).map((row) => ({ ...row }));
  }

  #events(operation: string, select: string, ...values: readonly SqlValue[]): readonly SessionEvent[] {
    return this.#all<{ event: string }>(operation, select, ...values).map(({ event }) => JSON.parse(event) as SessionEvent);
  }

  #all<Row>(operation: string, statement: string, ...values: readonly SqlValue[]): readonly Row[] {
    if (!this.open()) return [];
    return guard(operation, () => this.#sql.all<Row>(statement, ...values));
  }

  #first<Row>(operation: string, statement: string, ...values: readonly SqlValue[]): Row | undefined {
    return this.#all<Row>(operation, statement, ...values)[0];
  }

  /** Changes what is there; where nothing was written there is nothing to change. */
  #transaction(operation: string, body: () => void): void {
    if (this.open()) guard(operation, () => this.#sql.transaction(body));
  }

  /** Writes, making the tables in the same transaction when this is the first time. */
  #firstWrite<Result>(operation: string, body: () => Result): Result {
    if (this.open()) return guard(operation, () => this.#sql.transaction(body));
    try {
      return guard(operation, () =>
        this.#sql.transaction(() => {
          createSchema(this.#sql, this.#unique);
          return body();
        }),
      );
    } catch (error) {
      // The body may have seen the tables that are gone again.
      this.#hasTables = false;
      throw error;
    }
  }
}

interface Sized {
  readonly seq: number;
  readonly bytes: number;
}

/** The first one fits whatever its size. 0 when there is none. */
function lastThatFits(events: readonly Sized[], bytesMax: number): number {
  let last = 0;
  let sum = 0;
  for (const { seq, bytes } of events) {
    sum += bytes;
    if (last > 0 && sum > bytesMax) break;
    last = seq;
  }
  return last;
}

/** Errors of the inner call keep their own operation. */
function guard<Result>(operation: string, body: () => Result): Result {
  try {
    return body();
  } catch (raw) {
    throw isPortError(raw) ? raw : classify(raw, operation);
  }
}
