/** An organization is its transaction's and nobody's after it, whatever becomes of the transaction. */
import { verifies } from "@berth/testkit";
import { asApp, createTestDatabase } from "@berth/testkit/test-database";
import { sql } from "drizzle-orm";
import { createServer, connect, type Server, type Socket } from "node:net";
import pg from "pg";
import { afterAll, afterEach, describe, expect } from "vitest";
import { ConnectionPool, type ConnectionPoolOptions } from "./connection-pool.ts";
import { connectionPerCall } from "./connection-per-call.ts";
import { createAppDatabase } from "./database.ts";
import { servePool } from "./pool-rpc.ts";
import { idempotentAnswers } from "./schema/catalog.ts";

const url = await createTestDatabase();
const owner = new pg.Pool({ connectionString: url, max: 1 });
const open: ConnectionPool[] = [];

/** One connection, so that whoever comes next gets the one that was used. */
function pool(options: Partial<ConnectionPoolOptions> = {}): ConnectionPool {
  const made = new ConnectionPool({ connectionString: asApp(url), connectionsMax: 1, ...options });
  open.push(made);
  return made;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
  await owner.query("truncate idempotent_answers");
});
afterAll(() => owner.end());

const text = (statement: string, values: readonly unknown[] = []) => ({ text: statement, values, rowMode: "object" as const });
const row = (orgId: string, key = "key") => ({ orgId, key, bodyHash: "", status: 200, body: "", createdAt: new Date(0) });
const insert = (orgId: string) => text("insert into idempotent_answers values ($1, 'key', '', 200, '', now())", [orgId]);
const WHO = text("select nullif(current_setting('app.org_id', true), '') as org, (select count(*)::int from idempotent_answers) as rows, pg_backend_pid() as pid");

async function who(subject: ConnectionPool): Promise<{ org: string | null; rows: number; pid: number }> {
  return (await subject.query(WHO)).rows[0] as { org: string | null; rows: number; pid: number };
}

describe("the organization of a transaction", () => {
  verifies(["ISO7", "ISO3"], "is set for one statement, which is kept, and gone for the next on the same connection", async () => {
    const subject = pool();
    const { pid } = await who(subject);
    await subject.query(insert("org_a"), "org_a");
    expect((await subject.query(WHO, "org_a")).rows).toEqual([{ org: "org_a", rows: 1, pid }]);
    expect((await subject.query(WHO, "org_b")).rows).toEqual([{ org: "org_b", rows: 0, pid }]);
    expect(await who(subject)).toEqual({ org: null, rows: 0, pid });
  });

  verifies("ISO7", "is gone after a statement that failed, of which nothing is kept", async () => {
    const subject = pool();
    const { pid } = await who(subject);
    await subject.query(insert("org_a"), "org_a");
    for (const [statement, code] of [[insert("org_a"), "23505"], [insert("org_b"), "42501"], [text("select 1/0"), "22012"], [text("no sql"), "42601"]] as const) {
      await expect(subject.query(statement, "org_a")).rejects.toMatchObject({ code });
      expect(await who(subject)).toEqual({ org: null, rows: 0, pid });
    }
    expect((await subject.query(WHO, "org_a")).rows).toMatchObject([{ rows: 1 }]);
  });

  verifies("ISO7", "is gone after a transaction that was committed, rolled back or left open", async () => {
    const subject = pool();
    const { pid } = await who(subject);
    for (const [end, kept] of [["commit", 1], ["rollback", 1], [null, 1]] as const) {
      const lease = await subject.lease("org_a");
      await lease.query(text("begin"));
      await lease.query(text("insert into idempotent_answers values ('org_a', $1, '', 200, '', now())", [end ?? "open"]));
      if (end !== null) await lease.query(text(end));
      await lease.release();
      expect(await who(subject)).toEqual({ org: null, rows: 0, pid });
      expect((await subject.query(WHO, "org_a")).rows).toMatchObject([{ rows: kept }]);
    }
  });

  verifies("ISO7", "is set again for a second transaction of a lease, and not for what is between them", async () => {
    const lease = await pool().lease("org_a");
    const now = async () => ((await lease.query(WHO)).rows[0] as { org: string | null }).org;
    for (let i = 0; i < 2; i++) {
      expect(await now()).toBeNull();
      await lease.query(text("begin"));
      expect(await now()).toBe("org_a");
      await lease.query(text("rollback"));
    }
    await lease.release();
  });

  verifies("ISO7", "is gone with a lease that ran out, a statement without an answer and a connection that was cut", async () => {
    const ranOut = pool({ leaseMs: 300 });
    const lost = await ranOut.lease("org_a");
    await lost.query(text("begin"));
    expect(await who(ranOut)).toMatchObject({ org: null });

    const slow = pool({ statementMs: 300 });
    await expect(slow.query(text("select pg_sleep(60)"), "org_a")).rejects.toThrow("timeout");
    expect(await who(slow)).toMatchObject({ org: null });

    const cut = pool();
    const held = await cut.lease("org_a");
    await held.query(text("begin"));
    const pid = ((await held.query(WHO)).rows[0] as { pid: number }).pid;
    await owner.query("select pg_terminate_backend($1)", [pid]);
    await expect(held.query(WHO)).rejects.toThrow();
    await held.release();
    const after = await who(cut);
    expect(after.org).toBeNull();
    expect(after.pid).not.toBe(pid);
  });

  verifies("ISO7", "does not mix: hundreds at once, each sees its own row and no other", async () => {
    const db = createAppDatabase(servePool(pool({ connectionsMax: 4 })));
    const orgs = Array.from({ length: 40 }, (_, i) => `org_${i}`);
    await Promise.all(orgs.map((orgId) => db.of(orgId).insert(idempotentAnswers).values(row(orgId, `of ${orgId}`))));
    const answers = await Promise.all(
      Array.from({ length: 400 }, async (_, i) => {
        const orgId = orgs[i % orgs.length] ?? "";
        const seen = i % 3 === 0 ? await db.of(orgId).transaction((tx) => tx.select().from(idempotentAnswers)) : await db.of(orgId).select().from(idempotentAnswers);
        return seen.map(({ key }) => key).join() === `of ${orgId}`;
      }),
    );
    expect(answers.filter((ok) => !ok)).toEqual([]);
  });

  verifies("ISO7", "is text, whatever it holds, and never nothing", async () => {
    const db = createAppDatabase(servePool(pool()));
    const odd = "o'rg\"; drop table secrets; --";
    await db.of(odd).insert(idempotentAnswers).values(row(odd));
    expect(await db.of(odd).select().from(idempotentAnswers)).toHaveLength(1);
    expect(await db.of("org_a").select().from(idempotentAnswers)).toEqual([]);
    expect(() => db.of("")).toThrow();
  });
});

