/** What members state of their own connections, and bring where it is of no use, while their spending is capped. */
import type { CreateProviderKey, Model, Session } from "@berth/protocol";
import { expect, test } from "vitest";
import type { ProviderConnection } from "../../src/ports/catalog/catalog.port.ts";
import { MemoryApi, type Asked } from "../disruption/support/memory-api.ts";
import { join, type Person } from "./support/people.ts";

const CENTS = 20_000;
const HOST = "https://models.example.com";
const FREE = { price: { input: 0, output: 0 }, contextTokens: 1, outputTokens: 1 };
const SHARED = { provider: "acme", kind: "openai-compatible", baseUrl: `${HOST}/v1`, key: "sk-example-shared", models: ["memory"], details: { memory: { price: { input: 0, output: CENTS }, outputTokens: 3 } } } satisfies CreateProviderKey;
const OWN = { ...SHARED, provider: "mine", baseUrl: `${HOST}/v2`, key: "sk-example-own", scope: { kind: "user" }, details: { memory: FREE } } satisfies CreateProviderKey;

interface Bo {
  readonly api: MemoryApi;
  readonly bo: Person;
  readonly who: Asked;
}

async function start({ strips = false } = {}): Promise<Bo> {
  const api = await MemoryApi.start();
  Object.assign(api.instance.services, { stripsProviderKeys: strips });
  const bo = await join(api, "Bo");
  await api.json("PUT /v1/budgets", { body: { scope: "user", unit: "cost", limit: 4 * CENTS } });
  return { api, bo, who: { cookie: bo.cookie } };
}

/** Calls in a turn of Bo's until it is refused, and answers each status, and what was said last. */
async function callInTurn({ api, who }: Bo, provider: string): Promise<{ readonly statuses: readonly number[]; readonly said: string }> {
  const { id } = await api.json<Session>("POST /v1/sessions", { ...who, body: { model: `${provider}/memory` } });
  const session = api.berth.session(id, api.owner.orgId);
  await api.berth.until(() => api.berth.tokens.has(`${id}-1`) && session.actor.state?.status === "idle");
  await api.json(`POST /v1/sessions/${id}/messages`, { ...who, body: { text: "!ask Wait?" } });
  await api.berth.until(() => session.actor.state?.waitingFor === "question");
  const statuses: number[] = [];
  for (;;) {
    const answering = api.callModel(session, provider);
    await api.pass(70_000);
    const answer = await answering;
    const said = await answer.text();
    statuses.push(answer.status);
    if (answer.status !== 200 || statuses.length > 9) return { statuses, said };
  }
}

test("[BYK8] a price of nothing that a member states for what the organization pays for is not what counts under a cap", async () => {
  const here = await start();
  await here.api.json("POST /v1/keys", { body: SHARED });
  await here.api.json("POST /v1/keys", { ...here.who, body: OWN });
  // Each call costs one token of two cents and may cost three.
  const { statuses, said } = await callInTurn(here, "mine");
  expect([statuses, said]).toEqual([[200, 200, 402], expect.stringContaining('"user.cost\\"')]);
  const { data } = await here.api.json<{ data: Model[] }>("GET /v1/models", here.who);
  expect(data.find(({ id }) => id === "mine/memory")?.price?.output).toBe(CENTS);
}, 60_000);

test("[BYK8] a dearer price that a member states counts, and one that nobody else knows is no price", async () => {
  const dear = await start();
  await dear.api.json("POST /v1/keys", { body: SHARED });
  await dear.api.json("POST /v1/keys", { ...dear.who, body: { ...OWN, details: { memory: { price: { input: 0, output: 2 * CENTS } } } } });
  expect((await callInTurn(dear, "mine")).statuses).toEqual([402]);

  const unknown = await start();
  await unknown.api.json("POST /v1/keys", { body: { ...SHARED, baseUrl: "https://other.example.com/v1" } });
  await unknown.api.json("POST /v1/keys", { ...unknown.who, body: OWN });
  const { statuses, said } = await callInTurn(unknown, "mine");
  expect([statuses, said]).toEqual([[402], expect.stringContaining("the price of this model is not known")]);
}, 60_000);

test("[BYK7] where the gateway strips keys a key of one's own is refused with why, under a cap and without", async () => {
  const { api, who } = await start({ strips: true });
  await api.json("POST /v1/keys", { body: SHARED });
  const refused = await api.refusal("POST /v1/keys", { ...who, body: OWN });
  expect([refused.status, refused.text]).toEqual([422, expect.stringMatching(/\/scope.*MODEL_GATEWAY_KEYS=forward/s)]);
  expect((await api.instance.catalog.listProviders(api.owner.orgId)).map(({ provider }) => provider)).toEqual(["acme"]);
});

test("[BYK7] one that was kept before the gateway stripped keys is offered to nobody and takes nobody's place", async () => {
  const here = await start({ strips: true });
  const { api, bo, who } = here;
  await api.json("POST /v1/keys", { body: SHARED });
  const before = (provider: string): ProviderConnection => ({ id: `prv_${provider}`, userId: bo.userId, provider, kind: "openai-compatible", baseUrl: `${HOST}/v1`, secretName: null, models: [{ id: "memory", name: "Memory", ...FREE }], createdAtMs: 0 });
  for (const provider of ["acme", "mine"]) await api.instance.catalog.addProvider(api.owner.orgId, before(provider));
  expect((await api.json<{ data: Model[] }>("GET /v1/models", who)).data.map(({ id }) => id).sort()).toEqual(["acme/memory", "demo/demo"]);
  expect((await callInTurn(here, "acme")).statuses).toEqual([200, 200, 402]);
}, 60_000);

test("[BYK9] an address that the operator opens is for who administers", async () => {
  const { api, who } = await start();
  Object.assign(api.instance.services, { operatorOrigins: ["http://127.0.0.1:11434"] });
  const inside = { baseUrl: "http://127.0.0.1:11434/v1" };
  const refused = await api.refusal("POST /v1/keys", { ...who, body: { ...OWN, ...inside } });
  expect([refused.status, refused.text]).toEqual([422, expect.stringContaining("/baseUrl")]);
  expect((await api.ask("POST /v1/keys", { body: { ...SHARED, ...inside } })).status).toBe(201);
});
