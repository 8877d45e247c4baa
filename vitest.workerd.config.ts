/** Suites that run inside workerd, against real Durable Objects, alarms and R2. */
import { cloudflareTest } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [
    cloudflareTest({
      main: "./test/workerd/worker.ts",
      miniflare: {
        compatibilityDate: "2026-07-01",
        compatibilityFlags: ["nodejs_compat", "enable_request_signal"],
        durableObjects: {
          ORG_LEDGER: { className: "OrgLedgerDO", useSQLite: true },
          ORG_EVENTS: { className: "OrgEventsDO", useSQLite: true },
          ALARM: { className: "AlarmObject", useSQLite: true },
          SESSIONS: { className: "SessionObject", useSQLite: true },
          EMPTY: { className: "EmptyObject", useSQLite: true },
        },
        r2Buckets: ["BLOBS"],
      },
    }),
  ],
  test: {
    include: ["src/**/*.workerd.test.ts", "test/**/*.workerd.test.ts", "packages/**/*.workerd.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**", "**/mutants/**"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 1,
  },
});
