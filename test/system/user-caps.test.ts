/** A cap for each user, and what they spend by other ways than their sign-in. */
import { SCOPES, type ClientToken, type CollectedDevice, type CreatedApiKey, type CreatedShareLink, type ServiceAccount, type Session, type StartedDevice, type UsageSum } from "@berth/protocol";
import { expect, test } from "vitest";
import { MemoryApi } from "../disruption/support/memory-api.ts";
import { CallingAgent } from "./support/calling-agent.ts";

/** What one call of the agent costs: a token of output at two cents. */
const CENTS = 20_000;
const CALLS_MAX = 20;
const MODEL = { provider: "acme", kind: "openai-compatible", baseUrl: "https://models.example.com/v1", key: "sk-example-key", models: ["memory"], details: { memory: { price: { input: 0, output: CENTS } } } };
const TOKEN = { access: "write" };

async function start() {
  const api: MemoryApi = await MemoryApi.start({
    agentOf: ({ link }) =>
      new CallingAgent({
        memory: { stepsDone: 0, prompts: new Map() },
        steps: CALLS_MAX,
        call: (_step, signal) => {
          const headers = { authorization: `Bearer ${link.token}`, "content-type": "application/json" };
          return api.fetch(new Request("http://berth.memory/v1/broker/model/acme/chat/completions", { method: "POST", headers, body: '{"model":"memory","max_tokens":1}', signal }));
        },
        pause: () => new Promise((resolve) => void api.berth.time.after(1_000, () => resolve())),
      }),
  });
  await api.json("POST /v1/keys", { body: MODEL });
  await api.json("PUT /v1/budgets", { body: { scope: "user", unit: "cost", limit: 2 * CENTS } });
  const { identity } = api.instance;
  const { userId } = identity.addMember({ orgId: api.owner.orgId, userName: "Bo", role: "member" });
  const signedIn = await identity.redeemSignInToken(await identity.createSignInToken(userId));
  const cookie = signedIn?.setCookies[0]?.split(";")[0] ?? "";
  /** Opens a session with one credential, prompts in it with another, and lets it come to the cap of its user. */
  const spend = async (opener: string, prompter = opener): Promise<void> => {
    const { id } = await api.json<Session>("POST /v1/sessions", { key: opener, body: { model: "acme/memory" } });
    await api.json(`POST /v1/sessions/${id}/messages`, { key: prompter, body: { text: "Do all steps." } });
    const state = () => api.berth.session(id, api.owner.orgId).actor.state;
    await api.berth.until(() => state()?.status === "waiting" && state()?.interrupted !== null, 600_000);
    expect(state()?.pause?.reached).toMatchObject({ budget: "user.cost", limit: 2 * CENTS });
  };
  const spentBy = async (): Promise<(readonly [string | null, number])[]> => (await api.json<{ data: UsageSum[] }>("GET /v1/usage?by=user")).data.map(({ key, costMicros }) => [key, costMicros]);
  const keyOf = async (body: object): Promise<string> => (await api.json<CreatedApiKey>("POST /v1/api-keys", { body: { name: "k", scopes: SCOPES, ...body } })).key;
  const deviceKeyOf = async (): Promise<string> => {
    const { deviceCode, userCode } = await api.json<StartedDevice>("POST /device/start", { body: { clientName: "berth on laptop" } });
    const form = new URLSearchParams({ code: userCode, decision: "allow" });
    const headers = { cookie, origin: "http://berth.memory", "sec-fetch-site": "same-origin", "content-type": "application/x-www-form-urlencoded" };
    await api.fetch(new Request("http://berth.memory/device", { method: "POST", headers, body: form }));
    return (await api.json<CollectedDevice>("POST /device/collect", { body: { deviceCode } })).apiKey?.key ?? "";
  };
  return { api, userId, spend, spentBy, keyOf, deviceKeyOf };
}

test("what a member's key for a program spends counts for the member", async () => {
  const { userId, spend, spentBy, deviceKeyOf } = await start();
  await spend(await deviceKeyOf());
  expect(await spentBy()).toEqual([[userId, 2 * CENTS]]);
}, 60_000);

test("what a client token spends counts for who made it, in whosever session", async () => {
  const { api, userId, spentBy, deviceKeyOf, spend } = await start();
  const key = await deviceKeyOf();
  const { id } = await api.json<Session>("POST /v1/sessions", { body: { model: "acme/memory" } });
  const { token } = await api.json<ClientToken>(`POST /v1/sessions/${id}/client-tokens`, { key, body: TOKEN });
  await api.json(`POST /v1/sessions/${id}/messages`, { key: token, body: { text: "Do all steps." } });
  const state = () => api.berth.session(id, api.owner.orgId).actor.state;
  await api.berth.until(() => state()?.pause?.reached.budget === "user.cost", 600_000);
  expect(await spentBy()).toEqual([[userId, 2 * CENTS]]);
  // There is nothing left for the member's own key either.
  const before = api.instance.modelGateway.calls.length;
  await spend(key);
  expect(api.instance.modelGateway.calls.length).toBe(before);
}, 60_000);

test("a service account's key counts for the account", async () => {
  const { api, spend, spentBy, keyOf } = await start();
  const account = await api.json<ServiceAccount>("POST /v1/service-accounts", { body: { name: "CI", role: "member" } });
  await spend(await keyOf({ serviceAccountId: account.id }));
  expect(await spentBy()).toEqual([[account.id, 2 * CENTS]]);
}, 60_000);

test("what comes by a link counts for who made the link", async () => {
  const { api, userId, spentBy, deviceKeyOf } = await start();
  const key = await deviceKeyOf();
  const { id } = await api.json<Session>("POST /v1/sessions", { body: { model: "acme/memory" } });
  // By who may share it, which who made it is not the only one to do.
  await api.json(`POST /v1/sessions/${id}/shares`, { body: { with: "member", id: userId, role: "owner" } });
  const link = await api.json<CreatedShareLink>(`POST /v1/sessions/${id}/share-links`, { key, body: { role: "collaborator", usesMax: 1 } });
  const { token } = await api.json<ClientToken>("POST /v1/share-links/redeem", { key: link.token });
  await api.json(`POST /v1/sessions/${id}/messages`, { key: token, body: { text: "Do all steps." } });
  const state = () => api.berth.session(id, api.owner.orgId).actor.state;
  await api.berth.until(() => state()?.pause?.reached.budget === "user.cost", 600_000);
  expect(await spentBy()).toEqual([[userId, 2 * CENTS]]);
}, 60_000);
