/** Suites against running instances with the real agent: two files at a time, since each starts a whole instance and waits a lot. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/e2e/**/*.e2e.test.ts", "packages/**/*.e2e.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    globalSetup: ["./test/e2e/support/build.ts"],
    // Whoever wants sandboxes that wait says so.
    env: { SANDBOXES_WARM_MAX: "0" },
    testTimeout: 180_000,
    // What was compared, in full where it fits: a report may be cut to its last lines.
    chaiConfig: { truncateThreshold: 1_000 },
    hookTimeout: 180_000,
    maxWorkers: 2,
  },
});
