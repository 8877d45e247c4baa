import { makeProblem, type ServerFrame, type SessionEvent } from "@berth/protocol";
import { expect, test } from "vitest";
import type { Author } from "../session-handle.ts";
import type { SessionActor } from "./session-actor.ts";
import type { SessionService } from "./session-service.ts";
import { onViewerMessage } from "./viewer-actions.ts";
import { ViewerHub } from "./viewer-hub.ts";
import { newViewer, type ViewerAttachment } from "./viewer.ts";

const AUTHOR: Author = { actor: { kind: "user", id: "usr_1" }, apiKeyId: null, role: "member" };

function makeEvent(seq: number): SessionEvent {
  return { seq, id: `evt_${seq}`, at: "2026-01-02T03:04:05.000Z", type: "session.status", data: { status: "idle" } };
}

/** A hub over a log of so many events, and what its sockets were sent. */
function makeHub(count: number) {
  const log = Array.from({ length: count }, (_, i) => makeEvent(i + 1));
  const sent: ServerFrame[] = [];
  const hub = new ViewerHub(
    { eventTexts: (after, { limit }) => log.slice(after, after + limit).map((event) => JSON.stringify(event)), firstSeq: () => 1, lastSeq: () => log.length, openParts: () => [], archiveAfter: (after) => `after ${after}` },
    { now: () => 1_800_000_000_000, after: () => undefined },
  );
  const socket = { send: (text: string) => void sent.push(JSON.parse(text) as ServerFrame), close: () => undefined, save: () => undefined };
  const seqs = (): number[] => sent.flatMap((frame) => (frame.type === "frame" ? frame.events.map(({ seq }) => seq) : []));
  return { hub, sent, seqs, join: (attachment: ViewerAttachment) => hub.join(socket, attachment) };
}

const restored = (cursor: number): ViewerAttachment => ({ ...newViewer("con_1", AUTHOR, cursor), mode: "live", synced: true, frame: 7, ackedFrame: 7 });

test("a viewer whose socket outlived the object's memory gets what was committed before it was taken back, and no second `synced`", () => {
  const { sent, seqs, join } = makeHub(5);
  join(restored(3));
  expect(seqs()).toEqual([4, 5]);
  expect(sent.map(({ type }) => type)).toEqual(["frame"]);
  expect(sent[0]).toMatchObject({ frame: 8 });
});

test("one that has everything is sent nothing, and then what comes", () => {
  const { hub, seqs, join } = makeHub(5);
  join(restored(5));
  expect(seqs()).toEqual([]);
  hub.publish([makeEvent(6)]);
  expect(seqs()).toEqual([6]);
});

test("an action that breaks on our side is answered, and thrown on for the platform's log", async () => {
  const { hub, sent, join } = makeHub(0);
  const attachment = newViewer("con_1", AUTHOR, 0);
  join(attachment);
  const broken = { stop: () => { throw new Error("the disk is full"); } } as unknown as SessionService;
  const acting = onViewerMessage({ hub } as SessionActor, broken, { attachment, close: () => undefined }, '{"type":"stop","requestId":"r1"}', async (text) => text);
  await expect(acting).rejects.toThrow("the disk is full");
  expect(sent.at(-1)).toMatchObject({ type: "problem", requestId: "r1", problem: { type: makeProblem("internal", "").type } });
  expect(JSON.stringify(sent)).not.toContain("disk");
});
