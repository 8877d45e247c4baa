/** Run history in memory. */
import type { Run, SessionEvent } from "@berth/protocol";
import { FaultScript } from "../../core/kernel/fault.ts";
import { PortError, type PortErrorCode } from "../../core/kernel/port-error.ts";
import { decodePosition, newestPage, type Position } from "../../core/kernel/position.ts";
import { RUN_HISTORY_FAULTS } from "./run-history.faults.ts";
import type { RunEventPage, RunHistory, RunPage, RunRecord } from "./run-history.port.ts";

interface Kept {
  readonly orgId: string;
  run: Run;
  revision: number;
  isComplete: boolean;
  readonly events: Map<number, SessionEvent>;
}

const placeOf = (run: Run): Position => ({ atMs: Date.parse(run.startedAt), id: run.id });

export class InMemoryRunHistory implements RunHistory {
  readonly faults: FaultScript;
  readonly #records = new Map<string, Kept>();

  constructor(faults: FaultScript = new FaultScript(RUN_HISTORY_FAULTS)) {
    this.faults = faults;
  }

  async flush(record: RunRecord): Promise<void> {
    this.faults.strike("flush", "before-send");
    this.faults.strike("flush", "mid-stream");
    this.#keep(asStored(record));
    const repeated = this.faults.strike("flush", "after-apply");
    if (repeated) await this.flush(record);
  }

  #keep({ orgId, run, revision = 0, events, partial = false }: RunRecord): void {
    const key = keyOf(orgId, run.id);
    const kept = this.#records.get(key) ?? { orgId, run, revision, isComplete: false, events: new Map<number, SessionEvent>() };
    this.#records.set(key, kept);
    for (const event of events) if (!kept.events.has(event.seq)) kept.events.set(event.seq, event);
    if (revision < kept.revision) return;
    Object.assign(kept, { run, revision, isComplete: kept.isComplete || !partial });
  }

  async list(
    orgId: string,
    query: { readonly sessionId?: string; readonly after: string | null; readonly limit: number },
  ): Promise<RunPage> {
    this.faults.strike("list", "before-send");
    const after = query.after === null ? null : decodePosition(query.after);
    if (query.after !== null && !after) throw refused("list", "invalid-argument", "That is no position in the list of runs.");
    const runs = [...this.#records.values()]
      .filter((record) => record.isComplete && record.orgId === orgId && (query.sessionId === undefined || record.run.sessionId === query.sessionId))
      .map(({ run }) => run);
    const { items, next } = newestPage(runs, { after, limit: query.limit }, placeOf);
    return { runs: asStored(items), next };
  }

  async get(orgId: string, runId: string): Promise<Run> {
    this.faults.strike("get", "before-send");
    return asStored(this.#find("get", orgId, runId).run);
  }

  async events(orgId: string, runId: string, query: { readonly after: number; readonly limit: number }): Promise<RunEventPage> {
    this.faults.strike("events", "before-send");
    const rest = [...this.#find("events", orgId, runId).events.values()]
      .filter(({ seq }) => seq > query.after)
      .sort((a, b) => a.seq - b.seq);
    const page: readonly SessionEvent[] = rest.slice(0, query.limit);
    return { events: asStored(page), next: rest.length > page.length ? (page.at(-1)?.seq ?? query.after) : null };
  }

  #find(operation: string, orgId: string, runId: string): Kept {
    const record = this.#records.get(keyOf(orgId, runId));
    if (!record?.isComplete) throw refused(operation, "not-found", "There is no such run.");
    return record;
  }
}

const keyOf = (orgId: string, runId: string): string => JSON.stringify([orgId, runId]);

/** What a database gives back of it. */
function asStored<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

function refused(operation: string, code: PortErrorCode, message: string): PortError {
  return new PortError({ port: "run-history", operation, code, outcome: "not-applied", retry: "never", message });
}
