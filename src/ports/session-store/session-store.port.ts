/**
 * One session's durable truth: its state, its event log, its outbox and its answered idempotency keys.
 * Every call is synchronous, so that a commit is one transaction with nothing between, and effects start after it.
 */
import type { NewEvent, SessionEvent } from "@berth/protocol";

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
  /** They get the next `seq` numbers in order, and `id` and `at` from the store's caller. */
  readonly events: readonly NewEvent[];
  readonly atMs: number;
  readonly outboxAdd: readonly Omit<OutboxEntry, "attempts">[];
  /** Answers given under an `Idempotency-Key`. */
  readonly answersAdd: readonly { readonly key: string; readonly bodyHash: string; readonly answer: string }[];
}

export interface SessionStore {
  load(): { readonly state: StateText; readonly lastSeq: number } | null;
  /** All or nothing. Answers the events as committed. @throws PortError `resource-exhausted` when the disk is full */
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
  /** Removes everything; for a deleted session. */
  destroy(): void;
}
