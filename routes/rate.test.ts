import { expect, test } from "vitest";
import type { AuditEntry } from "@berth/protocol";
import { makeSessionId } from "../src/app/http/session-id.ts";
import { BUCKETS_MAX, createRateLimiter } from "../src/app/http/rate-limit.ts";
import { postForm } from "./testing/forms.ts";
import { limitsOf } from "./testing/limits.ts";
import { Edge, NOW_MS } from "./testing/edge.ts";

function limited(credential: number, address = 100): Edge {
  const edge = new Edge();
  edge.rateLimiter = createRateLimiter(limitsOf({ limit: 2, windowS: 60 }, { credential: { limit: credential, windowS: 60 }, address: { limit: address, windowS: 60 } }), () => NOW_MS);
  return edge;
}

test("every answer says how many requests are left, a refusal too", async () => {
  const edge = limited(10);
  const first = await edge.ask("GET /v1/me");
  expect([first.headers.get("ratelimit-policy"), first.headers.get("ratelimit")]).toEqual(['"credential";q=10;w=60', '"credential";r=9;t=6']);
  expect((await edge.ask("GET /v1/sessions/nothing")).headers.get("ratelimit")).toBe('"credential";r=8;t=12');
});

test("past the limit a caller is told how long to wait, and others go on", async () => {
  const edge = limited(2);
  await edge.ask("GET /v1/me");
  await edge.ask("GET /v1/me");
  const refused = await edge.ask("GET /v1/me");
  expect([refused.status, refused.headers.get("retry-after"), refused.headers.get("ratelimit")]).toEqual([429, "30", '"credential";r=0;t=30']);
  expect(await refused.json()).toMatchObject({ type: "https://berth.dev/problems/rate-limited", fix: "Ask again in 30 s, as Retry-After says." });
  expect((await edge.ask("GET /v1/me", { key: await edge.keyOf("org-b") })).status).toBe(200);
});

test("who guesses keys is stopped by the network address, and callers with a valid key there are not", async () => {
  const edge = limited(10, 2);
  const guess = async (address: string) => (await edge.ask("GET /v1/me", { key: "wrong", headers: { "cf-connecting-ip": address } })).status;
  expect([await guess("192.0.2.1"), await guess("192.0.2.1"), await guess("192.0.2.1"), await guess("192.0.2.2")]).toEqual([401, 401, 429, 401]);
  const from = { headers: { "cf-connecting-ip": "192.0.2.1" } };
  expect((await edge.ask("GET /v1/me", from)).status).toBe(429);
  edge.remembers = async (known) => known.kind === "bearer" && known.token === (await edge.keyOf("org-a"));
  expect((await edge.ask("GET /v1/me", from)).status).toBe(200);
  expect((await edge.ask("GET /v1/me", { ...from, key: await edge.keyOf("org-b") })).status).toBe(429);
});

test("who guesses is not looked up any more, and where no address is known nobody is told no for somebody else", async () => {
  const edge = limited(10, 2);
  const asked: string[] = [];
  const { authenticate } = edge.identity;
  edge.identity.authenticate = (credentials) => (asked.push(credentials.kind), authenticate.call(edge.identity, credentials));
  const guess = (headers: Record<string, string>) => edge.ask("GET /v1/me", { key: "wrong", headers });
  for (let n = 0; n < 5; n++) await guess({ "cf-connecting-ip": "192.0.2.1" });
  expect(asked.length).toBe(2);
  for (let n = 0; n < 5; n++) await guess({});
  expect((await edge.ask("GET /v1/me")).status).toBe(200);
});

test.each([
  ["another header, which a client may send itself", "x-real-ip", { "cf-connecting-ip": "192.0.2.1" }, undefined],
  ["the one that the operator names", "x-real-ip", { "x-real-ip": "192.0.2.1", "cf-connecting-ip": "192.0.2.9" }, "192.0.2.1"],
  ["of a list the last, which the nearest part added", "x-forwarded-for", { "x-forwarded-for": "203.0.113.9, 192.0.2.1" }, "192.0.2.1"],
  ["what is no address", "x-real-ip", { "x-real-ip": "somewhere" }, undefined],
  ["a header that nobody named", undefined, { "cf-connecting-ip": "192.0.2.1" }, undefined],
])("an address is believed from the named header: %s", async (_, header, headers, expected) => {
  const edge = new Edge();
  edge.clientAddressHeader = header;
  await edge.ask("POST /v1/teams", { body: { name: "one" }, headers });
  const { data } = await edge.json<{ data: AuditEntry[] }>("GET /v1/audit");
  expect(data[0]?.address).toBe(expected);
});

test("a new address of the same network in every request is one place", async () => {
  const edge = limited(10, 2);
  const guess = async (address: string) => (await edge.ask("GET /v1/me", { key: "wrong", headers: { "cf-connecting-ip": address } })).status;
  expect([await guess("2001:db8:0:1::1"), await guess("2001:db8:0:1::2"), await guess("2001:db8:0:1:f::3"), await guess("2001:db8:0:2::1")]).toEqual([401, 401, 429, 401]);
});

test("pages for people nobody knows, and links, are counted by place", async () => {
  for (const line of ["GET /sign-in", "GET /sign-in?token=made-up", "GET /sign-up", "GET /invitation?token=made-up", "POST /v1/share-links/redeem"]) {
    const edge = limited(10);
    const key = line.endsWith("redeem") ? `shl_org-a.${makeSessionId("org-a", NOW_MS, new Uint8Array(16))}.${"0".repeat(48)}` : null;
    const statuses: number[] = [];
    for (let n = 0; n < 3; n++) statuses.push((await edge.ask(line, { key })).status);
    expect([line, statuses.map((status) => status === 429)]).toEqual([line, [false, false, true]]);
  }
});

test("made-up codes of programs are counted by place, and push nobody else's counter out", async () => {
  const edge = limited(10);
  const collect = async (code: string, from: string) => (await edge.ask("POST /device/collect", { key: null, body: { deviceCode: code }, headers: { "cf-connecting-ip": from } })).status;
  expect([await collect("a", "192.0.2.1"), await collect("b", "192.0.2.1"), await collect("c", "192.0.2.1")]).toEqual([404, 404, 429]);
  const post = (email: string) => postForm(edge, "/sign-in", { email, password: "wrong-password" }, { "cf-connecting-ip": "192.0.2.7" });
  await post("ada@example.com");
  await post("ada@example.com");
  for (let n = 0; n <= BUCKETS_MAX; n++) edge.rateLimiter?.take("device", `made-up-${n}`);
  edge.rateLimiter?.take("place", "192.0.2.8");
  const again = await postForm(edge, "/sign-in", { email: "ada@example.com", password: "wrong-password" }, { "cf-connecting-ip": "192.0.2.8" });
  expect(again.status).toBe(429);
});

test("a sandbox's calls are counted by its token", async () => {
  const edge = limited(10);
  const key = `berth_sbx_org-a.ses_${"0".repeat(26)}.1.${"0".repeat(64)}`;
  const statuses: number[] = [];
  for (let n = 0; n < 3; n++) statuses.push((await edge.ask("GET /v1/sandbox/secrets", { key })).status);
  expect(statuses).toEqual([401, 401, 429]);
});
