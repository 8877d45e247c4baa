/** Suites against real products that the variables name; those whose variable is missing say so and are skipped. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.live.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**", "**/mutants/**"],
    testTimeout: 60_000,
    // Each needs the provider's port for itself.
    fileParallelism: false,
  },
});
