/** The composition for Cloudflare is booted, not believed: its own bundle, under wrangler, on PostgreSQL through Hyperdrive. */
import { verifies } from "@berth/testkit";
import { afterAll, beforeAll, expect } from "vitest";
import { CHECKS } from "../journeys/checks/all.ts";
import { buildProduction, BUNDLE_GZIP_BYTES_MAX, startProductionInstance } from "../journeys/production.ts";
import type { OwnInstance } from "../journeys/instance.ts";
import { journey } from "../journeys/run.ts";

let instance: OwnInstance | null = null;

beforeAll(async () => {
  instance = await startProductionInstance();
}, 240_000);

afterAll(async () => {
  await instance?.stop();
}, 60_000);

verifies("PRD1", "the bundle is small enough to be uploaded", async () => {
  const { gzipBytes } = await buildProduction();
  expect(gzipBytes).toBeLessThan(BUNDLE_GZIP_BYTES_MAX);
});

verifies(
  "PRD2",
  "the journey passes against the production composition",
  async () => {
    const results = await journey({ url: instance?.stack.url ?? "", apiKey: instance?.stack.apiKey ?? "" });
    expect(results.filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${detail}`)).toEqual([]);
    expect(results).toHaveLength(CHECKS.length);
  },
  600_000,
);

verifies("PRD3", "nothing was thrown that nobody caught, and no request used the sockets of another", () => {
  const bad = (instance?.log("worker") ?? "").split("\n").filter((line) => /uncaught|unhandled|on behalf of a different request|hang/i.test(line));
  expect(bad).toEqual([]);
});
