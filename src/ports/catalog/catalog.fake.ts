/** The catalog in memory. */
import type { SessionSummary } from "@berth/protocol";
import { FaultScript } from "../../core/kernel/fault.ts";
import { PortError, type PortErrorCode } from "../../core/kernel/port-error.ts";
import { decodePosition, encodePosition, newestFirst, type Position } from "../../core/kernel/position.ts";
import { CATALOG_FAULTS } from "./catalog.faults.ts";
import type { Catalog, ProviderConnection, SessionPage, StoredAnswer } from "./catalog.port.ts";

const ANSWER_LIFETIME_MS = 24 * 60 * 60 * 1000;

interface Tables {
  readonly providers: Map<string, ProviderConnection>;
  /** Null for a removed session: a late summary does not bring it back. */
  readonly sessions: Map<string, SessionSummary | null>;
  readonly answers: Map<string, { readonly answer: StoredAnswer; readonly atMs: number }>;
}

const placeOf = (session: SessionSummary): Position => ({ atMs: Date.parse(session.createdAt), id: session.id });

export class InMemoryCatalog implements Catalog {
  readonly faults: FaultScript;
  readonly #now: () => number;
  readonly #organizations = new Map<string, Tables>();

  constructor(options: { readonly now: () => number; readonly faults?: FaultScript }) {
    this.#now = options.now;
    this.faults = options.faults ?? new FaultScript(CATALOG_FAULTS);
  }

  async listProviders(orgId: string): Promise<readonly ProviderConnection[]> {
    this.faults.strike("listProviders", "before-send");
    const providers = [...this.#of(orgId).providers.values()];
    return structuredClone(providers.sort((a, b) => a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1)));
  }

  async addProvider(orgId: string, connection: ProviderConnection): Promise<void> {
    this.faults.strike("addProvider", "before-send");
    const { providers } = this.#of(orgId);
    const taken = [...providers.values()].some(({ id, provider }) => id === connection.id || provider === connection.provider);
    if (taken) throw refused("addProvider", "already-exists", "The organization has that provider already.");
    providers.set(connection.id, structuredClone(connection));
    this.faults.strike("addProvider", "after-apply");
  }

  async removeProvider(orgId: string, id: string): Promise<ProviderConnection> {
    this.faults.strike("removeProvider", "before-send");
    const { providers } = this.#of(orgId);
    const found = providers.get(id);
    if (!found) throw refused("removeProvider", "not-found", "There is no such provider.");
    providers.delete(id);
    return found;
  }

  async upsertSession(orgId: string, summary: SessionSummary): Promise<void> {
    this.faults.strike("upsertSession", "before-send");
    const { sessions } = this.#of(orgId);
    const stored = sessions.get(summary.id);
    if (stored !== null && (!stored || stored.lastSeq <= summary.lastSeq)) sessions.set(summary.id, asStored(summary));
    this.faults.strike("upsertSession", "after-apply");
  }

  async listSessions(orgId: string, query: Parameters<Catalog["listSessions"]>[1]): Promise<SessionPage> {
    this.faults.strike("listSessions", "before-send");
    this.faults.strike("listSessions", "mid-stream");
    const after = query.after === null ? null : decodePosition(query.after);
    if (query.after !== null && !after) {
      throw refused("listSessions", "invalid-argument", "That is no position in the list of sessions.");
    }
    const pairs = Object.entries(query.metadata ?? {});
    const found = [...this.#of(orgId).sessions.values()]
      .filter((session) => session !== null)
      .filter((session) => pairs.every(([key, value]) => Object.hasOwn(session.metadata, key) && session.metadata[key] === value))
      .filter((session) => query.externalUserId === undefined || session.externalUserId === query.externalUserId)
      .filter((session) => !after || newestFirst(after, placeOf(session)) < 0)
      .sort((a, b) => newestFirst(placeOf(a), placeOf(b)));
    const page = found.slice(0, query.limit);
    const last = page.at(-1);
    return { sessions: structuredClone(page), next: last && found.length > page.length ? encodePosition(placeOf(last)) : null };
  }

  async removeSession(orgId: string, sessionId: string): Promise<void> {
    this.#of(orgId).sessions.set(sessionId, null);
  }

  async rememberAnswer(orgId: string, key: string, answer: StoredAnswer): Promise<StoredAnswer> {
    const stored = this.#answer(orgId, key);
    if (stored) return { ...stored };
    this.#of(orgId).answers.set(key, { answer: { ...answer }, atMs: this.#now() });
    const repeated = this.faults.strike("rememberAnswer", "after-apply");
    return repeated ? this.rememberAnswer(orgId, key, answer) : { ...answer };
  }

  async findAnswer(orgId: string, key: string): Promise<StoredAnswer | null> {
    const stored = this.#answer(orgId, key);
    return stored && { ...stored };
  }

  #answer(orgId: string, key: string): StoredAnswer | null {
    const { answers } = this.#of(orgId);
    const oldest = this.#now() - ANSWER_LIFETIME_MS;
    for (const [each, { atMs }] of answers) if (atMs <= oldest) answers.delete(each);
    return answers.get(key)?.answer ?? null;
  }

  #of(orgId: string): Tables {
    let tables = this.#organizations.get(orgId);
    if (!tables) {
      tables = { providers: new Map(), sessions: new Map(), answers: new Map() };
      this.#organizations.set(orgId, tables);
    }
    return tables;
  }
}

/** What a database gives back of it. */
function asStored(summary: SessionSummary): SessionSummary {
  return JSON.parse(JSON.stringify(summary)) as SessionSummary;
}

function refused(operation: string, code: PortErrorCode, message: string): PortError {
  return new PortError({ port: "catalog", operation, code, outcome: "not-applied", retry: "never", message });
}
