/** Node suites: core, fakes, contracts on local reals. Workerd suites have their own config. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "routes/**/*.test.ts", "packages/**/*.test.ts", "test/{gates,reliability,system,disruption,fuzz,pins}/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**", "**/*.workerd.test.ts", "**/*.pg.test.ts", "**/*.live.test.ts", "**/*.e2e.test.ts", "**/mutants/**"],
    testTimeout: 60_000,
    // What was compared, in full where it fits: a report may be cut to its last lines.
    chaiConfig: { truncateThreshold: 1_000 },
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
});
