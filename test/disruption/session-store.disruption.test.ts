/** The session's own database broken: what cannot be written is refused whole, nothing of it happens, and nothing is lost or done twice. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Message } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { createNodeSessionStore } from "../../src/adapters/session-store/node-sqlite.ts";
import { encodeCursor } from "../../src/app/http/cursor.ts";
import type { InProcessSession } from "../../src/app/session/in-process-session.ts";
import { AUTHOR, MemoryBerth } from "../system/support/memory-berth.ts";
import { MemoryApi, outcomesOf } from "./support/memory-api.ts";

const SESSION = "ses_0123456789abcdefghjkmnpqrs";
const ORG = "org_a";

async function idle(): Promise<{ readonly api: MemoryApi; readonly session: InProcessSession; readonly path: string }> {
  const api = await MemoryApi.start();
  const session = await api.createSession("!say before");
  await api.berth.until(() => session.actor.state?.status === "idle" && session.actor.state.queue.length === 0);
  return { api, session, path: `/v1/sessions/${session.actor.state?.sessionId ?? ""}` };
}

for (const [fault, status, retryAfter] of [
  ["session-store:commit:disk-full", 503, "1"],
  ["session-store:commit:torn-batch", 503, "1"],
  ["session-store:commit:id-taken", 500, null],
] as const) {
  verifies(fault, "a prompt that cannot be written is refused and leaves nothing; what was there is readable, and the same request is taken later, once", async () => {
    const { api, session, path } = await idle();
    const asked = { body: { text: "!say after" }, headers: { "idempotency-key": "example-1" } };
    const log = await api.berth.events(session);
    api.faults.sessionStore.arm(fault, { times: 2 });
    for (let tries = 0; tries < 2; tries++) expect(await api.refusal(`POST ${path}/messages`, asked)).toMatchObject({ status, retryAfter });
    expect(await api.berth.events(session)).toEqual(log);
    expect((await api.json<{ data: Message[] }>(`GET ${path}/messages`)).data).toHaveLength(1);
    const taken = await api.json<Message>(`POST ${path}/messages`, asked);
    expect(await api.json<Message>(`POST ${path}/messages`, asked)).toMatchObject({ id: taken.id });
    const viewer = api.berth.watch(session);
    await api.berth.until(() => outcomesOf(viewer.events).length === 2);
    expect(outcomesOf(viewer.events)).toEqual(["completed", "completed"]);
  });

  verifies(fault, "a run whose reports cannot be written for a while goes on when they can: each part once, in order, to its one end", async () => {
    const { api, session } = await idle();
    const viewer = api.berth.watch(session);
    await session.send({ text: "!say one\n!sleep 500\n!say two" }, AUTHOR);
    await api.berth.until(() => viewer.events.filter(({ type }) => type === "run.started").length === 2);
    api.faults.sessionStore.arm(fault, { times: 6 });
    await api.berth.until(() => outcomesOf(viewer.events).length === 2, 120_000);
    expect(outcomesOf(viewer.events)).toEqual(["completed", "completed"]);
    const texts = viewer.events.flatMap((event) => (event.type === "part.ended" ? [event.data.part.text] : []));
    expect(texts).toEqual(["before", "one", "two"]);
    const events = await api.berth.events(session);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1));
    expect(viewer.events).toEqual(events);
  });

  verifies(fault, "a session that cannot be written is not opened, and is when the request comes again", async () => {
    const api = await MemoryApi.start();
    api.faults.sessionStore.arm(fault);
    const asked = { body: { model: "demo/demo", prompt: "!say hello" } };
    expect((await api.refusal("POST /v1/sessions", asked)).status).toBe(status);
    expect(api.berth.tokens.size).toBe(0);
    expect(outcomesOf(await api.runOnce())).toEqual(["completed"]);
  });
}

verifies("session-store:messages:unknown-cursor", "a cursor of another session's list is refused as not ours, and the list goes on from the start", async () => {
  const { api, path } = await idle();
  const stranger = await api.createSession();
  const theirs = await api.json<Message>(`POST /v1/sessions/${stranger.actor.state?.sessionId ?? ""}/messages`, { body: { text: "!say theirs" } });
  const refused = await api.refusal(`GET ${path}/messages?cursor=${encodeURIComponent(encodeCursor("messages", theirs.id))}`);
  expect(refused).toMatchObject({ status: 400, text: expect.stringContaining("cursor") });
  expect((await api.json<{ data: Message[] }>(`GET ${path}/messages`)).data).toHaveLength(1);
});

verifies("session-store:commit:closed", "a request that meets a closed database is refused; opened again, the session takes it and is as it was", async () => {
  const { api, session, path } = await idle();
  const log = await api.berth.events(session);
  api.faults.sessionStore.arm("session-store:commit:closed", { times: 1_000 });
  expect(await api.refusal(`POST ${path}/messages`, { body: { text: "!say after" } })).toMatchObject({ status: 503 });
  api.faults.sessionStore.disarm();
  const again = api.berth.crash(session.actor.state?.sessionId ?? "", api.owner.orgId);
  expect(await api.berth.events(again)).toEqual(log);
  const viewer = api.berth.watch(again);
  await api.json(`POST ${path}/messages`, { body: { text: "!say after" } });
  await api.berth.until(() => outcomesOf(viewer.events).length === 2, 60_000);
  expect(outcomesOf(viewer.events)).toEqual(["completed", "completed"]);
});

verifies("session-store:outboxDone:twice", "a flush that is confirmed after it was given up and made again changes nothing: one run, and nothing waits", async () => {
  const berth = new MemoryBerth();
  const { runHistory } = berth.instance;
  const real = runHistory.flush.bind(runHistory);
  const late: (() => void)[] = [];
  const first = new Promise<void>((resolve) => late.push(resolve));
  let calls = 0;
  Object.assign(runHistory, { flush: (...args: Parameters<typeof real>) => (++calls === 1 ? first.then(() => real(...args)) : real(...args)) });
  const session = await berth.open(SESSION, "!say hello");
  const viewer = berth.watch(session);
  await berth.until(() => outcomesOf(viewer.events).length === 1);
  await berth.until(() => calls === 2, 50_000);
  berth.instance.faults.sessionStore.arm("session-store:outboxDone:twice");
  late[0]?.();
  await berth.until(() => true, 1_000);
  expect((await runHistory.list(ORG, { after: null, limit: 10 })).runs).toHaveLength(1);
  await session.send({ text: "!say again" }, AUTHOR);
  await berth.until(() => outcomesOf(viewer.events).length === 2);
  await berth.until(() => calls === 3, 5_000);
  await berth.until(() => true, 1_000);
  expect((await runHistory.list(ORG, { after: null, limit: 10 })).runs).toHaveLength(2);
});

/** Instants at which the object's memory goes, by what the log has said until then. */
const INSTANTS = ["session.created", "sandbox.status", "message.queued", "message.status", "run.started", "part.started", "part.ended", "run.ended"] as const;
for (const instant of INSTANTS) {
  verifies("session-store:load:replay-after-crash", `memory lost at the first ${instant}: the log goes on where it was, and the prompt has run once`, async () => {
    const berth = new MemoryBerth();
    const session = await berth.open(SESSION, "!say one\n!sleep 2000\n!say two");
    await berth.until(() => session.actor.state !== null);
    const before = async (): Promise<boolean> => (await berth.events(session)).some(({ type }) => type === instant);
    for (let steps = 0; steps < 2_000 && !(await before()); steps++) await berth.until(() => true, 5).catch(() => undefined);
    const log = await berth.events(session);
    berth.instance.faults.sessionStore.arm("session-store:load:replay-after-crash");
    const again = berth.crash(SESSION);
    const viewer = berth.watch(again);
    await berth.until(() => outcomesOf(viewer.events).length === 1, 120_000);
    expect(outcomesOf(viewer.events)).toEqual(["completed"]);
    expect(viewer.events.slice(0, log.length)).toEqual(log);
    expect(viewer.events.map(({ seq }) => seq)).toEqual(viewer.events.map((_, i) => i + 1));
    expect(viewer.events.filter(({ type }) => type === "run.started")).toHaveLength(1);
    await berth.until(() => again.actor.state?.status === "idle", 10_000);
    await berth.instance.settled();
    expect((await berth.instance.runHistory.list(ORG, { after: null, limit: 10 })).runs).toHaveLength(1);
  });
}

