import type { CreatedApiKey, Message, Session } from "@berth/protocol";
import { describe, expect, test } from "vitest";
import { createRequestHash } from "../src/app/http/request-hash.ts";
import { hexOf } from "../src/core/kernel/hex.ts";
import { Edge, MODEL } from "./testing/edge.ts";

const keyed = (key: string) => ({ "idempotency-key": key });

describe("creating a session", () => {
  test("a repeat with the same key and body answers the same, and one session is made", async () => {
    const edge = new Edge();
    const asked = { body: { model: MODEL, title: "Once" }, headers: keyed("k1") };
    const first = await edge.ask("POST /v1/sessions", asked);
    const again = await edge.ask("POST /v1/sessions", asked);
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    expect(await again.text()).toBe(await first.text());
    expect(await edge.sessions.opened()).toHaveLength(1);
  });

  test("the same key with another body, or at another address, is 422", async () => {
    const edge = new Edge();
    await edge.json("POST /v1/sessions", { body: { model: MODEL }, headers: keyed("k1") });
    for (const [line, body] of [
      ["POST /v1/sessions", { model: MODEL, title: "Other" }],
      ["POST /v1/keys", { provider: "example", kind: "openai" }],
    ] as const) {
      expect(await edge.problem(line, { body, headers: keyed("k1") })).toMatchObject({ status: 422, type: expect.stringContaining("idempotency-mismatch") });
    }
    expect(await edge.sessions.opened()).toHaveLength(1);
  });

  test("repeats that arrive at once make one session", async () => {
    const edge = new Edge();
    const asked = { body: { model: MODEL, prompt: "hello" }, headers: keyed("k1") };
    const answers = await Promise.all(Array.from({ length: 5 }, () => edge.json<Session>("POST /v1/sessions", asked)));
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    expect(await edge.sessions.opened()).toHaveLength(1);
  });

  test("the same key in another organization is another request", async () => {
    const edge = new Edge();
    const asked = { body: { model: MODEL }, headers: keyed("k1") };
    const mine = await edge.json<Session>("POST /v1/sessions", asked);
    const theirs = await edge.json<Session>("POST /v1/sessions", { ...asked, key: await edge.keyOf("org-b") });
    expect(theirs.id).not.toBe(mine.id);
  });

  test("a refused request may be corrected under the same key", async () => {
    const edge = new Edge();
    expect((await edge.ask("POST /v1/sessions", { body: { model: "nobody/nothing" }, headers: keyed("k1") })).status).toBe(422);
    expect((await edge.ask("POST /v1/sessions", { body: { model: MODEL }, headers: keyed("k1") })).status).toBe(201);
  });

  test("without a key each request makes its own", async () => {
    const edge = new Edge();
    expect(await edge.createSession()).not.toBe(await edge.createSession());
  });
});

describe("other effects", () => {
  test("a message's key is kept by the session", async () => {
    const edge = new Edge();
    const id = await edge.createSession();
    const send = (text: string) => edge.ask(`POST /v1/sessions/${id}/messages`, { body: { text }, headers: keyed("m1") });
    const first = (await (await send("hello")).json()) as Message;
    expect(await (await send("hello")).json()).toEqual(first);
    expect((await send("another")).status).toBe(422);
    expect(await edge.catalog.findAnswer("org-a", "m1")).toBeNull();
  });

  test("a stop is remembered by the catalog", async () => {
    const edge = new Edge();
    const id = await edge.createSession();
    for (let i = 0; i < 2; i++) await edge.json(`POST /v1/sessions/${id}/stop`, { headers: keyed("s1") });
    expect(edge.sessions.of("org-a", id).authors).toHaveLength(1);
  });

  test("an API key is made once; a repeat is refused and no secret is stored", async () => {
    const edge = new Edge();
    const asked = { body: { name: "ci" }, headers: keyed("a1") };
    const answers = await Promise.all(Array.from({ length: 3 }, () => edge.ask("POST /v1/api-keys", asked)));
    // Which of them is first is nobody's promise.
    const [first, ...others] = answers.filter(({ status }) => status === 201);
    const repeats = answers.filter((answer) => answer !== first);
    expect([first?.status, others]).toEqual([201, []]);
    const made = (await first?.json()) as CreatedApiKey;
    for (const repeat of [...repeats, await edge.ask("POST /v1/api-keys", asked)]) {
      expect(repeat.status).toBe(409);
      expect(repeat.headers.get("content-type")).toBe("application/problem+json");
      expect(await repeat.json()).toMatchObject({ type: expect.stringContaining("conflict"), fix: expect.stringContaining("revoke") });
    }
    const { data } = await edge.json<{ data: readonly { name: string }[] }>("GET /v1/api-keys");
    expect(data.filter(({ name }) => name === "ci")).toHaveLength(1);
    expect(JSON.stringify(await edge.catalog.findAnswer("org-a", "a1"))).not.toContain(made.key);
  });
});

test("what is stored of a body with a secret says nothing to who tries out values", async () => {
  const edge = new Edge();
  const body = { name: "PIN", value: "1234", readableByAgent: true };
  await edge.json("POST /v1/secrets", { body, headers: keyed("s1") });
  const stored = await edge.catalog.findAnswer("org-a", "s1");
  const tried = new TextEncoder().encode(`POST /v1/secrets\n${JSON.stringify(body)}`);
  expect(stored?.bodyHash).not.toBe(hexOf(new Uint8Array(await crypto.subtle.digest("SHA-256", tried))));
  const again = createRequestHash("example-secret-of-another");
  expect(stored?.bodyHash).not.toBe(await again("POST /v1/secrets", new TextEncoder().encode(JSON.stringify(body))));
  expect((await edge.ask("POST /v1/secrets", { body, headers: keyed("s1") })).headers.get("idempotent-replayed")).toBe("true");
});
