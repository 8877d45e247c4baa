/** Durable history of runs, in Postgres. Written by each session's outbox; read by the API and by people with SQL. */
import type { Run, SessionEvent } from "@berth/protocol";

/** A finished run with its events, or with a page of them. Flushing the same record twice changes nothing. */
export interface RunRecord {
  readonly orgId: string;
  readonly run: Run;
  /**
   * Rises when the same run is reported again, since a model call was counted after its end; the run of the highest one
   * stays. Absent: 0.
   */
  readonly revision?: number;
  /** In order of `seq`. */
  readonly events: readonly SessionEvent[];
  /** True while more pages follow: a run is listed and found only once its last page landed. */
  readonly partial?: boolean;
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
  /** One transaction: the run and these events, or neither. Order of flushes does not matter. */
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
