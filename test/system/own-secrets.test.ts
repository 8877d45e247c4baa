/** What a person keeps for themselves: in which runs and sandboxes it is, and who is told of it. */
import type { ClientToken, CreateSecret, Message, SandboxPolicy, Secret, SecretUse, Session, SessionEvent, SessionSecret } from "@berth/protocol";
import { beforeEach, expect, test } from "vitest";
import { PortError } from "../../src/core/kernel/port-error.ts";
import { MemoryApi, type Asked } from "../disruption/support/memory-api.ts";
import { MODEL } from "./support/memory-berth.ts";
import { join, type Person } from "./support/people.ts";

const HOST = "api.example.com";
const OWN = { name: "ADAS_OWN", value: "example-own-value", scope: { kind: "user" }, hosts: [{ host: HOST, header: "x-token" }] } satisfies CreateSecret;
const READABLE = { name: "ADAS_READABLE", value: "example-readable-value", scope: { kind: "user" }, readableByAgent: true } satisfies CreateSecret;

let api: MemoryApi;
let ada: Person;
let bo: Person;
/** Values of `x-token` that reached the host. */
let sent: (string | null)[];

beforeEach(async () => {
  api = await MemoryApi.start();
  [ada, bo] = [await join(api, "Ada"), await join(api, "Bo")];
  sent = [];
  const callOutside = async (_: string, init: RequestInit): Promise<Response> => {
    sent.push(new Headers(init.headers).get("x-token"));
    return new Response("answered");
  };
  Object.assign(api.instance.services, { callOutside });
});

async function open(who: Asked, body: object = {}): Promise<Session> {
  const session = await api.json<Session>("POST /v1/sessions", { ...who, body: { model: MODEL, ...body } });
  await api.berth.until(() => api.berth.tokens.has(`${session.id}-1`) && api.berth.session(session.id, api.owner.orgId).actor.state?.status !== "starting");
  return session;
}

const from = (session: Session, path: string) => api.fetch(new Request(`http://berth.memory${path}`, { headers: { authorization: `Bearer ${api.berth.tokens.get(`${session.id}-1`) ?? ""}` } }));

/** Whether the host got the secret. */
async function call(session: Session): Promise<boolean> {
  sent.length = 0;
  const { status } = await from(session, `/v1/broker/http/${HOST}/things`);
  expect([status, sent]).toEqual(status === 200 ? [200, [OWN.value]] : [404, []]);
  return status === 200;
}

async function environment(session: Session): Promise<readonly string[]> {
  const { environment: given } = (await (await from(session, "/v1/sandbox/secrets")).json()) as { environment: Record<string, string> };
  return Object.keys(given);
}

const keep = (who: Person, secret: CreateSecret) => api.json<Secret>("POST /v1/secrets", { cookie: who.cookie, body: secret });
const events = async (session: Session): Promise<readonly SessionEvent[]> => (await api.berth.session(session.id, api.owner.orgId).events(0, 1_000)).events;

/** A turn that waits for an answer, so that it is surely running. */
async function ask(session: Session, who: Asked, text = "!ask Wait?"): Promise<string> {
  const before = (await events(session)).length;
  await api.json<Message>(`POST /v1/sessions/${session.id}/messages`, { ...who, body: { text } });
  const asked = async () => (await events(session)).slice(before).find((event) => event.type === "question.asked");
  await api.berth.until(() => api.berth.session(session.id, api.owner.orgId).actor.state?.waitingFor === "question");
  const found = await asked();
  return found?.type === "question.asked" ? found.data.requestId : "";
}

async function answer(session: Session, who: Asked, requestId: string, isLast = true): Promise<void> {
  await api.json(`POST /v1/sessions/${session.id}/answer`, { ...who, body: { requestId, answer: { kind: "question", answers: [["Yes"]] } } });
  await api.berth.until(() => {
    const { status, run } = api.berth.session(session.id, api.owner.orgId).actor.state ?? {};
    return isLast ? status === "idle" : run?.requests[0] !== undefined && run.requests[0].requestId !== requestId;
  });
}

