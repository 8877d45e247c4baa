/** An organization's environments, and what a session's sandbox is given of the one it is in. */
import type { Environment, Secret, Session, SessionSecret } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { beforeEach, expect, test } from "vitest";
import { askedResources, MemoryApi } from "../disruption/support/memory-api.ts";
import { MODEL } from "./support/memory-berth.ts";
import { join } from "./support/people.ts";

const APP = "https://git.example/team/app";
const LIB = "https://git.example/team/lib";

let api: MemoryApi;

beforeEach(async () => {
  api = await MemoryApi.start();
  for (const url of [APP, LIB]) api.instance.sourceControl.host.add(url);
});

const addRepository = async (url: string) => (await api.json<{ id: string }>("POST /v1/repos", { body: { url } })).id;
const addEnvironment = (body: object) => api.json<Environment>("POST /v1/environments", { body });

async function open(body: object = {}): Promise<Session> {
  const session = await api.json<Session>("POST /v1/sessions", { body: { model: MODEL, ...body } });
  await api.berth.until(() => api.berth.tokens.has(`${session.id}-1`));
  return session;
}

async function beginning({ id }: Session, token = api.berth.tokens.get(`${id}-1`) ?? ""): Promise<readonly [number, unknown]> {
  const response = await api.fetch(new Request("http://berth.memory/v1/sandbox/environment", { headers: { authorization: `Bearer ${token}` } }));
  const body = (await response.json()) as { environment?: unknown };
  return [response.status, body.environment];
}

test("[ENV2] a session is in the environment it names, or in the only one for its repository", async () => {
  const [app, lib] = [await addRepository(APP), await addRepository(LIB)];
  const tests = await addEnvironment({ name: "Tests", repositories: [app, lib] });
  await addEnvironment({ name: "Lib", repositories: [lib] });
  const anywhere = await addEnvironment({ name: "Anywhere" });
  const inOf = async (body: object) => (await open(body)).environment?.name ?? null;
  const on = (url: string) => ({ workspace: { kind: "repo", url } });
  expect([await inOf(on(APP)), await inOf(on(LIB)), await inOf({})]).toEqual(["Tests", null, null]);
  expect([await inOf({ ...on(APP), environment: null }), await inOf({ ...on(LIB), environment: "Lib" }), await inOf({ ...on(LIB), environment: tests.id }), await inOf({ environment: anywhere.id })]).toEqual([null, "Lib", "Tests", "Anywhere"]);
  const session = await open(on(APP));
  expect(session.environment).toEqual({ id: tests.id, name: "Tests" });
  expect((await api.json<Session>(`GET /v1/sessions/${session.id}`)).environment).toEqual(session.environment);
});

test("[ENV2] one that is not there, another organization's, or for other repositories is refused at its field", async () => {
  const app = await addRepository(APP);
  await addEnvironment({ name: "Tests", repositories: [app] });
  for (const body of [{ environment: "env_none" }, { environment: "tests" }, { environment: "Tests" }, { environment: "" }]) {
    const { status, text } = await api.refusal("POST /v1/sessions", { body: { model: MODEL, ...body } });
    expect([status, (JSON.parse(text) as { errors: { pointer: string }[] }).errors[0]?.pointer]).toEqual([422, "/environment"]);
  }
});

test("[ENV3] the session's sandbox is given the variables and the script, and nobody else is", async () => {
  await addEnvironment({ name: "Tests", variables: { MODE: "test" }, setupScript: "npm ci", ports: [{ port: 5_173, name: "web" }] });
  const session = await open({ environment: "Tests" });
  expect(await beginning(session)).toEqual([200, { variables: { MODE: "test" }, setupScript: "npm ci", ports: [{ port: 5_173, name: "web" }] }]);
  expect(await beginning(await open())).toEqual([200, null]);
  const token = api.berth.tokens.get(`${session.id}-1`) ?? "";
  await api.ask(`DELETE /v1/sessions/${session.id}`);
  for (const each of [token, "nonsense", api.key]) expect((await beginning(session, each))[0]).toBe(401);
});

test("[ENV4] of an environment that was changed the next sandbox is given what there is then, and of one that was removed nothing", async () => {
  const { id } = await addEnvironment({ name: "Tests", variables: { MODE: "test" } });
  const session = await open({ environment: "Tests" });
  await api.json(`PATCH /v1/environments/${id}`, { body: { variables: { MODE: "ci" } } });
  expect(await beginning(session)).toEqual([200, { variables: { MODE: "ci" }, setupScript: "", ports: [] }]);
  await api.ask(`DELETE /v1/environments/${id}`);
  expect(await beginning(session)).toEqual([200, null]);
});

const READABLE = { name: "TOKEN", readableByAgent: true };
const keep = (value: string, scope: object, more: object = {}) => api.json<Secret>("POST /v1/secrets", { body: { ...READABLE, value, scope, ...more } });

