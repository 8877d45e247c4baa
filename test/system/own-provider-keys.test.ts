/** Keys of model providers that people bring for themselves: in which turns they are used, and who is told of them. */
import type { CreateProviderKey, Model, ProviderKey, Session } from "@berth/protocol";
import { beforeEach, expect, test } from "vitest";
import { MemoryApi, type Asked } from "../disruption/support/memory-api.ts";
import { join, type Person } from "./support/people.ts";

const SHARED_KEY = "sk-example-shared";
const OWN_KEY = "sk-example-adas-own";
const BODY = { provider: "acme", kind: "openai-compatible", baseUrl: "https://models.example.com/v1" } satisfies Partial<CreateProviderKey>;
const OWN = { ...BODY, key: OWN_KEY, scope: { kind: "user" } } satisfies CreateProviderKey;

let api: MemoryApi;
let ada: Person;
let bo: Person;

beforeEach(async () => {
  api = await MemoryApi.start();
  [ada, bo] = [await join(api, "Ada"), await join(api, "Bo")];
});

const by = ({ cookie }: Person): Asked => ({ cookie });
const add = (who: Asked, body: CreateProviderKey) => api.json<ProviderKey>("POST /v1/keys", { ...who, body });
const models = async (who: Asked) => (await api.json<{ data: Model[] }>("GET /v1/models", who)).data.map(({ id }) => id).sort();
const stateOf = ({ id }: Session) => api.berth.session(id, api.owner.orgId).actor.state;

async function open(who: Asked, model: string): Promise<Session> {
  const session = await api.json<Session>("POST /v1/sessions", { ...who, body: { model } });
  await api.berth.until(() => api.berth.tokens.has(`${session.id}-1`) && stateOf(session)?.status === "idle");
  return session;
}

/** A turn that waits for an answer, so that it is surely running. */
async function begin(session: Session, who: Asked): Promise<void> {
  await api.json(`POST /v1/sessions/${session.id}/messages`, { ...who, body: { text: "!ask Wait?" } });
  await api.berth.until(() => stateOf(session)?.waitingFor === "question");
}

async function during(session: Session, who: Asked, work: () => Promise<void>): Promise<void> {
  await begin(session, who);
  await work();
  const requestId = stateOf(session)?.run?.requests[0]?.requestId;
  await api.json(`POST /v1/sessions/${session.id}/answer`, { ...who, body: { requestId, answer: { kind: "question", answers: [["Yes"]] } } });
  await api.berth.until(() => stateOf(session)?.status === "idle");
}

/** The key that the provider got; else what the sandbox was told. */
async function call(session: Session, provider = "acme"): Promise<string> {
  const { calls } = api.instance.modelGateway;
  const before = calls.length;
  const answer = await api.callModel(api.berth.session(session.id, api.owner.orgId), provider);
  const text = await answer.text();
  expect(text).not.toContain("sk-example");
  return calls[before]?.headers.get("authorization")?.replace("Bearer ", "") ?? `${answer.status} ${text}`;
}

test("[BYK4] a person's own goes out in turns that they alone ask for, and the organization's in every other and between them", async () => {
  await add({}, { ...BODY, key: SHARED_KEY });
  await add(by(ada), OWN);
  const session = await open(by(ada), "acme/memory");
  expect(await call(session)).toBe(SHARED_KEY);
  await during(session, by(ada), async () => {
    expect(await call(session)).toBe(OWN_KEY);
    await api.json(`POST /v1/sessions/${session.id}/messages`, { ...by(bo), body: { text: "!say on my account?", delivery: "steer" } });
    expect(await call(session)).toBe(SHARED_KEY);
  });
  for (const other of [by(bo), { key: ada.key }, by(ada)]) await during(session, other, async () => expect(await call(session)).toBe(SHARED_KEY));
});