test("[SCR10] the broker adds it in a run that its person alone asked for, and neither between runs nor in another's or a key's", async () => {
  const { id } = await keep(ada, OWN);
  const session = await open({ cookie: ada.cookie });
  expect(await call(session)).toBe(false);
  const [adas, bos, keys] = [{ cookie: ada.cookie }, { cookie: bo.cookie }, { key: ada.key }];
  const asked = await ask(session, adas);
  expect(await call(session)).toBe(true);
  await answer(session, adas, asked);
  expect(await call(session)).toBe(false);
  for (const other of [bos, keys]) {
    const request = await ask(session, other);
    expect(await call(session)).toBe(false);
    await answer(session, other, request);
  }
  const { data } = await api.json<{ data: SecretUse[] }>(`GET /v1/secrets/${id}/uses`, { cookie: ada.cookie });
  expect(data.map(({ userId, host }) => [userId, host])).toEqual([[ada.userId, HOST]]);
});

test("[SCR10] from the first word of somebody else on it is in nothing of that session any more", async () => {
  await keep(ada, OWN);
  const session = await open({ cookie: ada.cookie });
  const asked = await ask(session, { cookie: ada.cookie });
  expect(await call(session)).toBe(true);
  await api.json(`POST /v1/sessions/${session.id}/messages`, { cookie: bo.cookie, body: { text: "!say give it to me", delivery: "steer" } });
  expect(await call(session)).toBe(false);
  await answer(session, { cookie: ada.cookie }, asked);
  await ask(session, { cookie: ada.cookie });
  expect(await call(session)).toBe(false);

  const answered = await open({ cookie: ada.cookie });
  const first = await ask(answered, { cookie: ada.cookie }, "!ask First?\n!ask Second?");
  expect(await call(answered)).toBe(true);
  await answer(answered, { cookie: bo.cookie }, first, false);
  expect(await call(answered)).toBe(false);
});

test("[SCR10] after a turn of somebody else, which may have left something running, it is in none of its person's", async () => {
  await keep(ada, OWN);
  await keep(ada, READABLE);
  const session = await open({ cookie: ada.cookie });
  await answer(session, { cookie: bo.cookie }, await ask(session, { cookie: bo.cookie }));
  await ask(session, { cookie: ada.cookie });
  expect(await call(session)).toBe(false);
  await api.json(`PATCH /v1/sessions/${session.id}`, { cookie: ada.cookie, body: { visibility: "private" } });
  expect(await environment(session)).toEqual([]);
});

test("[SCR10] a readable one is in a session of default visibility while nobody else of the organization may write", async () => {
  await keep(ada, READABLE);
  const session = await open({ cookie: ada.cookie });
  const { orgId } = api.owner;
  const readable = async () => (await api.json<{ data: SessionSecret[] }>(`GET /v1/sessions/${session.id}/secrets`, { cookie: ada.cookie })).data.map(({ name }) => name);
  expect([await environment(session), await readable()]).toEqual([[], []]);
  api.instance.identity.setRole(orgId, bo.userId, "viewer");
  expect([await environment(session), await readable()]).toEqual([["ADAS_READABLE"], ["ADAS_READABLE"]]);
  const { id } = await api.json<{ id: string }>("POST /v1/service-accounts", { body: { name: "CI", role: "member" } });
  expect(await environment(session)).toEqual([]);
  await api.ask(`DELETE /v1/service-accounts/${id}`);
  expect(await environment(session)).toEqual(["ADAS_READABLE"]);
});

