/** One organization's ledger as a Durable Object: each call is one transaction in which the core decides over its tables. */
import { DurableObject } from "cloudflare:workers";
import type { DurableObjectState } from "@cloudflare/workers-types";
import type { UsageSum } from "@berth/protocol";
import type { PartialAmount } from "../core/budget/amount.ts";
import { LedgerBook } from "../core/budget/ledger.ts";
import { standingOf } from "../core/budget/standing.ts";
import { toReply, type Reply } from "../core/kernel/reply.ts";
import type { CapName, LedgerRpc, ReserveAnswer, ReserveRequest, Spent, SpentQuery, Standing, Stop, UsageQuery } from "../ports/ledger/ledger.port.ts";
import { spentOf } from "../ports/ledger/spent-of.ts";
import { LedgerTables } from "./ledger-tables.ts";

export class OrgLedgerDO extends DurableObject implements LedgerRpc {
  readonly #rows: LedgerTables;
  readonly #book: LedgerBook;

  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env);
    this.#rows = new LedgerTables(this.ctx.storage.sql);
    this.#book = new LedgerBook(this.#rows);
  }

  async reserve(request: ReserveRequest): Promise<Reply<ReserveAnswer>> {
    return this.#change(() => this.#book.reserve(request));
  }

  async ask(request: Omit<ReserveRequest, "id" | "expiresAtMs">): Promise<Reply<ReserveAnswer>> {
    return this.#change(() => this.#book.ask(request));
  }

  async settle(id: string, actual: PartialAmount): Promise<Reply<null>> {
    return this.#change(() => {
      this.#book.settle(id, actual);
      return null;
    });
  }

  async spent(query: SpentQuery): Promise<Reply<Spent>> {
    return this.#change(() => spentOf(this.#book, query, query.nowMs ?? Date.now()));
  }

  async standing({ nowMs = Date.now() }: { readonly nowMs?: number }): Promise<Reply<Standing>> {
    return this.#change(() => ({ caps: standingOf(this.#book, this.#rows, nowMs), stop: this.#rows.stop() }));
  }

  async setCap(cap: CapName, limit: number | null): Promise<Reply<readonly string[]>> {
    return this.#change(() => this.#book.setCap(cap, limit));
  }

  async forget(sessionId: string): Promise<Reply<null>> {
    return this.#change(() => {
      this.#book.forget(sessionId);
      return null;
    });
  }

  async setStop(stop: Stop | null): Promise<Reply<readonly string[]>> {
    return this.#change(() => this.#book.setStop(stop));
  }

  async usage(query: UsageQuery): Promise<Reply<readonly UsageSum[]>> {
    return this.#change(() => this.#rows.usage(query));
  }

  #change<Value>(body: () => Value): Reply<Value> {
    return toReply(() => this.ctx.storage.transactionSync(body));
  }
}