async function given({ id }: Session): Promise<Readonly<Record<string, string>>> {
  const key = api.berth.tokens.get(`${id}-1`) ?? "";
  return (await api.json<{ environment: Record<string, string> }>("GET /v1/sandbox/secrets", { key })).environment;
}

test("[SCR3] a secret of an environment is for the sessions in it alone, before the repository's and after the person's", async () => {
  const app = await addRepository(APP);
  const tests = await addEnvironment({ name: "Tests", repositories: [app] });
  await keep("example-of-the-repository", { kind: "repo", repo: "git.example/team/app" });
  const secret = await keep("example-of-the-environment", { kind: "environment", environment: "Tests" });
  expect(secret.scope).toEqual({ kind: "environment", environment: tests.id });
  const workspace = { kind: "repo", url: APP };
  const inside = await open({ workspace });
  expect([await given(inside), await given(await open({ workspace, environment: null })), await given(await open())]).toEqual([{ TOKEN: "example-of-the-environment" }, { TOKEN: "example-of-the-repository" }, {}]);
  const told = await api.json<{ data: SessionSecret[] }>(`GET /v1/sessions/${inside.id}/secrets`);
  expect(told.data).toMatchObject([{ name: "TOKEN", scope: { kind: "environment", environment: tests.id }, readableByAgent: true }]);
  const { cookie } = await join(api, "Ada");
  await api.json("POST /v1/secrets", { cookie, body: { ...READABLE, value: "example-of-the-person", scope: { kind: "user" } } });
  const own = await api.json<Session>("POST /v1/sessions", { cookie, body: { model: MODEL, workspace, visibility: "private" } });
  await api.berth.until(() => api.berth.tokens.has(`${own.id}-1`));
  expect([await given(own), await given(inside)]).toEqual([{ TOKEN: "example-of-the-person" }, { TOKEN: "example-of-the-environment" }]);
});

test("[SCR3][SCR4] the broker adds the environment's secret in its sessions alone, and of two for one header the environment's before the repository's", async () => {
  const sent: (string | null)[] = [];
  const callOutside = async (_: string, { headers }: RequestInit): Promise<Response> => (sent.push(new Headers(headers).get("x-token")), new Response("ok"));
  Object.assign(api.instance.services, { callOutside });
  const app = await addRepository(APP);
  const hosts = [{ host: "api.example.com", header: "x-token" }];
  const tests = await addEnvironment({ name: "Tests", repositories: [app] });
  await keep("example-of-the-environment", { kind: "environment", environment: tests.id }, { hosts, readableByAgent: false });
  await keep("example-of-the-repository", { kind: "repo", repo: "git.example/team/app" }, { name: "OTHER", hosts, readableByAgent: false });
  const call = async ({ id }: Session): Promise<number> => (await api.ask("GET /v1/broker/http/api.example.com/v1/things", { key: api.berth.tokens.get(`${id}-1`) ?? "" })).status;
  const workspace = { kind: "repo", url: APP };
  const inside = await open({ workspace });
  expect([await call(inside), await call(await open({ workspace, environment: null })), await call(await open())]).toEqual([200, 200, 404]);
  expect(sent).toEqual(["example-of-the-environment", "example-of-the-repository"]);
});

test("[ENV5] an environment goes with its secrets and their values, and with nothing of another's", async () => {
  const [tests, other] = [await addEnvironment({ name: "Tests" }), await addEnvironment({ name: "Other" })];
  await keep("example-of-the-environment", { kind: "environment", environment: tests.id });
  const kept = [await keep("example-of-the-other", { kind: "environment", environment: other.id }), await keep("example-of-all", { kind: "org" })];
  const session = await open({ environment: "Tests" });
  await api.ask(`DELETE /v1/environments/${tests.id}`);
  expect((await api.json<{ data: Secret[] }>("GET /v1/secrets")).data.map(({ id }) => id).toSorted()).toEqual(kept.map(({ id }) => id).toSorted());
  expect((await api.instance.vault.list(api.owner.orgId)).filter(({ name }) => name.startsWith("session/"))).toHaveLength(2);
  expect(await given(session)).toEqual({ TOKEN: "example-of-all" });
});

verifies("ENV15", "each sandbox is made with what the environment asks for then, and without where there is none", async () => {
  const asked = askedResources(api);
  const { id } = await addEnvironment({ name: "Small", resources: { memoryMb: 512, cpus: 0.5 } });
  await addEnvironment({ name: "Usual", variables: { MODE: "test" } });
  for (const body of [{ environment: "Small" }, { environment: "Usual" }, {}]) await open(body);
  await api.json(`PATCH /v1/environments/${id}`, { body: { resources: { cpus: 2 } } });
  await open({ environment: "Small" });
  expect(asked).toEqual([{ memoryMb: 512, cpus: 0.5 }, null, null, { cpus: 2 }]);
});
