/** The SDK against the real routes over fakes: every method finds its address and reads the answer it was written for. */
import { expect, test } from "vitest";
import { Berth, type BerthError } from "@berth/sdk";
import { Edge, MODEL, ORIGIN } from "../../../routes/testing/edge.ts";

async function connect(edge = new Edge()): Promise<Berth> {
  const fetch = async (url: string, init: RequestInit): Promise<Response> => edge.app.fetch(new Request(url, init));
  return new Berth({ baseUrl: ORIGIN, apiKey: await edge.keyOf("org-a"), fetch, maxRetries: 0 });
}

const refused = (promise: Promise<unknown>): Promise<BerthError> => promise.then(() => Promise.reject(new Error("not refused")), (error: BerthError) => error);

test("health, me and models", async () => {
  const berth = await connect();
  expect((await berth.health()).status).toBe("ok");
  expect((await berth.me()).organization.id).toBe("org-a");
  expect((await berth.models.list().all()).map(({ id }) => id)).toContain(MODEL);
});

test("a session's life", async () => {
  const berth = await connect();
  const { id } = await berth.sessions.create({ model: MODEL, title: "One", metadata: { team: "red" } });
  const session = berth.session(id);
  expect((await session.get()).title).toBe("One");
  expect((await session.update({ title: "Two" })).title).toBe("Two");
  const message = await session.send("hello", { idempotencyKey: "example-1" });
  expect((await session.send("hello", { idempotencyKey: "example-1" })).id).toBe(message.id);
  expect((await refused(session.send("other", { idempotencyKey: "example-1" }))).code).toBe("idempotency-mismatch");
  expect((await session.messages({ limit: 1 }).all()).map(({ text }) => text)).toEqual(["hello"]);
  const seqs = [];
  for await (const { seq } of session.events({ live: false })) seqs.push(seq);
  expect(seqs[0]).toBe(1);
  expect((await session.transcript()).title).toBe("One");
  await session.stop();
  await session.resume();
  expect((await session.hibernate()).id).toBe(id);
  expect(await session.policy()).toMatchObject({ verdict: "unmeasured", facts: [] });
  expect((await session.measurePolicy()).measuring).toBe(true);
  await berth.sessions.remove(id);
  expect((await refused(session.get())).code).toBe("not-found");
});

test("keys of providers and of the API, and the machine", async () => {
  const berth = await connect();
  const created = await berth.apiKeys.create({ name: "CI" });
  expect(created.key.length).toBeGreaterThan(10);
  expect((await berth.apiKeys.list({ limit: 1 }).all()).length).toBeGreaterThan(1);
  await berth.apiKeys.revoke(created.id);
  expect(await berth.keys.list().all()).toEqual([]);
  expect((await berth.machine.discoveries().all())[0]?.imported).toBe(false);
  expect((await berth.machine.inspectFolder("/work/link")).uncommitted).toBe(2);
  expect((await refused(berth.machine.inspectFolder("/nowhere"))).errors[0]?.pointer).toBe("/path");
});

test("environments", async () => {
  const berth = await connect();
  const { id, name } = await berth.environments.create({ name: "Tests", variables: { MODE: "test" } });
  expect((await berth.environments.list().all()).map((each) => each.name)).toEqual([name]);
  expect((await berth.environments.update(id, { setupScript: "npm ci" })).variables).toEqual({ MODE: "test" });
  expect((await berth.environments.get(id)).setupScript).toBe("npm ci");
  await berth.environments.remove(id);
  expect(await berth.environments.list().all()).toEqual([]);
});

test("repositories", async () => {
  const edge = new Edge();
  edge.sourceControl.host.add("https://git.example/team/app.git", { credential: "ada:example-password" });
  const berth = await connect(edge);
  const url = "https://git.example/team/app.git";
  expect((await refused(berth.repos.create({ url }))).errors[0]?.pointer).toBe("/credential");
  const { id } = await berth.repos.create({ url, credential: { username: "ada", password: "example-password" } });
  expect((await berth.repos.list().all()).map(({ name }) => name)).toEqual(["git.example/team/app"]);
  expect((await berth.sessions.create({ model: MODEL, workspace: { kind: "repo", url } })).workspace).toEqual({ kind: "repo", url });
  await berth.repos.remove(id);
  expect(await berth.repos.list().all()).toEqual([]);
});

test("secrets", async () => {
  const edge = new Edge();
  const berth = await connect(edge);
  const secret = await berth.secrets.create({ name: "API_TOKEN", value: "example-secret-value", hosts: [{ host: "api.example.com", header: "authorization", prefix: "Bearer " }] });
  expect((await berth.secrets.list().all()).map(({ name, lastUsedAt }) => [name, lastUsedAt])).toEqual([["API_TOKEN", null]]);
  expect(await berth.secrets.uses(secret.id).all()).toEqual([]);
  const session = await berth.sessions.create({ model: MODEL });
  expect((await berth.session(session.id).secrets().all()).map(({ name, readableByAgent }) => [name, readableByAgent])).toEqual([["API_TOKEN", false]]);
  await berth.secrets.remove(secret.id);
  expect(await berth.secrets.list().all()).toEqual([]);
});

test("sessions are listed by their metadata", async () => {
  const edge = new Edge();
  const berth = await connect(edge);
  for (const team of ["red", "blue"]) {
    const session = await berth.sessions.create({ model: MODEL, metadata: { team } });
    // The session itself writes its line of the list, a moment later.
    await edge.catalog.upsertSession("org-a", session);
  }
  expect((await berth.sessions.list({ metadata: { team: "red" } }).all()).map(({ metadata }) => metadata)).toEqual([{ team: "red" }]);
  expect(await berth.sessions.list({ limit: 1 }).all()).toHaveLength(2);
});

test("runs are listed, and one that is not there is refused", async () => {
  const berth = await connect();
  expect(await berth.runs.list({ sessionId: "ses_none" }).all()).toEqual([]);
  expect((await refused(berth.runs.get("run_none"))).code).toBe("not-found");
});
