/** Durable history of runs, in Postgres. Written by each session's outbox; read by the API and by people with SQL. */
import type { Run, SessionEvent } from "@berth/protocol";

/** All of one finished run. Flushing the same record twice changes nothing. */
export interface RunRecord {
  readonly orgId: string;
  readonly run: Run;
  /** In order of `seq`, gap-free from the run's `message.queued` neighbourhood to `run.ended`. */
  readonly events: readonly SessionEvent[];
}

export interface RunPage {
  readonly runs: readonly Run[];
  readonly next: string | null;
}

export interface RunEventPage {
  readonly events: readonly SessionEvent[];
  readonly next: number | null;
}

export interface RunHistory {
  /** One transaction: the run and its events, or neither. Order of flushes does not matter. */
  flush(record: RunRecord): Promise<void>;
  /** Newest first. */
  list(
    orgId: string,
    query: { readonly sessionId?: string; readonly after: string | null; readonly limit: number },
  ): Promise<RunPage>;
  /** @throws PortError `not-found` */
  get(orgId: string, runId: string): Promise<Run>;
  /** @throws PortError `not-found` */
  events(orgId: string, runId: string, query: { readonly after: number; readonly limit: number }): Promise<RunEventPage>;
}
