import type { Discovery, Model, ProviderKey, Session } from "@berth/protocol";
import { describe, expect, test } from "vitest";
import { Edge, MODEL } from "./testing/edge.ts";

const KEY = { provider: "example", kind: "openai-compatible", baseUrl: "https://models.example.com/v1", key: "sk-example-1234" };
const REAL = "example/memory";

interface List<T> {
  readonly data: readonly T[];
}

describe("provider keys and models", () => {
  test("a key is tested, stored in the vault, listed without its value, and removed with it", async () => {
    const edge = new Edge();
    const made = await edge.ask("POST /v1/keys", { body: KEY });
    expect(made.status).toBe(201);
    const { id } = (await made.json()) as ProviderKey;
    const listed = await (await edge.ask("GET /v1/keys")).text();
    expect(JSON.parse(listed)).toMatchObject({ data: [{ id, provider: "example", hasKey: true, modelCount: 1 }], next: null });
    expect(listed).not.toContain(KEY.key);
    expect((await edge.json<List<Model>>("GET /v1/models")).data.map((model) => model.id)).toEqual([MODEL, REAL]);
    expect(await edge.vault.list("org-a")).toHaveLength(1);
    expect((await edge.ask(`DELETE /v1/keys/${id}`)).status).toBe(204);
    expect(await edge.vault.list("org-a")).toEqual([]);
    expect((await edge.ask(`DELETE /v1/keys/${id}`)).status).toBe(404);
  });

  test("a repeat under an Idempotency-Key adds one, and what is kept of it holds no key", async () => {
    const edge = new Edge();
    const asked = { body: KEY, headers: { "idempotency-key": "p1" } };
    const first = await edge.json<ProviderKey>("POST /v1/keys", asked);
    expect(await edge.json("POST /v1/keys", asked)).toEqual(first);
    expect(JSON.stringify(await edge.catalog.findAnswer("org-a", "p1"))).not.toContain(KEY.key);
    expect((await edge.ask("POST /v1/keys", { body: KEY })).status).toBe(409);
  });

  test("another organization neither sees nor removes it", async () => {
    const edge = new Edge();
    const { id } = await edge.json<ProviderKey>("POST /v1/keys", { body: KEY });
    const key = await edge.keyOf("org-b");
    expect((await edge.json<List<ProviderKey>>("GET /v1/keys", { key })).data).toEqual([]);
    expect((await edge.ask(`DELETE /v1/keys/${id}`, { key })).status).toBe(404);
    expect((await edge.ask("POST /v1/sessions", { key, body: { model: REAL } })).status).toBe(422);
  });

  test("only an admin adds one", async () => {
    const edge = new Edge();
    expect((await edge.ask("POST /v1/keys", { key: await edge.keyOf("org-a", "member"), body: KEY })).status).toBe(403);
  });
});

describe("what a session is told of providers", () => {
  test("a session of the demo model knows that one only; another knows all", async () => {
    const edge = new Edge();
    await edge.json("POST /v1/keys", { body: KEY });
    const demo = await edge.json<Session>("POST /v1/sessions", { body: { model: MODEL } });
    const real = await edge.json<Session>("POST /v1/sessions", { body: { model: REAL } });
    const told = (id: string) => edge.sessions.of("org-a", id).opens.map(({ demoOnly, providers }) => ({ demoOnly, ids: providers.map((provider) => provider.id) }));
    expect(told(demo.id)).toEqual([{ demoOnly: true, ids: ["demo"] }]);
    expect(told(real.id)).toEqual([{ demoOnly: false, ids: ["demo", "example"] }]);
    expect(JSON.stringify(edge.sessions.of("org-a", real.id).opens)).not.toContain(KEY.key);
  });

  test("a message with another model brings all providers; with the demo model, none", async () => {
    const edge = new Edge();
    await edge.json("POST /v1/keys", { body: KEY });
    const id = await edge.createSession();
    for (const model of [undefined, MODEL, REAL]) await edge.json(`POST /v1/sessions/${id}/messages`, { body: { text: "hello", model } });
    expect(edge.sessions.of("org-a", id).told).toEqual([undefined, undefined, ["demo", "example"]]);
  });
});

