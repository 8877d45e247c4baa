/** The bounded pool, and Drizzle over it, against a real server. */
import { sql } from "drizzle-orm";
import pg from "pg";
import { afterEach, describe, expect, test, vi } from "vitest";
import { startTestPostgres } from "@berth/testkit/postgres";
import { createTestDatabase } from "@berth/testkit/test-database";
import { isPortError } from "../../core/kernel/port-error.ts";
import { ConnectionPool, type ConnectionPoolOptions } from "./connection-pool.ts";
import { connectionPerCall } from "./connection-per-call.ts";
import { createPooledDatabase } from "./database.ts";
import { servePool } from "./pool-rpc.ts";
import { secrets } from "./schema/secrets.ts";

const url = await createTestDatabase();
const open: ConnectionPool[] = [];

function pool(options: Partial<ConnectionPoolOptions> = {}): ConnectionPool {
  const made = new ConnectionPool({ connectionString: url, ...options });
  open.push(made);
  return made;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

const select = (text: string, values: readonly unknown[] = []) => ({ text, values, rowMode: "object" as const });
const secret = (name: string) => ({
  orgId: "org",
  name,
  version: 1,
  keyVersion: 1,
  nonce: new Uint8Array([1, 2, 255]),
  ciphertext: new Uint8Array(0),
  createdAt: new Date("2026-11-20T10:11:12.345Z"),
});
const nameOnly = { name: secrets.name };

describe("connection pool", () => {
  test("three hundred statements at once share eight connections", async () => {
    const subject = pool();
    const answers = await Promise.all(
      Array.from({ length: 300 }, (_, i) => subject.query(select("select $1::int as n, pg_backend_pid() as pid", [i]))),
    );
    const rows = answers.map((answer) => answer.rows[0] as { n: number; pid: number });
    expect(rows.map(({ n }) => n)).toEqual(Array.from({ length: 300 }, (_, i) => i));
    expect(new Set(rows.map(({ pid }) => pid)).size).toBeLessThanOrEqual(8);
  });

  test("who waits too long, or finds the queue full, is refused with resource-exhausted and nothing applied", async () => {
    const subject = pool({ connectionsMax: 1, waitMs: 1_500, waitersMax: 1 });
    const held = await subject.lease();
    const waiting = subject.query(select("select 1"));
    await expect(subject.query(select("select 1"))).rejects.toMatchObject({ code: "resource-exhausted", outcome: "not-applied" });
    await expect(waiting).rejects.toMatchObject({ code: "resource-exhausted", outcome: "not-applied" });
    await held.release();
    expect((await subject.query(select("select 1 as one"))).rows).toEqual([{ one: 1 }]);
  });

  test("a lease given back inside a transaction is rolled back", async () => {
    const subject = pool({ connectionsMax: 1 });
    const lease = await subject.lease();
    await lease.query(select("begin"));
    await lease.query(select("create table half_done ()"));
    await lease.release();
    await lease.release();
    expect((await subject.query(select("select to_regclass('half_done') as found"))).rows).toEqual([{ found: null }]);
    await expect(lease.query(select("select 1"))).rejects.toThrow("has ended");
  });

  test("a lease whose holder vanished is taken back at its deadline", async () => {
    const subject = pool({ connectionsMax: 1, leaseMs: 400 });
    const lost = await subject.lease();
    await lost.query(select("begin"));
    await lost.query(select("create table vanished ()"));
    expect((await subject.query(select("select to_regclass('vanished') as found"))).rows).toEqual([{ found: null }]);
  });

  test("a statement that never answers fails and its connection is not used again", async () => {
    const subject = pool({ connectionsMax: 1, statementMs: 500 });
    const [before] = (await subject.query(select("select pg_backend_pid() as pid"))).rows;
    await expect(subject.query(select("select pg_sleep(60)"))).rejects.toThrow("timeout");
    const [after] = (await subject.query(select("select pg_backend_pid() as pid"))).rows;
    expect(after).not.toEqual(before);
  });

  test("after the server dropped every connection, idle or in use, calls get new ones", async () => {
    const subject = pool({ connectionsMax: 2 });
    const used = await subject.lease();
    await subject.query(select("select 1"));
    const admin = new pg.Client({ connectionString: url });
    await admin.connect();
    await admin.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()");
    await admin.end();
    await expect(used.query(select("select 1"))).rejects.toThrow();
    await used.release();
    // The news that an idle connection is closed may be behind the first call, which then fails on it.
    await vi.waitFor(async () => expect((await subject.query(select("select 1 as one"))).rows).toEqual([{ one: 1 }]), 5_000);
  });

  test("a server that is down is an error, and the pool works once it is there", async () => {
    const server = await startTestPostgres();
    const subject = pool({ connectionString: server.url });
    await subject.query(select("select 1"));
    await server.stop();
    await expect(subject.query(select("select 1"))).rejects.toThrow();
    await expect(subject.query(select("select 1"))).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });
});

describe.each([
  ["the pool", () => servePool(pool())],
  ["a connection per call", () => connectionPerCall(url)],
])("Drizzle over %s", (_, stub) => {
  const database = () => createPooledDatabase(stub());

  test("dates, bytes and numbers come back as they went", async () => {
    const db = database();
    await db.insert(secrets).values(secret("round-trip"));
    const [row] = await db.select().from(secrets);
    expect(row).toMatchObject({ version: 1, createdAt: new Date("2026-11-20T10:11:12.345Z"), rotatedAt: null });
    expect([...(row?.nonce ?? [])]).toEqual([1, 2, 255]);
    expect((await db.execute(sql`delete from secrets`)).rowCount).toBe(1);
  });

  test("a transaction has a connection of its own, beside which others work", async () => {
    const db = database();
    await db.transaction(async (tx) => {
      await tx.insert(secrets).values(secret("kept"));
      expect(await db.select(nameOnly).from(secrets)).toEqual([]);
      expect(await tx.select(nameOnly).from(secrets)).toEqual([{ name: "kept" }]);
    });
    expect(await db.select(nameOnly).from(secrets)).toEqual([{ name: "kept" }]);
    await db.delete(secrets);
  });

  test("many transactions at once do not mix, and a failed one leaves nothing", async () => {
    const db = database();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 40 }, (_, i) =>
        db.transaction(async (tx) => {
          await tx.insert(secrets).values(secret(`first-${i}`));
          if (i % 2) throw new Error("changed my mind");
          await tx.insert(secrets).values(secret(`second-${i}`));
        }),
      ),
    );
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(20);
    const names = await db.select(nameOnly).from(secrets);
    expect(names).toHaveLength(40);
    expect(names.some(({ name }) => name === "first-1")).toBe(false);
    await db.delete(secrets);
  });

  test("the server's error keeps its code, and leaves the database usable", async () => {
    const db = database();
    await db.insert(secrets).values(secret("taken"));
    await expect(db.insert(secrets).values(secret("taken"))).rejects.toMatchObject({ cause: { code: "23505", table: "secrets" } });
    await db.delete(secrets);
  });
});

test("the pool's refusal is a port error through Drizzle too", async () => {
  const only = pool({ connectionsMax: 1, waitersMax: 0 });
  const held = await only.lease();
  const db = createPooledDatabase(servePool(only));
  await expect(db.select().from(secrets)).rejects.toSatisfy((raw: Error) => isPortError(raw.cause));
  await held.release();
});