verifies("session-store:open:newer-schema", "a session of a newer version is not opened and not touched, and the newer version finds all of it", () => {
  const folder = mkdtempSync(join(tmpdir(), "berth-newer-"));
  const path = join(folder, "session.sqlite");
  try {
    const store = createNodeSessionStore(path, "one");
    const batch = { state: "{}", atMs: 0, outboxAdd: [], answersAdd: [], messages: [], outputsAdd: [] };
    const committed = store.commit({ ...batch, events: [{ type: "part.ended", data: { part: { id: "prt_1", kind: "text", text: "kept" } } }] });
    store.close();
    const version = setVersion(path, "999");
    const bytes = readFileSync(path);
    expect(() => createNodeSessionStore(path, "one")).toThrow(/newer Berth/);
    expect(readFileSync(path).equals(bytes)).toBe(true);
    setVersion(path, version);
    const reopened = createNodeSessionStore(path, "one");
    expect(reopened.eventsAfter(0, 10)).toEqual(committed);
    reopened.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** Answers the version of before. */
function setVersion(path: string, version: string): string {
  const database = new DatabaseSync(path);
  const before = database.prepare("SELECT value FROM meta WHERE key = 'schema-version'").get() as { value: string };
  database.prepare("UPDATE meta SET value = ? WHERE key = 'schema-version'").run(version);
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
  return before.value;
}