describe.each([
  ["the pool", () => servePool(pool())],
  ["a connection per call", () => connectionPerCall(asApp(url))],
])("over %s", (_, stub) => {
  verifies(["ISO3", "ISO7"], "statements and transactions are their organization's", async () => {
    const db = createAppDatabase(stub());
    await db.of("org_a").insert(idempotentAnswers).values(row("org_a"));
    await db.of("org_b").transaction((tx) => tx.insert(idempotentAnswers).values(row("org_b")));
    await expect(db.of("org_a").insert(idempotentAnswers).values(row("org_b", "other"))).rejects.toMatchObject({ cause: { code: "42501" } });
    expect(await db.of("org_a").select({ orgId: idempotentAnswers.orgId }).from(idempotentAnswers)).toEqual([{ orgId: "org_a" }]);
    expect((await db.of("org_a").delete(idempotentAnswers)).rowCount).toBe(1);
    expect((await db.of("org_b").execute(sql`select 1 from idempotent_answers`)).rowCount).toBe(1);
  });
});

/** Counts how often the client waits for the server: each time it sends after it was answered. */
class Relay {
  turns = 0;
  #lastFromServer = true;
  readonly #server: Server;
  readonly #sockets: Socket[] = [];

  constructor(target: URL) {
    this.#server = createServer((client) => {
      const upstream = connect(Number(target.port), target.hostname);
      this.#sockets.push(client, upstream);
      client.on("data", (bytes) => {
        if (this.#lastFromServer) this.turns += 1;
        this.#lastFromServer = false;
        upstream.write(bytes);
      });
      upstream.on("data", (bytes) => {
        this.#lastFromServer = true;
        client.write(bytes);
      });
      for (const socket of [client, upstream]) socket.on("error", () => undefined);
    });
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return (this.#server.address() as { port: number }).port;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

verifies("ISO8", "a statement for an organization waits for the server as often as one without", async () => {
  const target = new URL(asApp(url));
  const relay = new Relay(new URL(target));
  target.port = String(await relay.listen());
  const subject = pool({ connectionString: target.toString() });
  const turnsOf = async (orgId: string | null): Promise<number> => {
    const before = relay.turns;
    await subject.query(WHO, orgId);
    return relay.turns - before;
  };
  await subject.query(WHO);
  expect([await turnsOf(null), await turnsOf("org_a")]).toEqual([1, 1]);
  await Promise.all(open.splice(0).map((each) => each.close()));
  relay.close();
});
