/** One organization's feed as a Durable Object: appends, drops what is too old, and reads; the core says from where. */
import { DurableObject } from "cloudflare:workers";
import type { DurableObjectState } from "@cloudflare/workers-types";
import { dropUpTo, startReading, type FeedBounds } from "../core/feed/feed-page.ts";
import { toReply, type Reply } from "../core/kernel/reply.ts";
import { FEED_RETAINED, type EventBusRpc, type FeedChange, type FeedEvent, type FeedPage } from "../ports/event-bus/event-bus.port.ts";

export class OrgEventsDO extends DurableObject implements EventBusRpc {
  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env);
    this.ctx.storage.sql.exec(
      "CREATE TABLE IF NOT EXISTS feed (seq INTEGER PRIMARY KEY, dedupe_key TEXT NOT NULL UNIQUE, event TEXT NOT NULL)",
    );
  }

  async publish(change: FeedChange, dedupeKey: string): Promise<Reply<number>> {
    return toReply(() =>
      this.ctx.storage.transactionSync(() => {
        const { sql } = this.ctx.storage;
        const known = sql.exec<{ seq: number }>("SELECT seq FROM feed WHERE dedupe_key = ?", dedupeKey).toArray()[0];
        if (known) return known.seq;
        const seq = this.#bounds().last + 1;
        const event: FeedEvent = { ...change, seq, at: new Date().toISOString() };
        sql.exec("INSERT INTO feed (seq, dedupe_key, event) VALUES (?, ?, ?)", seq, dedupeKey, JSON.stringify(event));
        sql.exec("DELETE FROM feed WHERE seq <= ?", dropUpTo(seq, FEED_RETAINED));
        return seq;
      }),
    );
  }

  async read(after: number, limit: number): Promise<Reply<FeedPage>> {
    return toReply(() => {
      const start = startReading(after, this.#bounds());
      const rows = this.ctx.storage.sql
        .exec<{ event: string }>("SELECT event FROM feed WHERE seq > ? ORDER BY seq LIMIT ?", start.after, limit)
        .toArray();
      return { events: rows.map(({ event }) => JSON.parse(event) as FeedEvent), reset: start.reset };
    });
  }

  #bounds(): FeedBounds {
    // Asked for one by one each is found at an end of the key; asked for together they read the whole feed.
    const row = this.ctx.storage.sql
      .exec<{ first: number | null; last: number | null }>("SELECT (SELECT MIN(seq) FROM feed) AS first, (SELECT MAX(seq) FROM feed) AS last")
      .one();
    return { first: row.first ?? 1, last: row.last ?? 0 };
  }
}
