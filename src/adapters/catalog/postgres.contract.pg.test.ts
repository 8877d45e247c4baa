/** The contract on a real PostgreSQL, as the role that the Worker has there. */
import { asApp, createTestDatabase, emptyTables } from "@berth/testkit/test-database";
import { FaultyPool, injections, RAW } from "../../db/pg/faulty-pool.testkit.ts";
import { describeCatalogContract } from "../../ports/catalog/catalog.contract.ts";
import { createPostgresCatalog } from "./postgres.ts";

const url = await createTestDatabase();
let pool: FaultyPool;
let nowMs = Date.parse("2026-11-20T10:00:00.000Z");

/** Faults that a caller's own arguments cause need no help. */
const asCalled = () => undefined;

describeCatalogContract({
  name: "postgres",
  async create() {
    await emptyTables(url);
    pool = new FaultyPool(asApp(url));
    return createPostgresCatalog(pool.app(), { now: () => nowMs });
  },
  dispose: () => pool.end(),
  advance: (ms) => {
    nowMs += ms;
  },
  inject: {
    ...injections(() => pool, {
      "catalog:upsertSession:disk-full": ["before-send", RAW.diskFull],
      "catalog:upsertSession:answer-lost": ["after-apply", RAW.reset],
      "catalog:addProvider:answer-lost": ["after-apply", RAW.reset],
      "catalog:listSessions:down": ["before-send", RAW.refused],
      "catalog:listSessions:cut": ["mid-stream", RAW.cut],
      "catalog:listProviders:refused": ["before-send", RAW.badPassword],
      "catalog:findEnvironment:down": ["before-send", RAW.refused],
    }),
    "catalog:removeProvider:unknown": asCalled,
    "catalog:addProvider:taken": asCalled,
    "catalog:listSessions:foreign-position": asCalled,
    "catalog:rememberAnswer:duplicate": asCalled,
    "catalog:upsertSession:stale-version": asCalled,
    "catalog:upsertSession:slow": () => pool.slow(50),
  },
});
