import type { AuditEntry } from "@berth/protocol";
import { expect, test } from "vitest";
import { Edge, MODEL } from "./testing/edge.ts";

async function entries(edge: Edge): Promise<readonly AuditEntry[]> {
  return (await edge.json<{ data: readonly AuditEntry[] }>("GET /v1/audit")).data;
}

test("what was done and what was refused is listed with who, what and how it ended, and no body", async () => {
  const edge = new Edge();
  await edge.json("POST /v1/api-keys", { body: { name: "example-name-of-a-key" } });
  expect((await edge.ask("DELETE /v1/api-keys/key_nothing", { headers: { "cf-connecting-ip": "192.0.2.7" } })).status).toBe(404);
  const found = await entries(edge);
  expect(found.map(({ action, target, outcome, status, address }) => [action, target, outcome, status, address])).toEqual(
    expect.arrayContaining([
      ["POST /v1/api-keys", {}, "done", 201, undefined],
      ["DELETE /v1/api-keys/:keyId", { keyId: "key_nothing" }, "refused", 404, "192.0.2.7"],
    ]),
  );
  expect(found[0]).toMatchObject({ actor: { kind: "api-key" }, apiKeyId: expect.stringMatching(/./) });
  expect(JSON.stringify(found)).not.toContain("example-name-of-a-key");
});

test("another organization sees nothing of it, and a member may not look", async () => {
  const edge = new Edge();
  await edge.json("POST /v1/api-keys", { body: { name: "one" } });
  expect(await edge.json("GET /v1/audit", { key: await edge.keyOf("org-b") })).toMatchObject({ data: [] });
  expect((await edge.problem("GET /v1/audit", { key: await edge.keyOf("org-a", "member") })).status).toBe(403);
});

test("messages are left to the session's own log", async () => {
  const edge = new Edge();
  const { id } = await edge.json<{ id: string }>("POST /v1/sessions", { body: { model: MODEL } });
  await edge.ask(`POST /v1/sessions/${id}/messages`, { body: { text: "hello" } });
  expect((await entries(edge)).map(({ action }) => action)).toEqual(["POST /v1/sessions"]);
});

test("what is done is done also where it cannot be written down", async () => {
  const edge = new Edge();
  edge.catalog.addAudit = () => Promise.reject(new Error("down"));
  expect((await edge.ask("POST /v1/api-keys", { body: { name: "one" } })).status).toBe(201);
  expect(String(edge.logged[0]?.error)).toContain("POST /v1/api-keys");
});

test.each([
  ["POST /v1/secrets", { name: "TOKEN", value: "example-value", readableByAgent: true }],
  ["DELETE /v1/secrets/sec_unknown", undefined],
  ["PUT /v1/secrets/sec_unknown/value", { value: "example-value" }],
  ["POST /v1/keys", { provider: "acme", kind: "openai", key: "sk-example" }],
  ["DELETE /v1/keys/prv_unknown", undefined],
  ["POST /v1/api-keys", { name: "one" }],
])("%s is on disk before it is answered", async (line, body) => {
  const edge = new Edge();
  await edge.keyOf("org-a");
  const [writing, written] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  edge.catalog.addAudit = () => {
    writing.resolve();
    return written.promise;
  };
  let isAnswered = false;
  const answer = edge.ask(line, body === undefined ? {} : { body }).then(() => (isAnswered = true));
  await writing.promise;
  await new Promise(setImmediate);
  expect(isAnswered).toBe(false);
  written.resolve();
  expect(await answer).toBe(true);
});
