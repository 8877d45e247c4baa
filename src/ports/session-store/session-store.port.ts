/**
 * One session's durable truth: its state, its event log and where older events went, its messages, its outbox, big outputs
 * on their way to the blob store, its answered idempotency keys and the one-use tickets of its viewers.
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
  /** The part of the state that rarely changes; absent: as it was. */
  readonly coldState?: StateText;
  /** JSON text of who may see the session; absent: as it was. */
  readonly access?: string;
  /** They get the next `seq` numbers in order, an `id` made of it, and `at` from `atMs`. */
  readonly events: readonly NewEvent[];
  readonly atMs: number;
  readonly outboxAdd: readonly Omit<OutboxEntry, "attempts">[];
  /** Answers given under an `Idempotency-Key`. Those that expired by `atMs` are let go of. */
  readonly answersAdd: readonly StoredAnswer[];
  /** Texts that their events only name; kept here until the blob store has them. */
  readonly outputsAdd: readonly PendingOutput[];
  /** Messages as they are now: a new one is appended, a known one is replaced in its place. */
  readonly messages: readonly Message[];
}

export interface StoredAnswer {
  readonly key: string;
  readonly bodyHash: string;
  readonly answer: string;
  /** Milliseconds since the Unix epoch. */
  readonly expiresAtMs: number;
}

export interface PendingOutput {
  readonly name: string;
  readonly text: string;
}

/** Consecutive events that are in the blob store, first and last `seq`. */
export interface ArchivedPage {
  readonly from: number;
  readonly to: number;
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
  /** As it was committed last, or null when it never was. */
  coldState(): StateText | null;
  /** As it was committed last, or null when it never was. */
  access(): string | null;
  /**
   * All or nothing. Answers the events as committed.
   * @throws PortError `resource-exhausted` when the disk is full, `already-exists` for an outbox id or answer key that is
   * taken, `invalid-argument` for a text over the row limit
   */
  commit(batch: CommitBatch): readonly SessionEvent[];
  /** Events with `seq` above `after`, oldest first. */
  eventsAfter(after: number, limit: number): readonly SessionEvent[];
  /** The same as JSON texts, at most `bytesMax` bytes in sum, though one where there is one. */
  eventTexts(after: number, page: { readonly limit: number; readonly bytesMax: number }): readonly string[];
  /** Held events of one run with `seq` above `after` (0 when absent), oldest first; of a page's size where one is given. */
  eventsOfRun(runId: string, after?: number, page?: { readonly limit: number; readonly bytesMax: number }): readonly SessionEvent[];
  /** Oldest `seq` still held; 1 when nothing was archived. */
  firstSeq(): number;
  lastSeq(): number;
  /** Entries due at or before `nowMs`, oldest first. */
  outboxDue(nowMs: number, limit: number): readonly OutboxEntry[];
  /** Entries for one port, due or not, oldest first. */
  outboxOf(target: OutboxEntry["target"], limit: number): readonly OutboxEntry[];
  /** Earliest `nextAttemptAtMs`, or null when the outbox is empty. */
  outboxNextAtMs(): number | null;
  outboxDone(ids: readonly string[]): void;
  outboxRetry(id: string, nextAttemptAtMs: number): void;
  /**
   * The page is in the blob store: lets go of its events and remembers where they are. Nothing changes when the page does
   * not begin with the oldest event held, as when it is told twice.
   */
  archived(page: ArchivedPage): void;
  /** The archived page that holds this `seq`, or null. */
  archivedPage(seq: number): ArchivedPage | null;
  /** Null when it was never kept, or is in the blob store. */
  pendingOutput(name: string): string | null;
  /** Names, oldest first. */
  pendingOutputs(limit: number): readonly string[];
  /** The blob store has it; an unknown name is ignored. */
  outputStored(name: string): void;
  /** Null when there is none or it has expired. */
  findAnswer(key: string, nowMs: number): { readonly bodyHash: string; readonly answer: string } | null;
  /** Oldest first; `after` is a message id. @throws PortError `not-found` when there is no such message */
  messages(after: string | null, limit: number): readonly Message[];
  message(id: string): Message | null;
  /** Keeps the ticket until it is taken or expires. */
  putTicket(ticket: ViewerTicket, nowMs: number): void;
  /** Answers the ticket's author and removes it; null when it is unknown, taken or expired. */
  takeTicket(hash: string, nowMs: number): string | null;
  /** Removes the tickets of such authors. */
  dropTickets(isGone: (author: string) => boolean): void;
  /** Removes everything; for a deleted session. */
  destroy(): void;
}
