/** Identity broken below the API: nobody is let in who should not be, nobody is told to throw a good key away. */
import type { ApiKey, CreatedApiKey } from "@berth/protocol";
import { CLOSE_CODES } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { hold, MemoryApi, outcomesOf } from "./support/memory-api.ts";

const DAY_MS = 86_400_000;
const OPERATOR = { headers: { authorization: "Bearer example-operator-token-of-32-characters" } } as const;

const keysOf = (api: MemoryApi) => api.json<{ data: ApiKey[] }>("GET /v1/api-keys").then(({ data }) => data);
const createKey = (api: MemoryApi, body: object = { name: "mine" }) => api.json<CreatedApiKey>("POST /v1/api-keys", { body });

for (const fault of ["identity:authenticate:down", "identity:authenticate:cut"]) {
  verifies(fault, "who is not known gets 503 and when to ask again, never 401; who was known lately goes on, and so does their run", async () => {
    const api = await MemoryApi.start();
    const { key } = await createKey(api);
    const session = await api.createSession("!sleep 1000\n!say done");
    const viewer = api.berth.watch(session);
    api.faults.identity.arm(fault, { times: 2 });
    for (let tries = 0; tries < 2; tries++) expect(await api.refusal("GET /v1/me", { key })).toMatchObject({ status: 503, retryAfter: "1" });
    expect((await api.ask("GET /v1/me")).status).toBe(200);
    expect((await api.ask("GET /v1/me", { key })).status).toBe(200);
    await api.berth.until(() => outcomesOf(viewer.events).length === 1);
    expect(outcomesOf(viewer.events)).toEqual(["completed"]);
  });
}

verifies("identity:authenticate:slow", "requests of one key wait for one lookup together", async () => {
  const api = await MemoryApi.start();
  const { key } = await createKey(api);
  api.faults.identity.arm("identity:authenticate:slow");
  const held = hold(api.instance.identity, "authenticate");
  const asked = [1, 2, 3].map(() => api.ask("GET /v1/me", { key }));
  await api.berth.until(() => held.waiting() > 0);
  expect(held.waiting()).toBe(1);
  held.release();
  expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([200, 200, 200]);
});

verifies("identity:authenticate:expired", "an expired key is 401, and a new one works", async () => {
  const api = await MemoryApi.start();
  const { key } = await createKey(api, { name: "short", expiresInDays: 1 });
  expect((await api.ask("GET /v1/me", { key })).status).toBe(200);
  api.berth.time.advance(DAY_MS + 1);
  api.faults.identity.arm("identity:authenticate:expired");
  expect((await api.refusal("GET /v1/me", { key })).status).toBe(401);
  const { key: renewed } = await createKey(api);
  expect((await api.ask("GET /v1/me", { key: renewed })).status).toBe(200);
});

verifies("identity:authenticate:revoked", "a revoked key is 401 at once, and what was opened with it is closed", async () => {
  const api = await MemoryApi.start();
  const { key, id } = await createKey(api);
  expect((await api.ask("GET /v1/me", { key })).status).toBe(200);
  const session = await api.createSession("!say hello");
  await api.berth.until(() => session.actor.state?.status === "idle");
  await api.pass(1_000);
  const closed: number[] = [];
  session.openViewer({ actor: { kind: "api-key", id }, apiKeyId: id, role: "owner" }, 0, { frame: () => undefined, closed: (code) => closed.push(code) });
  api.faults.identity.arm("identity:authenticate:revoked");
  expect((await api.ask(`DELETE /v1/api-keys/${id}`)).status).toBe(204);
  expect((await api.refusal("GET /v1/me", { key })).status).toBe(401);
  expect(closed).toEqual([CLOSE_CODES.unauthorized]);
  expect((await api.ask("GET /v1/me")).status).toBe(200);
});

