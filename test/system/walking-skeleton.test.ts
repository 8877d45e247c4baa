/** A whole session life in memory, on fakes only, in milliseconds: the first thing to break when a seam is wrong. */
import { expect } from "vitest";
import { verifies } from "@berth/testkit";
import type { SessionEvent } from "@berth/protocol";
import { AUTHOR, MemoryBerth } from "./support/memory-berth.ts";

const SESSION = "ses_0123456789abcdefghjkmnpqrs";

function types(events: readonly SessionEvent[]): string[] {
  return events.map(({ type }) => type);
}

function ended(events: readonly SessionEvent[]): number {
  return events.filter(({ type }) => type === "run.ended").length;
}

verifies("SKL1", "a prompt opens a sandbox, runs a tool, streams the answer and lands in run history", async () => {
  const berth = new MemoryBerth();
  const session = await berth.open(SESSION, "!say first\n!bash echo 42\n!say last");
  const viewer = berth.watch(session);
  await berth.until(() => ended(viewer.events) === 1);
  await berth.instance.settled();

  const events = await berth.events(session);
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
  expect(viewer.events).toEqual(events);
  const parts = events.flatMap((event) => (event.type === "part.ended" ? [event.data.part.tool?.name ?? event.data.part.text] : []));
  expect(parts.slice(0, 3)).toEqual(["first", "bash", "last"]);
  expect(types(events).at(-1)).toBe("session.status");

  const { runs } = await berth.instance.runHistory.list("org_a", { after: null, limit: 10 });
  expect(runs).toMatchObject([{ sessionId: SESSION, outcome: "completed", author: AUTHOR.actor }]);
  const run = runs[0]?.id ?? "";
  const history = await berth.instance.runHistory.events("org_a", run, { after: 0, limit: 1_000 });
  expect(history.events).toEqual(events.filter(({ runId }) => runId === run));
  expect((await berth.instance.catalog.listSessions("org_a", { after: null, limit: 10 })).sessions).toMatchObject([{ id: SESSION, status: "idle" }]);
});

verifies("SKL2", "prompts sent while one runs follow it in order, each once", async () => {
  const berth = new MemoryBerth();
  const session = await berth.open(SESSION, "!sleep 200\n!say one");
  for (const word of ["two", "three"]) expect((await session.send({ text: `!say ${word}` }, AUTHOR)).ok).toBe(true);
  const viewer = berth.watch(session);
  await berth.until(() => ended(viewer.events) === 3);
  const said = viewer.events.flatMap((event) => (event.type === "part.ended" && event.data.part.kind === "text" ? [event.data.part.text] : []));
  expect(said).toEqual(["one", "two", "three"]);
});

verifies("SKL3", "a session whose object loses its memory goes on where it was, and runs nothing twice", async () => {
  const berth = new MemoryBerth();
  await berth.open(SESSION, "!sleep 500\n!say survived");
  await berth.until(() => berth.session(SESSION).actor.state?.status === "running");
  const again = berth.instance.crash("org_a", SESSION);
  berth.links.get(`${SESSION}-1`)?.cut();
  const viewer = berth.watch(again);
  await berth.until(() => ended(viewer.events) === 1, 30_000);
  expect(types(viewer.events).filter((type) => type === "run.started")).toHaveLength(1);
  expect(viewer.events.flatMap((event) => (event.type === "run.ended" ? [event.data.outcome] : []))).toEqual(["completed"]);
});

verifies("SKL4", "a viewer that joins in the middle of an answer sees all of it", async () => {
  const berth = new MemoryBerth();
  const session = await berth.open(SESSION, "!say before\n!sleep 300\n!say after");
  await berth.until(() => berth.session(SESSION).actor.state?.run?.openParts !== undefined);
  const late = berth.watch(session);
  await berth.until(() => ended(late.events) === 1);
  const replay = berth.watch(session);
  await berth.until(() => replay.frames.some(({ type }) => type === "synced"));
  expect(replay.events).toEqual(late.events);
});

verifies("SKL5", "a stopped turn ends as stopped and the next one runs", async () => {
  const berth = new MemoryBerth();
  const session = await berth.open(SESSION, "!sleep 60000\n!say never");
  const viewer = berth.watch(session);
  await berth.until(() => session.actor.state?.status === "running");
  await berth.until(() => viewer.events.some((event) => event.type === "message.status" && event.data.status === "running"));
  expect((await session.stop(AUTHOR)).ok).toBe(true);
  await session.send({ text: "!say next" }, AUTHOR);
  await berth.until(() => ended(viewer.events) === 2, 40_000);
  const outcomes = viewer.events.flatMap((event) => (event.type === "run.ended" ? [event.data.outcome] : []));
  expect(outcomes).toEqual(["stopped", "completed"]);
});
