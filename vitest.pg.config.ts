/** Suites against a real PostgreSQL: one server per run, one database per file. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.pg.test.ts", "packages/**/*.pg.test.ts", "test/**/*.pg.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**", "**/mutants/**"],
    globalSetup: ["./packages/testkit/src/postgres-setup.ts"],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
});