verifies("identity:revokeApiKey:unknown", "a key that is gone is 404, and one that is there stays until it is revoked", async () => {
  const api = await MemoryApi.start();
  const { id } = await createKey(api);
  api.faults.identity.arm("identity:revokeApiKey:unknown");
  expect((await api.refusal(`DELETE /v1/api-keys/${id}`)).status).toBe(404);
  expect((await api.ask(`DELETE /v1/api-keys/${id}`)).status).toBe(204);
  expect((await api.refusal(`DELETE /v1/api-keys/${id}`)).status).toBe(404);
  expect((await keysOf(api)).map((key) => key.id)).not.toContain(id);
});

verifies("identity:createApiKey:disk-full", "no key is made, and one is once there is room", async () => {
  const api = await MemoryApi.start();
  api.faults.identity.arm("identity:createApiKey:disk-full");
  expect(await api.refusal("POST /v1/api-keys", { body: { name: "mine" } })).toMatchObject({ status: 503, retryAfter: "1" });
  expect((await keysOf(api)).map(({ name }) => name)).toEqual(["test"]);
  await createKey(api);
  expect((await keysOf(api)).map(({ name }) => name).toSorted()).toEqual(["mine", "test"]);
});

verifies("identity:createApiKey:answer-lost", "it is not made a second time; the one nobody saw is in the list and can be revoked", async () => {
  const api = await MemoryApi.start();
  const asked = { body: { name: "mine" }, headers: { "idempotency-key": "example-1" } };
  api.faults.identity.arm("identity:createApiKey:answer-lost");
  expect(await api.refusal("POST /v1/api-keys", asked)).toMatchObject({ status: 503, retryAfter: null });
  expect((await api.refusal("POST /v1/api-keys", asked)).status).toBe(409);
  const unseen = (await keysOf(api)).filter(({ name }) => name === "mine");
  expect(unseen).toHaveLength(1);
  expect((await api.ask(`DELETE /v1/api-keys/${unseen[0]?.id ?? ""}`)).status).toBe(204);
});

verifies("identity:listApiKeys:refused", "a wrong database password is 503 and in the log, and says nothing of itself", async () => {
  const api = await MemoryApi.start();
  api.faults.identity.arm("identity:listApiKeys:refused");
  const refused = await api.refusal("GET /v1/api-keys");
  expect(refused).toMatchObject({ status: 503, retryAfter: null });
  expect(refused.text).not.toMatch(/password|DATABASE_URL/);
  expect(api.logged).toMatchObject([{ path: "/v1/api-keys", error: { port: "identity", code: "permission-denied" } }]);
  expect(await keysOf(api)).toHaveLength(1);
});

verifies("identity:ensureOwner:contended", "a first start that is told to ask again does so, and finds the owner that is there", async () => {
  const api = await MemoryApi.start();
  api.faults.identity.arm("identity:ensureOwner:contended", { times: 3 });
  const made = await api.json<{ organization: { id: string }; apiKey: string }>("POST /internal/bootstrap", { ...OPERATOR, body: {} });
  expect(made.organization.id).toBe(api.owner.orgId);
  expect((await api.ask("GET /v1/me", { key: made.apiKey })).status).toBe(200);
  api.faults.identity.arm("identity:ensureOwner:contended", { times: 100 });
  expect(await api.refusal("POST /internal/bootstrap", { ...OPERATOR, body: {} })).toMatchObject({ status: 503, retryAfter: "1" });
});

verifies("identity:redeemSignInToken:duplicate", "a sign-in link works once; its second use is refused, and a new link works", async () => {
  const api = await MemoryApi.start();
  const link = async (): Promise<string> => `GET /sign-in?token=${await api.instance.identity.createSignInToken(api.owner.userId)}`;
  const first = await link();
  const signedIn = await api.ask(first);
  api.faults.identity.arm("identity:redeemSignInToken:duplicate");
  const again = await api.ask(first);
  expect([signedIn.status, signedIn.headers.has("set-cookie"), again.status, again.headers.has("set-cookie")]).toEqual([303, true, 410, false]);
  expect((await api.ask(await link())).status).toBe(303);
});
