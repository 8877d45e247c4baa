/** The log over its two homes: the session's own rows and the archive in the blob store. */
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { AUTHOR } from "./support/memory-berth.ts";
import { range, SESSION, StreamRig } from "./support/stream-rig.ts";

/** A session with an archive: a finished run of so many parts. */
async function longSession(parts = 40): Promise<StreamRig> {
  const rig = await StreamRig.running();
  await rig.parts(parts);
  await rig.endTurn();
  await rig.settle();
  return rig;
}

verifies("STR7", "the oldest events go to the archive a page at a time, and the one cursor reads over both", async () => {
  const rig = await longSession();
  const events = await rig.log();
  expect(events.map(({ seq }) => seq)).toEqual(range(1, events.length));
  const firstSeq = await rig.firstSeq();
  expect(firstSeq % 10).toBe(1);
  expect(events.length - firstSeq + 1).toBeGreaterThanOrEqual(20);
  expect(events.length - firstSeq + 1).toBeLessThan(30);
  expect(await rig.keys()).toEqual(range(0, (firstSeq - 1) / 10 - 1).map((page) => `events/${page * 10 + 1}-${page * 10 + 10}.jsonl`).toSorted());
  for (const limit of [1, 10, 500]) expect(await rig.log(limit)).toEqual(events);
  const blob = await rig.instance.services.blobs.get(`${SESSION.orgId}/${SESSION.sessionId}/events/11-20.jsonl`);
  expect(new TextDecoder().decode(blob?.bytes)).toBe(events.slice(10, 20).map((event) => `${JSON.stringify(event)}\n`).join(""));

  await rig.crash();
  expect(await rig.log()).toEqual(events);
  await rig.link();
  await rig.prompt();
  expect((await rig.log()).at(-1)?.seq).toBeGreaterThan(events.length);
});

verifies("STR7", "a page also ends where it is large", async () => {
  const rig = await StreamRig.running();
  await rig.parts(25, "x".repeat(30_000));
  await rig.endTurn();
  await rig.settle();
  const events = await rig.log();
  expect(events.map(({ seq }) => seq)).toEqual(range(1, events.length));
  const sizes = (await rig.keys()).map((key) => /(\d+)-(\d+)/.exec(key)?.slice(1).map(Number) ?? []).map(([from = 0, to = 0]) => to - from + 1);
  expect(sizes.some((size) => size < 10)).toBe(true);
});

verifies("STR8", "a run in progress holds its events, and so does one that the run history does not have", async () => {
  const rig = await StreamRig.running();
  rig.instance.faults.runHistory.arm("run-history:flush:down", { times: 1_000 });
  const before = (await rig.log()).findIndex(({ runId }) => runId !== undefined);
  await rig.parts(60);
  await rig.settle();
  expect(await rig.firstSeq()).toBeLessThanOrEqual(before + 1);
  await rig.endTurn();
  await rig.settle(5_000);
  expect(await rig.firstSeq()).toBeLessThanOrEqual(before + 1);
  rig.instance.faults.runHistory.disarm();
  await rig.settle(120_000);
  expect((await rig.instance.runHistory.list("org_a", { after: null, limit: 10 })).runs).toHaveLength(1);
  await rig.prompt();
  await rig.parts(60);
  await rig.settle();
  expect(await rig.firstSeq()).toBeGreaterThan(100);
  const { runs } = await rig.instance.runHistory.list("org_a", { after: null, limit: 10 });
  const stored = await rig.instance.runHistory.events("org_a", runs[0]?.id ?? "", { after: 0, limit: 500 });
  expect(stored.events.length).toBeGreaterThanOrEqual(120);
});

verifies("STR5", "a viewer from before the log is told where it begins and where the rest is, and goes on", async () => {
  const rig = await longSession();
  const firstSeq = await rig.firstSeq();
  const last = (await rig.log()).length;
  for (const [after, archive] of [[0, 0], [7, 7], [firstSeq - 2, firstSeq - 2], [last + 5, 0]] as const) {
    const viewer = rig.view(after);
    expect(viewer.frames[0]).toEqual({ type: "reset", from: firstSeq, archive: `/v1/sessions/${SESSION.sessionId}/events?after=${archive}` });
    expect(viewer.seqs()).toEqual(range(firstSeq, last));
    expect(viewer.frames.at(-1)).toEqual({ type: "synced", seq: last });
    expect(viewer.frames.filter(({ type }) => type === "reset")).toHaveLength(1);
  }
  for (const after of [firstSeq - 1, firstSeq, last]) {
    const viewer = rig.view(after);
    expect([viewer.frames.some(({ type }) => type === "reset"), viewer.seqs()]).toEqual([false, range(after + 1, last)]);
  }
});

verifies("STR5", "a position that never was, in a log that holds all of its events, is read again from the first", async () => {
  const rig = await StreamRig.running();
  const viewer = rig.view(1_000);
  expect(viewer.frames[0]).toEqual({ type: "reset", from: 1 });
  expect(viewer.seqs()).toEqual(range(1, (await rig.log()).length));
});

verifies(["STR3", "STR5"], "a viewer that fell behind what was archived meanwhile is told so, and misses nothing after it", async () => {
  const rig = await StreamRig.running();
  const viewer = rig.view(0, false);
  // More than may be under way: the rest waits in the store.
  await rig.parts(40, "x".repeat(60_000));
  await rig.endTurn();
  await rig.settle();
  const sent = viewer.seqs();
  const firstSeq = await rig.firstSeq();
  expect(sent.at(-1)).toBeLessThan(firstSeq - 1);
  const last = (await rig.log()).length;
  for (let i = 0; i < 100 && !viewer.seqs().includes(last); i++) await viewer.ack();
  const reset = viewer.frames.find((frame) => frame.type === "reset");
  expect(reset).toMatchObject({ from: firstSeq, archive: `/v1/sessions/${SESSION.sessionId}/events?after=${sent.at(-1)}` });
  expect(viewer.seqs()).toEqual([...sent, ...range(firstSeq, last)]);
});

verifies("STR11", "removing a session removes its archive and its outputs, also when the blob store is away at first", async () => {
  const rig = await longSession();
  await rig.prompt();
  await rig.tool("y".repeat(100_000));
  await rig.settle();
  expect((await rig.keys()).length).toBeGreaterThan(3);
  const { blobs } = rig.instance;
  const remove = blobs.delete.bind(blobs);
  let failures = 3;
  blobs.delete = async (key) => {
    if (failures-- > 0) throw new Error("away");
    return remove(key);
  };
  await rig.session.remove(AUTHOR);
  await rig.settle();
  expect(await rig.session.read()).toBeNull();
  expect((await rig.keys()).length).toBeGreaterThan(0);
  await rig.crash();
  expect(await rig.session.read()).toBeNull();
  await rig.settle(120_000);
  expect([await rig.keys(), rig.session.actor.state]).toEqual([[], null]);
});
