/** The catalog broken below the API: what is asked of it fails in words, and sessions go on. */
import type { ProviderKey, Session } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { MODEL } from "../system/support/memory-berth.ts";
import { askedResources, hold, MemoryApi, outcomesOf, providerBody } from "./support/memory-api.ts";

const sessionsOf = (api: MemoryApi) => api.json<{ data: Session[] }>("GET /v1/sessions").then(({ data }) => data);
const keysOf = (api: MemoryApi) => api.json<{ data: ProviderKey[] }>("GET /v1/keys").then(({ data }) => data);
const secretsOf = (api: MemoryApi) => api.instance.vault.list(api.owner.orgId);

for (const [fault, retryAfter] of [["catalog:listSessions:down", "1"], ["catalog:listSessions:cut", "1"]] as const) {
  verifies(fault, "the list answers 503 and when to ask again, no part of a page, and open sessions go on", async () => {
    const api = await MemoryApi.start();
    await api.runOnce();
    api.faults.catalog.arm(fault);
    expect(await api.refusal("GET /v1/sessions")).toMatchObject({ status: 503, retryAfter, text: expect.not.stringContaining("ses_") });
    expect(outcomesOf(await api.runOnce())).toEqual(["completed"]);
    expect(await sessionsOf(api)).toHaveLength(2);
  });
}

verifies("catalog:listProviders:refused", "a wrong database password is 503 and in the log, says nothing of itself, and no call is made", async () => {
  const api = await MemoryApi.start();
  await api.addProvider("local");
  api.faults.catalog.arm("catalog:listProviders:refused");
  const refused = await api.refusal("GET /v1/keys");
  expect(refused).toMatchObject({ status: 503, retryAfter: null });
  expect(refused.text).not.toMatch(/password|DATABASE_URL|listProviders/);
  expect(api.logged).toMatchObject([{ path: "/v1/keys", error: { code: "permission-denied" } }]);
  expect(await keysOf(api)).toHaveLength(1);
});

verifies("catalog:listSessions:foreign-position", "a cursor that is not ours is refused, and the list goes on from the start", async () => {
  const api = await MemoryApi.start();
  await api.runOnce();
  api.faults.catalog.arm("catalog:listSessions:foreign-position");
  expect(await api.refusal("GET /v1/sessions")).toMatchObject({ status: 400, text: expect.stringContaining("position") });
  expect(await api.refusal("GET /v1/sessions?cursor=nonsense")).toMatchObject({ status: 400, text: expect.stringContaining("cursor") });
  expect(await sessionsOf(api)).toHaveLength(1);
});

verifies("catalog:removeProvider:unknown", "a provider key that is gone is 404, and one that is there stays until it is removed", async () => {
  const api = await MemoryApi.start();
  const { id } = await api.addProvider("local");
  api.faults.catalog.arm("catalog:removeProvider:unknown");
  expect((await api.refusal(`DELETE /v1/keys/${id}`)).status).toBe(404);
  expect([await keysOf(api), await secretsOf(api)]).toMatchObject([[{ id }], [{ version: 1 }]]);
  expect((await api.ask(`DELETE /v1/keys/${id}`)).status).toBe(204);
  expect((await api.refusal(`DELETE /v1/keys/${id}`)).status).toBe(404);
  expect([await keysOf(api), await secretsOf(api)]).toEqual([[], []]);
});

verifies("catalog:addProvider:taken", "of two providers of one name the second is 409, and its key is not kept", async () => {
  const api = await MemoryApi.start();
  const first = await api.addProvider("local");
  api.faults.catalog.arm("catalog:addProvider:taken");
  expect((await api.refusal("POST /v1/keys", { body: providerBody("other") })).status).toBe(409);
  expect(await secretsOf(api)).toMatchObject([{ name: `provider/${first.id}` }]);
  await api.addProvider("other");
  expect((await keysOf(api)).map(({ provider }) => provider).toSorted()).toEqual(["local", "other"]);
});

verifies("catalog:addProvider:answer-lost", "whether it was added is said not to be known; it is not sent again, and the list tells", async () => {
  const api = await MemoryApi.start();
  api.faults.catalog.arm("catalog:addProvider:answer-lost");
  expect(await api.refusal("POST /v1/keys", { body: providerBody("local") })).toMatchObject({ status: 503, retryAfter: null });
  expect(await keysOf(api)).toMatchObject([{ provider: "local", hasKey: true }]);
  const session = await api.createSession("!say hello", "local/memory");
  await api.berth.until(() => session.actor.state?.status === "idle");
  expect((await api.callModel(session, "local")).status).toBe(200);
});

