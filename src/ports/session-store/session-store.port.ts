/**
 * One session's durable truth: its state, its event log, its messages, its outbox, its answered idempotency keys and the
 * one-use tickets of its viewers.
 * Every call is synchronous, so that a commit is one transaction with nothing between, and effects start after it.
 */
import type { Message, NewEvent, SessionEvent } from "@berth/protocol";

/** JSON text of the core's state; the store does not look inside. */
export type StateText = string;

export interface OutboxEntry {
  readonly id: string;
  /** Which port it is for. */
  readonly target: "run-history" | "catalog" | "event-bus";
  /** JSON text. */
  readonly payload: string;
  readonly attempts: number;
  /** Milliseconds since the Unix epoch. */
  readonly nextAttemptAtMs: number;
}

export interface CommitBatch {
  readonly state: StateText;
  /** They get the next `seq` numbers in order, an `id` made of it, and `at` from `atMs`. */
  readonly events: readonly NewEvent[];
  readonly atMs: number;
  readonly outboxAdd: readonly Omit<OutboxEntry, "attempts">[];
  /** Answers given under an `Idempotency-Key`. */
  readonly answersAdd: readonly { readonly key: string; readonly bodyHash: string; readonly answer: string }[];
  /** Messages as they are now: a new one is appended, a known one is replaced in its place. */
  readonly messages: readonly Message[];
}

/** Lets one viewer open one socket. The ticket itself is not kept, only its hash. */
export interface ViewerTicket {
  readonly hash: string;
  /** JSON text of whoever it was issued to. */
  readonly author: string;
  /** Milliseconds since the Unix epoch. */
  readonly expiresAtMs: number;
}

export interface SessionStore {
  load(): { readonly state: StateText; readonly lastSeq: number } | null;
  /**
   * All or nothing. Answers the events as committed.
   * @throws PortError `resource-exhausted` when the disk is full, `already-exists` for an outbox id or answer key that is
   * taken, `invalid-argument` for a text over the row limit
   */
  commit(batch: CommitBatch): readonly SessionEvent[];
  /** Events with `seq` above `after`, oldest first. */
  eventsAfter(after: number, limit: number): readonly SessionEvent[];
  /** Events of one run, oldest first. */
  eventsOfRun(runId: string): readonly SessionEvent[];
  /** Oldest `seq` still held; 1 when nothing was archived. */
  firstSeq(): number;
  lastSeq(): number;
  /** Entries due at or before `nowMs`, oldest first. */
  outboxDue(nowMs: number, limit: number): readonly OutboxEntry[];
  /** Earliest `nextAttemptAtMs`, or null when the outbox is empty. */
  outboxNextAtMs(): number | null;
  outboxDone(ids: readonly string[]): void;
  outboxRetry(id: string, nextAttemptAtMs: number): void;
  findAnswer(key: string): { readonly bodyHash: string; readonly answer: string } | null;
  /** Oldest first; `after` is a message id. @throws PortError `not-found` when there is no such message */
  messages(after: string | null, limit: number): readonly Message[];
  message(id: string): Message | null;
  /** Keeps the ticket until it is taken or expires. */
  putTicket(ticket: ViewerTicket, nowMs: number): void;
  /** Answers the ticket's author and removes it; null when it is unknown, taken or expired. */
  takeTicket(hash: string, nowMs: number): string | null;
  /** Removes everything; for a deleted session. */
  destroy(): void;
}