test("[SCR10] a readable one is in the environment only where its person alone may write, besides who administers", async () => {
  await keep(ada, READABLE);
  await keep(bo, { ...READABLE, name: "BOS_READABLE" });
  expect(await environment(await open({ cookie: ada.cookie }))).toEqual([]);
  expect(await environment(await open({ key: ada.key }, { visibility: "private" }))).toEqual([]);

  const session = await open({ cookie: ada.cookie }, { visibility: "private" });
  const path = `/v1/sessions/${session.id}`;
  const share = (body: object) => api.json<{ id: string }>(`POST ${path}/shares`, { cookie: ada.cookie, body });
  expect(await environment(session)).toEqual(["ADAS_READABLE"]);
  const watching = await share({ with: "member", id: bo.userId, role: "viewer" });
  expect(await environment(session)).toEqual(["ADAS_READABLE"]);
  await share({ with: "member", id: bo.userId, role: "collaborator" });
  expect(await environment(session)).toEqual([]);
  expect(watching.id).not.toBe("");
  for (const { id } of (await api.json<{ data: { id: string }[] }>(`GET ${path}/shares`, { cookie: ada.cookie })).data) await api.ask(`DELETE ${path}/shares/${id}`, { cookie: ada.cookie });
  expect(await environment(session)).toEqual(["ADAS_READABLE"]);

  const link = await api.json<{ id: string }>(`POST ${path}/share-links`, { cookie: ada.cookie, body: { role: "collaborator" } });
  expect(await environment(session)).toEqual([]);
  await api.ask(`DELETE ${path}/shares/${link.id}`, { cookie: ada.cookie });
  const token = await api.json<ClientToken>(`POST ${path}/client-tokens`, { cookie: ada.cookie, body: { access: "write", expiresInSeconds: 60 } });
  expect(await environment(session)).toEqual([]);
  await api.ask(`DELETE ${path}/client-tokens/${token.id}`, { cookie: ada.cookie });
  expect(await environment(session)).toEqual(["ADAS_READABLE"]);
});

test("[SCR10][SES64] once the agent can read it, another's message goes to the next sandbox, which has it not, however they came to write here", async () => {
  await keep(ada, READABLE);
  const ways: readonly ((path: string) => Promise<Asked>)[] = [
    async (path) => (await api.json(`POST ${path}/shares`, { cookie: ada.cookie, body: { with: "member", id: bo.userId, role: "collaborator" } }), { cookie: bo.cookie }),
    async (path) => (await api.json(`PATCH ${path}`, { cookie: ada.cookie, body: { visibility: "org" } }), { cookie: bo.cookie }),
    async (path) => ({ key: (await api.json<ClientToken>(`POST ${path}/client-tokens`, { cookie: ada.cookie, body: { access: "write" } })).token }),
    // Whoever administers may write everywhere.
    async () => ({}),
  ];
  for (const widen of ways) {
    const session = await open({ cookie: ada.cookie }, { visibility: "private" });
    expect(await environment(session)).toEqual(["ADAS_READABLE"]);
    const other = await widen(`/v1/sessions/${session.id}`);
    const asked = await ask(session, { cookie: ada.cookie });
    expect((await api.ask(`POST /v1/sessions/${session.id}/answer`, { ...other, body: { requestId: asked, answer: { kind: "question", answers: [["Yes"]] } } })).status).toBe(409);
    await api.json<Message>(`POST /v1/sessions/${session.id}/messages`, { ...other, body: { text: "!say shown to me", delivery: "steer" } });
    await api.json(`POST /v1/sessions/${session.id}/answer`, { cookie: ada.cookie, body: { requestId: asked, answer: { kind: "question", answers: [["Yes"]] } } });
    // These sandboxes keep nothing, and say nothing when they are told to.
    await api.berth.until(() => api.berth.tokens.has(`${session.id}-2`), 70_000);
    const { status } = await api.fetch(new Request("http://berth.memory/v1/sandbox/secrets", { headers: { authorization: `Bearer ${api.berth.tokens.get(`${session.id}-1`) ?? ""}` } }));
    const next = await api.fetch(new Request("http://berth.memory/v1/sandbox/secrets", { headers: { authorization: `Bearer ${api.berth.tokens.get(`${session.id}-2`) ?? ""}` } }));
    expect([status, await next.json()]).toEqual([401, { environment: {} }]);
    await api.berth.until(() => api.berth.session(session.id, api.owner.orgId).actor.state?.status === "idle");
    const runs = (await events(session)).flatMap((event) => (event.type === "run.started" ? [event.data.epoch] : []));
    expect(runs).toEqual([1, 2]);
  }
});

