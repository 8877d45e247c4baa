/** The blob store broken while the log is archived and big outputs are put there: nothing is lost, and it goes on by itself. */
import { verifies } from "@berth/testkit";
import { describe, expect } from "vitest";
import { range, SESSION, StreamRig } from "../system/support/stream-rig.ts";

const OUTPUT = `first ${"y".repeat(100_000)} last`;

async function withTool(fault: string | null, times = 3): Promise<{ readonly rig: StreamRig; readonly name: string }> {
  const rig = await StreamRig.running();
  if (fault !== null) rig.instance.faults.blobs.arm(fault, { times });
  await rig.tool(OUTPUT);
  const event = (await rig.log()).findLast((each) => each.type === "part.ended");
  const ref = event?.type === "part.ended" ? event.data.part.tool?.outputRef : undefined;
  expect(ref).toMatchObject({ address: `/v1/sessions/${SESSION.sessionId}/outputs/${ref?.name}`, bytes: OUTPUT.length });
  return { rig, name: ref?.name ?? "" };
}

const key = (name: string): string => `${SESSION.orgId}/${SESSION.sessionId}/outputs/${name}`;

describe("big outputs", () => {
  for (const fault of ["blob-store:put:no-room", "blob-store:put:refused", "blob-store:put:unreachable", "blob-store:put:truncated-upload", "blob-store:put:lost-answer"]) {
    verifies([fault, "STR10"], "the output is read from its event on, and is in the blob store once that takes it", async () => {
      const { rig, name } = await withTool(fault);
      expect(await rig.session.output(name)).toEqual({ text: OUTPUT });
      await rig.settle();
      expect(await rig.session.output(name)).toEqual({ text: OUTPUT });
      await rig.crash();
      expect(await rig.session.output(name)).toEqual({ text: OUTPUT });
      await rig.settle(60_000);
      expect(await rig.session.output(name)).toEqual({ key: key(name) });
      expect(new TextDecoder().decode((await rig.instance.services.blobs.get(key(name)))?.bytes)).toBe(OUTPUT);
    });
  }

  verifies(["blob-store:put:twice", "blob-store:put:concurrent", "STR10"], "an output that was stored by a session that then lost its memory is stored again and stays the same", async () => {
    const { rig, name } = await withTool(null);
    await rig.instance.services.blobs.put(key(name), new TextEncoder().encode(OUTPUT), { contentType: "text/plain; charset=utf-8" });
    await rig.crash();
    await rig.settle();
    expect(await rig.session.output(name)).toEqual({ key: key(name) });
    expect((await rig.instance.services.blobs.get(key(name)))?.bytes.length).toBe(OUTPUT.length);
  });

  verifies("STR10", "what was never an output is none, whatever it is called", async () => {
    const { rig } = await withTool(null);
    for (const name of ["", "..", "out_1", "../events/1-10.jsonl", `out_${"0".repeat(26)}/x`]) expect(await rig.session.output(name)).toBeNull();
  });
});

describe("the archive", () => {
  async function archiving(fault: string, times: number): Promise<StreamRig> {
    const rig = await StreamRig.running();
    rig.instance.faults.blobs.arm(fault, { times });
    await rig.parts(40);
    await rig.endTurn();
    await rig.settle();
    return rig;
  }

  for (const fault of ["blob-store:put:no-room", "blob-store:put:unreachable", "blob-store:put:truncated-upload", "blob-store:put:lost-answer"]) {
    verifies([fault, "STR9"], "no event is let go of before it is stored, and the archive grows once the store answers", async () => {
      const rig = await archiving(fault, 3);
      expect(await rig.firstSeq()).toBe(1);
      const events = await rig.log();
      expect(events.map(({ seq }) => seq)).toEqual(range(1, events.length));
      await rig.crash();
      await rig.settle(60_000);
      expect(await rig.firstSeq()).toBeGreaterThan(1);
      const later = await rig.log();
      expect(later.slice(0, events.length)).toEqual(events);
      expect(later.map(({ seq }) => seq)).toEqual(range(1, later.length));
    });
  }

  verifies(["blob-store:get:torn-content", "STR9"], "a reader is told to come again, and then reads everything", async () => {
    const rig = await archiving("blob-store:put:no-room", 1);
    await rig.settle(10_000);
    expect(await rig.firstSeq()).toBeGreaterThan(1);
    rig.instance.faults.blobs.arm("blob-store:get:torn-content");
    expect(await rig.session.events(0, 5)).toMatchObject({ events: [], problem: { status: 503 } });
    expect((await rig.session.events(0, 5)).events.map(({ seq }) => seq)).toEqual(range(1, 5));
  });

  verifies(["blob-store:get:missing", "STR9"], "a page that is gone is said to be gone, and nothing after it is passed off as all there is", async () => {
    const rig = await archiving("blob-store:put:no-room", 1);
    await rig.settle(10_000);
    await rig.instance.services.blobs.delete(`${SESSION.orgId}/${SESSION.sessionId}/events/1-10.jsonl`);
    const page = await rig.session.events(3, 5);
    expect(page).toMatchObject({ events: [], problem: { status: 502 } });
    expect(page.lastSeq).toBeGreaterThan(3);
  });

  verifies(["blob-store:list:cursor-deleted", "STR11"], "a removal that lists and deletes by turns leaves nothing", async () => {
    const rig = await StreamRig.running();
    for (let i = 0; i < 150; i++) await rig.instance.services.blobs.put(`${SESSION.orgId}/${SESSION.sessionId}/outputs/o${i}`, new Uint8Array(1), { contentType: "text/plain" });
    await rig.session.remove({ actor: { kind: "user", id: "usr_1" }, apiKeyId: null, role: "owner" });
    await rig.settle(5_000);
    expect([await rig.keys(), rig.session.actor.state]).toEqual([[], null]);
  });
});