describe("the machine", () => {
  test("what was found is imported like any key, and then marked so", async () => {
    const edge = new Edge();
    const found = () => edge.json<List<Discovery>>("GET /v1/machine/discoveries");
    expect((await found()).data).toMatchObject([{ id: "env-1", imported: false }]);
    expect(await edge.json("POST /v1/machine/discoveries/env-1/import")).toMatchObject({ provider: "example", hasKey: true });
    expect((await found()).data).toMatchObject([{ id: "env-1", imported: true }]);
    expect((await edge.ask("POST /v1/machine/discoveries/env-9/import")).status).toBe(404);
  });

  test("its folders are for who administers: a member and a client token name none, and take no work to one", async () => {
    const edge = new Edge();
    const key = await edge.keyOf("org-a", "member");
    const folder = { model: MODEL, workspace: { kind: "folder", path: "/work/link" } };
    for (const path of ["/work/link", "/nowhere"]) expect((await edge.ask("POST /v1/machine/folders/inspect", { key, body: { path } })).status).toBe(403);
    expect(await edge.problem("POST /v1/sessions", { key, body: folder })).toMatchObject({ status: 403, fix: expect.stringContaining("a repository of the organization") });
    const { id } = await edge.json<{ id: string }>("POST /v1/sessions", { body: folder });
    expect((await edge.ask(`POST /v1/sessions/${id}/apply`, { key, body: { branch: "work" } })).status).toBe(403);
    expect((await edge.ask(`POST /v1/sessions/${id}/apply`, { body: { branch: "work" } })).status).toBe(200);
    for (const role of ["owner", "admin"] as const) expect((await edge.ask("POST /v1/sessions", { key: await edge.keyOf("org-a", role), body: folder })).status).toBe(201);
  });

  test("its folders, keys and git identity are the first organization's: who signs up and administers another is offered nothing", async () => {
    const edge = new Edge();
    await edge.keyOf("org-a");
    const key = await edge.keyOf("org-b");
    const folder = { model: MODEL, workspace: { kind: "folder", path: "/work/link" } };
    const blank = { model: MODEL };
    expect(await edge.problem("POST /v1/sessions", { key, body: folder })).toMatchObject({ status: 422, errors: [{ pointer: "/workspace/path" }] });
    for (const line of ["GET /v1/machine/discoveries", "POST /v1/machine/discoveries/env-1/import"]) expect((await edge.ask(line, { key })).status, line).toBe(404);
    expect((await edge.ask("POST /v1/machine/folders/inspect", { key, body: { path: "/work/link" } })).status).toBe(404);
    expect(await edge.catalog.listProviders("org-b")).toEqual([]);
    const { id } = await edge.json<{ id: string }>("POST /v1/sessions", { key, body: blank });
    expect(edge.sessions.of("org-b", id).opens[0]).toMatchObject({ gitIdentity: null });
    expect((await edge.ask(`POST /v1/sessions/${id}/apply`, { key, body: { branch: "work" } })).status).toBe(403);
    expect((await edge.ask("POST /v1/sessions", { body: folder })).status).toBe(201);
  });

  test("the operator names whose it is, and then it is nobody else's", async () => {
    const edge = new Edge();
    await edge.keyOf("org-a");
    edge.machineOrganizations = ["org-b"];
    const folder = { model: MODEL, workspace: { kind: "folder", path: "/work/link" } };
    expect((await edge.ask("POST /v1/sessions", { key: await edge.keyOf("org-b"), body: folder })).status).toBe(201);
    expect((await edge.ask("POST /v1/sessions", { body: folder })).status).toBe(422);
    expect((await edge.ask("POST /v1/sessions", { key: await edge.keyOf("org-b", "member"), body: folder })).status).toBe(403);
  });

  test("a folder can be looked at first", async () => {
    const edge = new Edge();
    expect(await edge.json("POST /v1/machine/folders/inspect", { body: { path: "/work/link" } })).toMatchObject({ path: "/work/repo", uncommitted: 2 });
    expect(await edge.problem("POST /v1/machine/folders/inspect", { body: { path: "/nowhere" } })).toMatchObject({ status: 422, errors: [{ pointer: "/path" }] });
  });
});

describe("the model broker", () => {
  const token = `berth_sbx_org-a.ses_00000000000000000000000000.1.${"a".repeat(64)}`;

  test("asks the session whether the token is good, and takes it where model clients put it", async () => {
    const edge = new Edge();
    const session = edge.sessions.of("org-a", "ses_00000000000000000000000000");
    for (const headers of [{ authorization: `Bearer ${token}` }, { "x-api-key": token }, { "x-goog-api-key": token }]) {
      const response = await edge.ask("POST /v1/broker/model/example/chat/completions", { key: null, body: {}, headers });
      expect(response.status).toBe(401);
      expect(await response.text()).toContain("not valid");
    }
    expect(session.brokerTokens).toEqual([token, token, token]);
  });

  test("takes no API key", async () => {
    const edge = new Edge();
    expect((await edge.ask("POST /v1/broker/model/example/chat/completions", { body: {} })).headers.get("content-type")).toBe("application/problem+json");
  });

  test("hands on the path as it came, and the query", async () => {
    const edge = new Edge();
    await edge.json("POST /v1/keys", { body: { ...KEY, kind: "google" } });
    const session = edge.sessions.of("org-a", "ses_00000000000000000000000000");
    session.grant = { orgId: "org-a", sessionId: "ses_00000000000000000000000000", epoch: 1, countedFor: null, soleUserId: null, soleWriter: null, makerId: null, runId: null, held: null, providers: ["example"], repositories: [], environmentId: null };
    await edge.ask("POST /v1/broker/model/example/models/a%20b:countTokens?alt=sse", { key: token, body: { contents: [] } });
    await edge.ask("GET /v1/broker/model/example/models?pageSize=5", { key: token });
    expect(edge.modelGateway.calls.map(({ url }) => url)).toEqual([`${KEY.baseUrl}/models/a%20b:countTokens?alt=sse`, `${KEY.baseUrl}/models?pageSize=5`]);
  });
});
