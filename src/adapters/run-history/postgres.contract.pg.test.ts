/** The contract on a real PostgreSQL, as the role that the Worker has there. */
import { asApp, createTestDatabase, emptyTables } from "@berth/testkit/test-database";
import { FaultyPool, injections, RAW } from "../../db/pg/faulty-pool.testkit.ts";
import { describeRunHistoryContract } from "../../ports/run-history/run-history.contract.ts";
import { createPostgresRunHistory } from "./postgres.ts";

const url = await createTestDatabase();
let pool: FaultyPool;

/** Faults that a caller's own arguments cause, or that any two flushes show, need no help. */
const asCalled = () => undefined;

describeRunHistoryContract({
  name: "postgres",
  async create() {
    await emptyTables(url);
    pool = new FaultyPool(asApp(url));
    return createPostgresRunHistory(pool.app());
  },
  dispose: () => pool.end(),
  inject: {
    ...injections(() => pool, {
      "run-history:flush:deadlock": ["mid-stream", RAW.deadlock],
      "run-history:flush:disk-full": ["mid-stream", RAW.diskFull],
      "run-history:flush:down": ["before-send", RAW.refused],
      "run-history:flush:answer-lost": ["after-apply", RAW.reset],
      "run-history:flush:cut": ["mid-stream", RAW.cut],
      "run-history:list:refused": ["before-send", RAW.badPassword],
    }),
    "run-history:get:unknown-run": asCalled,
    "run-history:list:foreign-position": asCalled,
    "run-history:flush:slow": () => pool.slow(50),
    "run-history:flush:duplicate": asCalled,
    "run-history:flush:out-of-order": asCalled,
  },
});
