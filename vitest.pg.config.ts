/**
 * Suites against a real PostgreSQL, one server per run: in Node with a database per file, and in workerd, where all files
 * share the database behind the Hyperdrive binding.
 */
import { builtinModules } from "node:module";
import { cloudflareTest } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";
import type {} from "./packages/testkit/src/postgres-setup.ts";

const exclude = ["**/node_modules/**", "**/dist/**", "**/mutants/**"];
const timeouts = { testTimeout: 60_000, hookTimeout: 120_000 };

export default defineConfig({
  test: {
    globalSetup: ["./packages/testkit/src/postgres-setup.ts"],
    maxWorkers: 2,
    projects: [
      {
        test: {
          ...timeouts,
          name: "postgres",
          include: ["src/**/*.pg.test.ts", "packages/**/*.pg.test.ts", "test/**/*.pg.test.ts"],
          exclude: [...exclude, "**/*.workerd.pg.test.ts"],
        },
      },
      {
        plugins: [
          cloudflareTest(({ inject }) => ({
            main: "./test/workerd/postgres-worker.ts",
            miniflare: {
              compatibilityDate: "2026-07-01",
              compatibilityFlags: ["nodejs_compat", "enable_request_signal"],
              durableObjects: { PG_POOL: { className: "PgPoolDO", useSQLite: true } },
              hyperdrives: { HYPERDRIVE: inject("postgresWorkerdUrls").app, HYPERDRIVE_AUTH: inject("postgresWorkerdUrls").auth },
            },
          })),
        ],
        test: {
          ...timeouts,
          name: "postgres in workerd",
          include: ["src/**/*.workerd.pg.test.ts"],
          exclude,
          deps: {
            optimizer: {
              // `pg` is CommonJS and chooses its socket by the platform's own modules.
              ssr: {
                enabled: true,
                include: ["pg"],
                rolldownOptions: {
                  platform: "node",
                  external: [...builtinModules, ...builtinModules.map((name) => `node:${name}`), "cloudflare:sockets", "pg-native"],
                },
              },
            },
          },
        },
      },
    ],
  },
});
