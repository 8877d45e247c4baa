/** The composition for Cloudflare is booted, not believed: its own bundle, under wrangler, on PostgreSQL through Hyperdrive. */
import { stripVTControlCharacters } from "node:util";
import { verifies } from "@berth/testkit";
import { afterAll, beforeAll, expect } from "vitest";
import { CHECKS } from "../journeys/checks/all.ts";
import { buildProduction, BUNDLE_GZIP_BYTES_MAX, startProductionInstance } from "../journeys/production.ts";
import type { OwnInstance } from "../journeys/instance.ts";
import { journey } from "../journeys/run.ts";

const WAVES = 4;
/** Below the connections that PostgreSQL takes here: nothing pools behind the binding on one machine. */
const AT_ONCE = 25;

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

verifies("PRD2", "requests that come at once, also to empty caches, are all answered", async () => {
  const { url = "", apiKey = "" } = instance?.stack ?? {};
  const headers = { authorization: `Bearer ${apiKey}` };
  for (let wave = 0; wave < WAVES; wave++) {
    const paths = Array.from({ length: AT_ONCE }, (_, index) => ["/v1/me", "/v1/models", "/v1/sessions", "/v1/runs", "/v1/keys"][index % 5] ?? "");
    const statuses = await Promise.all(paths.map(async (path) => `${path} ${(await fetch(url + path, { headers })).status}`));
    expect(statuses.filter((status) => !status.endsWith(" 200"))).toEqual([]);
  }
});

verifies(
  "PRD3",
  "the journey passes against the production composition",
  async () => {
    const results = await journey({ url: instance?.stack.url ?? "", apiKey: instance?.stack.apiKey ?? "" });
    expect(results.filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${detail}`)).toEqual([]);
    expect(results).toHaveLength(CHECKS.length);
  },
  600_000,
);

/**
 * A peer that dies without a word, as a destroyed sandbox does, ends the invocation that passed its socket through; the
 * platform reports that so, and no code of ours is running that could catch it.
 */
const PEER_DIED = /^UNCAUGHT .*"Uncaught Error: Network connection lost\."/;

verifies("PRD4", "nothing was thrown that nobody caught, and no request used the sockets of another", () => {
  const lines = stripVTControlCharacters(instance?.log("worker") ?? "").split("\n");
  // With what was logged around it, which is all there is to find its cause by.
  const isBad = (line: string): boolean => /uncaught|unhandled|on behalf of a different request|hang/i.test(line) && !PEER_DIED.test(line);
  const bad = lines.flatMap((line, index) => (isBad(line) ? [lines.slice(Math.max(0, index - 4), index + 12).join("\n")] : []));
  expect(bad).toEqual([]);
});