test("[BYK4] after a turn of somebody else, which may have left something running, its person's goes out in none", async () => {
  await add({}, { ...BODY, key: SHARED_KEY });
  await add(by(ada), OWN);
  const session = await open(by(ada), "acme/memory");
  await during(session, by(bo), async () => expect(await call(session)).toBe(SHARED_KEY));
  await during(session, by(ada), async () => expect(await call(session)).toBe(SHARED_KEY));
});

test("[BYK4][BYK10] where the organization has none, nobody else's message is taken on it, and between turns the agent is told why", async () => {
  await add(by(ada), { ...OWN, provider: "mine" });
  await add({}, { ...BODY, key: SHARED_KEY });
  const session = await open(by(ada), "mine/memory");
  const path = `/v1/sessions/${session.id}/messages`;
  expect(await api.refusal(`POST ${path}`, { ...by(bo), body: { text: "!say on your account?" } })).toMatchObject({ status: 409, text: expect.stringContaining("Name one of the organization's models") });
  await during(session, by(ada), async () => {
    expect((await api.ask(`POST ${path}`, { ...by(bo), body: { text: "!say hello", model: "acme/memory", delivery: "steer" } })).status).toBe(409);
    const requestId = stateOf(session)?.run?.requests[0]?.requestId;
    expect((await api.ask(`POST /v1/sessions/${session.id}/answer`, { ...by(bo), body: { requestId, answer: { kind: "question", answers: [["Yes"]] } } })).status).toBe(409);
    expect(await call(session, "mine")).toBe(OWN_KEY);
  });
  expect(await call(session, "mine")).toMatch(/^404 .*A person's own is used only in their turns of a session that nobody else has worked in/);
});

test("[BYK4] the key of somebody who is no member any more is used for nothing, also before it is deleted", async () => {
  await add(by(ada), OWN);
  const session = await open(by(ada), "acme/memory");
  await begin(session, by(ada));
  expect(await call(session)).toBe(OWN_KEY);
  // Not by way of the API, which would delete it.
  api.instance.identity.removeMember(api.owner.orgId, ada.userId);
  await api.pass(31_000);
  expect(await call(session)).toMatch(/^404 /);
});

test("[BYK3] its models are offered to its person, signed in, and to nobody else", async () => {
  await add(by(ada), { ...OWN, provider: "mine" });
  await add({}, { ...BODY, key: SHARED_KEY });
  expect(await models(by(ada))).toEqual(["acme/memory", "demo/demo", "mine/memory"]);
  for (const other of [by(bo), { key: ada.key }, {}]) {
    expect(await models(other)).toEqual(["acme/memory", "demo/demo"]);
    expect((await api.ask("POST /v1/sessions", { ...other, body: { model: "mine/memory" } })).status).toBe(422);
  }
});

test("[BYK6] somebody who brings their list of models leaves the others' own in the session", async () => {
  await add(by(ada), { ...OWN, provider: "mine" });
  await add({}, { ...BODY, key: SHARED_KEY });
  const session = await open(by(ada), "mine/memory");
  await during(session, by(ada), async () => {
    await api.json(`POST /v1/sessions/${session.id}/messages`, { ...by(bo), body: { text: "!say next", model: "acme/memory" } });
    expect(await call(session, "mine")).toBe(OWN_KEY);
  });
  expect(stateOf(session)?.settings.providers.map(({ id, ownerId }) => [id, ownerId])).toEqual([["demo", undefined], ["acme", undefined], ["mine", ada.userId]]);
  const told = JSON.stringify(stateOf(session)?.lease?.link);
  expect(told).not.toContain("ownerId");
});

test("[BYK2] each member keeps and removes their own, which only who administers sees and removes besides", async () => {
  const watching = await join(api, "Vic", "viewer");
  const [adas, bos] = [await add(by(ada), OWN), await add({ key: bo.key }, { ...OWN, key: "sk-example-bos" })];
  expect(adas.scope).toEqual({ kind: "user", userId: ada.userId });
  const shared = await add({}, { ...BODY, key: SHARED_KEY });
  const seen = async (who: Asked) => (await api.json<{ data: ProviderKey[] }>("GET /v1/keys", who)).data.map(({ id }) => id).sort();
  const some = (...keys: readonly ProviderKey[]) => keys.map(({ id }) => id).sort();
  expect([await seen(by(ada)), await seen(by(bo)), await seen({})]).toEqual([some(adas, shared), some(bos, shared), some(adas, bos, shared)]);
  expect((await api.ask("POST /v1/keys", { ...by(watching), body: OWN })).status).toBe(403);
  expect(await seen(by(watching))).toEqual([shared.id]);

  const refusals: readonly (readonly [string, Asked, number])[] = [
    ["POST /v1/keys", { ...by(ada), body: { ...BODY, provider: "other", key: "sk-example" } }, 403],
    ["POST /v1/keys", { ...by(ada), body: OWN }, 409],
    ["POST /v1/keys", { ...by(ada), body: { ...OWN, provider: "acme", kind: "openai" } }, 409],
    [`DELETE /v1/keys/${shared.id}`, by(ada), 403],
    [`DELETE /v1/keys/${bos.id}`, by(ada), 404],
    ["DELETE /v1/keys/prv_unknown", by(ada), 404],
  ];
  for (const [line, asked, status] of refusals) expect((await api.ask(line, asked)).status, line).toBe(status);
  for (const [id, who] of [[adas.id, by(ada)], [bos.id, {}]] as const) expect((await api.ask(`DELETE /v1/keys/${id}`, who)).status).toBe(204);
  expect(await api.instance.vault.list(api.owner.orgId)).toHaveLength(1);
});

test("[BYK2] one of another kind than the organization's of its name is refused at its field, and so is a service account's own", async () => {
  await add({}, { ...BODY, key: SHARED_KEY });
  const other = await api.refusal("POST /v1/keys", { ...by(ada), body: { ...OWN, kind: "openai" } });
  expect([other.status, other.text]).toEqual([422, expect.stringContaining("/kind")]);
  const account = await api.json<{ id: string }>("POST /v1/service-accounts", { body: { name: "ci", role: "admin" } });
  const { key } = await api.json<{ key: string }>("POST /v1/api-keys", { body: { name: "ci", scopes: ["admin"], serviceAccountId: account.id } });
  const refused = await api.refusal("POST /v1/keys", { key, body: OWN });
  expect([refused.status, refused.text]).toEqual([422, expect.stringContaining("/scope")]);
});

test("[BYK1] it is asked with before it is kept, and its value is in no answer", async () => {
  const { orgId } = api.owner;
  api.faults.modelGateway.arm("model-gateway:listModels:wrong-key");
  const refused = await api.refusal("POST /v1/keys", { ...by(ada), body: OWN });
  expect([refused.status, refused.text]).toEqual([422, expect.stringContaining("/key")]);
  expect([await api.instance.catalog.listProviders(orgId), await api.instance.vault.list(orgId)]).toEqual([[], []]);
  const added = await add(by(ada), OWN);
  const answers = [refused.text, JSON.stringify(added), await (await api.ask("GET /v1/keys", by(ada))).text(), JSON.stringify(api.instance.log), JSON.stringify(api.logged)];
  for (const text of answers) expect(text).not.toContain(OWN_KEY);
});

test("[BYK5] a member's removal deletes their own with the values, and nobody else's", async () => {
  await add(by(ada), OWN);
  await add(by(ada), { ...OWN, provider: "mine" });
  const bos = await add(by(bo), OWN);
  expect((await api.ask(`DELETE /v1/members/${ada.userId}`)).status).toBe(204);
  expect((await api.instance.catalog.listProviders(api.owner.orgId)).map(({ id }) => id)).toEqual([bos.id]);
  expect((await api.instance.vault.list(api.owner.orgId)).map(({ name }) => name)).toEqual([`provider/${bos.id}`]);
});