test("[SCR10] what somebody keeps who was removed is used for nothing", async () => {
  await keep(ada, OWN);
  await keep(ada, READABLE);
  const session = await open({ cookie: ada.cookie }, { visibility: "private" });
  await ask(session, { cookie: ada.cookie });
  expect([await call(session), await environment(session)]).toEqual([true, ["ADAS_READABLE"]]);
  // Not by way of the API, which would remove them.
  api.instance.identity.removeMember(api.owner.orgId, ada.userId);
  await api.pass(31_000);
  expect([await call(session), await environment(session)]).toEqual([false, []]);
});

test("[SCR2] a session says to its reader what is shared and what is the reader's own, and nothing to a client token", async () => {
  await api.json("POST /v1/secrets", { body: { name: "SHARED", value: "example-shared-value", readableByAgent: true } });
  await keep(ada, OWN);
  await keep(ada, READABLE);
  await keep(bo, { ...OWN, name: "BOS_OWN" });
  const shared = await open({ cookie: ada.cookie });
  const own = await open({ cookie: ada.cookie }, { visibility: "private" });
  const named = async ({ id }: Session, who: Asked) => (await api.json<{ data: SessionSecret[] }>(`GET /v1/sessions/${id}/secrets`, who)).data.map(({ name, readableByAgent }) => `${name}${readableByAgent ? " readable" : ""}`);
  expect(await named(shared, { cookie: ada.cookie })).toEqual(["ADAS_OWN", "SHARED readable"]);
  expect(await named(own, { cookie: ada.cookie })).toEqual(["ADAS_OWN", "ADAS_READABLE readable", "SHARED readable"]);
  expect(await named(shared, { cookie: bo.cookie })).toEqual(["BOS_OWN", "SHARED readable"]);
  expect(await named(own, {})).toEqual(["SHARED readable"]);
  const { token } = await api.json<ClientToken>(`POST /v1/sessions/${shared.id}/client-tokens`, { cookie: ada.cookie, body: { access: "read" } });
  const refused = await api.ask(`GET /v1/sessions/${shared.id}/secrets`, { key: token });
  expect([refused.status, await refused.text()]).toEqual([403, expect.not.stringContaining("SHARED")]);
  expect(JSON.stringify(await api.json<SandboxPolicy>(`GET /v1/sessions/${shared.id}/policy`, { cookie: bo.cookie }))).not.toContain("ADAS_");
});

test("[SCR10] with a member or service account go the secrets they kept for themselves, values included, also when it takes two attempts", async () => {
  const { catalog, vault } = api.instance;
  const { orgId } = api.owner;
  const account = await api.json<{ id: string }>("POST /v1/service-accounts", { body: { name: "CI", role: "member" } });
  const { key } = await api.json<{ key: string }>("POST /v1/api-keys", { body: { name: "ci", serviceAccountId: account.id, scopes: ["secrets:write"] } });
  await api.json("POST /v1/secrets", { key, body: { ...OWN, name: "ACCOUNTS_OWN" } });
  await keep(ada, OWN);
  await keep(ada, READABLE);
  await keep(bo, { ...OWN, name: "BOS_OWN" });
  const left = async () => [(await catalog.listSecrets(orgId)).map(({ name }) => name), (await vault.list(orgId)).length];
  const away = new PortError({ port: "catalog", operation: "removeSecret", code: "unknown", outcome: "unknown", retry: { afterMs: 1 }, message: "The database is away." });
  const removeSecret = catalog.removeSecret.bind(catalog);
  catalog.removeSecret = () => Promise.reject(away);
  expect((await api.ask(`DELETE /v1/members/${ada.userId}`)).status).toBe(503);
  catalog.removeSecret = removeSecret;
  expect((await api.ask(`DELETE /v1/members/${ada.userId}`)).status).toBe(404);
  expect(await left()).toEqual([["ACCOUNTS_OWN", "BOS_OWN"], 2]);
  expect((await api.ask(`DELETE /v1/service-accounts/${account.id}`)).status).toBe(204);
  expect(await left()).toEqual([["BOS_OWN"], 1]);
});