verifies("catalog:rememberAnswer:duplicate", "all who come with one Idempotency-Key get the first answer, and there is one effect", async () => {
  const api = await MemoryApi.start();
  api.faults.catalog.arm("catalog:rememberAnswer:duplicate");
  const headers = { "idempotency-key": "example-1" };
  const answers = await Promise.all([1, 2].map(() => api.ask("POST /v1/keys", { body: providerBody("local"), headers })));
  const later = await api.ask("POST /v1/keys", { body: providerBody("local"), headers });
  const kept = answers.filter(({ ok }) => ok);
  const ids = await Promise.all([...kept, later].map(async (answer) => ((await answer.json()) as ProviderKey).id));
  expect(new Set(ids).size).toBe(1);
  expect(await keysOf(api)).toHaveLength(1);
});

verifies("catalog:upsertSession:slow", "a session does not wait for its line in the list, which is right once the catalog is quick again", async () => {
  const api = await MemoryApi.start();
  const held = hold(api.instance.catalog, "upsertSession");
  const session = await api.createSession("!say hello");
  const viewer = api.berth.watch(session);
  api.faults.catalog.arm("catalog:upsertSession:slow");
  await api.berth.until(() => outcomesOf(viewer.events).length === 1);
  expect(held.waiting()).toBe(1);
  held.release();
  await api.pass(2_000);
  expect(await sessionsOf(api)).toMatchObject([{ status: "idle" }]);
});

verifies("catalog:upsertSession:stale-version", "a summary that was given up and arrives after a newer one changes nothing", async () => {
  const api = await MemoryApi.start();
  const { catalog } = api.instance;
  const real = catalog.upsertSession.bind(catalog);
  const stale: (() => Promise<void>)[] = [];
  Object.assign(catalog, {
    upsertSession: (...args: Parameters<typeof real>): Promise<void> => {
      if (stale.length > 0) return real(...args);
      stale.push(() => real(...args));
      return new Promise(() => undefined);
    },
  });
  const session = await api.createSession("!say hello");
  const viewer = api.berth.watch(session);
  await api.berth.until(() => outcomesOf(viewer.events).length === 1);
  await api.pass(45_000);
  expect(await sessionsOf(api)).toMatchObject([{ status: "idle" }]);
  api.faults.catalog.arm("catalog:upsertSession:stale-version");
  await stale[0]?.();
  expect(await sessionsOf(api)).toMatchObject([{ status: "idle" }]);
});

verifies(["catalog:findEnvironment:down", "ENV3"], "while a session's environment cannot be looked up its sandbox is given nothing and asks again", async () => {
  const api = await MemoryApi.start();
  await api.json("POST /v1/environments", { body: { name: "Tests", variables: { MODE: "test" } } });
  const { id } = await api.json<Session>("POST /v1/sessions", { body: { model: MODEL, environment: "Tests" } });
  await api.berth.until(() => api.berth.tokens.has(`${id}-1`));
  const key = api.berth.tokens.get(`${id}-1`) ?? "";
  api.faults.catalog.arm("catalog:findEnvironment:down");
  expect((await api.refusal("GET /v1/sandbox/environment", { key })).status).toBe(503);
  expect(await api.json("GET /v1/sandbox/environment", { key })).toEqual({ environment: { variables: { MODE: "test" }, setupScript: "", ports: [] } });
});

verifies(["catalog:findEnvironment:down", "ENV15"], "while it cannot be looked up no sandbox is made without what it asks for, and the start goes on once it can", async () => {
  const api = await MemoryApi.start();
  const asked = askedResources(api);
  await api.json("POST /v1/environments", { body: { name: "Small", resources: { memoryMb: 512 } } });
  api.faults.catalog.arm("catalog:findEnvironment:down");
  const { id } = await api.json<Session>("POST /v1/sessions", { body: { model: MODEL, environment: "Small", prompt: "!say hello" } });
  const session = api.berth.session(id, api.owner.orgId);
  const viewer = api.berth.watch(session);
  await api.berth.until(() => outcomesOf(viewer.events).length === 1);
  expect([outcomesOf(viewer.events), asked]).toEqual([["completed"], [{ memoryMb: 512 }]]);
});
