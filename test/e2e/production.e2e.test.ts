/** The composition for Cloudflare is booted, not believed: its own bundle, under wrangler, on PostgreSQL through Hyperdrive. */
import { stripVTControlCharacters } from "node:util";
import { Berth } from "@berth/sdk";
import { verifies } from "@berth/testkit";
import { afterAll, beforeAll, expect } from "vitest";
import { freePort } from "../../packages/launcher/src/free-port.ts";
import { CHECKS } from "../journeys/checks/all.ts";
import { buildProduction, BUNDLE_GZIP_BYTES_MAX, startProductionInstance } from "../journeys/production.ts";
import type { OwnInstance } from "../journeys/instance.ts";
import { journey } from "../journeys/run.ts";
import { dial, heard, openPreview, serve, visit } from "./support/preview-visitor.ts";
import { MODEL, untilStatus } from "./support/stack.ts";

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

verifies("PRD5", "what a sandbox serves is seen through it, and by nobody without the cookie", async () => {
  const { url = "", apiKey = "" } = instance?.stack ?? {};
  const berth = new Berth({ baseUrl: url, apiKey });
  const { id } = await berth.sessions.create({ model: MODEL });
  const session = berth.session(id);
  await untilStatus(session, ["idle"]);
  const port = await freePort();
  await serve(session, port);
  const { origin, cookie } = await openPreview(session, port);
  expect((await visit(origin, { headers: { cookie } })).text).toContain("Shop of first");
  const echoed = await visit(`${origin}/echo`, { method: "POST", headers: { cookie }, body: "x".repeat(500_000) });
  expect([echoed.status, echoed.text.length]).toEqual([200, 500_000]);
  const socket = await dial(`${origin}/ws`, { cookie, origin }, ["shop"]);
  if (typeof socket === "number") throw new Error(`refused with ${socket}`);
  socket.send("hello");
  expect([socket.protocol, await heard(socket)]).toEqual(["shop", "echo hello"]);
  socket.close();
  expect([(await visit(origin)).status, await dial(`${origin}/ws`, {})]).toEqual([401, 401]);
  await session.remove();
});

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
