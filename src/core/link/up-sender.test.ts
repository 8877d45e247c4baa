import { LINK_VERSION, type UpFrame, type UpMessage } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { acked, createLinkEnd, enqueue, type LinkEnd } from "./link-end.ts";
import { takeUps, UPS_PAUSE_MAX_MS, UPS_WAIT_MAX_MS, upsAcked, upsDueAtMs, wireOpened } from "./up-sender.ts";

const started = (id: string): UpMessage => ({ type: "part-started", messageId: "msg_1", part: { id, kind: "text" } });
const ended = (id: string, text = ""): UpMessage => ({ type: "part-ended", messageId: "msg_1", part: { id, kind: "text", text } });
const asked: UpMessage = { type: "question-asked", messageId: "msg_1", requestId: "req_1", questions: [] };

/** The runtime's end and what it has on the wire, with a clock. */
class Sending {
  nowMs = 1_000;
  end: LinkEnd<UpMessage> = createLinkEnd();
  sender = wireOpened(0);
  version = LINK_VERSION;
  readonly awaited = new Set<string>();

  say(...messages: readonly UpMessage[]): void {
    for (const message of messages) this.end = enqueue(this.end, message).end;
  }

  get dueInMs(): number | null {
    const atMs = upsDueAtMs(this.sender, this.end, (partId) => this.awaited.has(partId));
    return atMs === null ? null : Math.max(0, atMs - this.nowMs);
  }

  send(): readonly UpFrame[] {
    const taken = takeUps(this.sender, this.end, { version: this.version, nowMs: this.nowMs });
    this.sender = taken.sender;
    return taken.frames;
  }

  /** The session acknowledges everything on the wire after so long. */
  acknowledge(afterMs: number, n = this.sender.sentTo): void {
    this.nowMs += afterMs;
    this.sender = upsAcked(this.sender, this.end, n, this.nowMs);
    this.end = acked(this.end, n);
  }

  /** So many frames one after another, each acknowledged after so long. */
  frames(count: number, tookMs: number): void {
    for (let i = 0; i < count; i++) {
      this.say(ended(`p${i}`));
      this.send();
      this.acknowledge(tookMs);
    }
  }
}

verifies("LNK17", "what is said while a frame is under way waits for its acknowledgement and goes in one frame, in order", () => {
  const sending = new Sending();
  expect(sending.dueInMs).toBeNull();
  sending.say(started("a"));
  expect(sending.dueInMs).toBe(0);
  expect(sending.send()).toEqual([{ type: "up", n: 1, body: started("a") }]);
  sending.say(ended("a"), started("b"));
  sending.say(ended("b"));
  expect(sending.dueInMs).toBe(UPS_WAIT_MAX_MS);
  sending.acknowledge(3);
  expect(sending.dueInMs).toBe(0);
  expect(sending.send()).toEqual([{ type: "ups", n: 2, bodies: [ended("a"), started("b"), ended("b")] }]);
  expect([sending.dueInMs, sending.send()]).toEqual([null, []]);
});

verifies("LNK17", "an acknowledgement of a part of the frame, and one that is lost, let nothing go before its time", () => {
  const sending = new Sending();
  sending.say(started("a"), ended("a"));
  sending.send();
  sending.say(started("b"));
  sending.acknowledge(10, 1);
  expect(sending.dueInMs).toBe(UPS_WAIT_MAX_MS - 10);
  sending.nowMs += UPS_WAIT_MAX_MS;
  expect(sending.dueInMs).toBe(0);
  expect(sending.send()).toEqual([{ type: "up", n: 3, body: started("b") }]);
});

verifies("LNK17", "what somebody waits for goes at once and takes with it what waits, as does the beginning of a part that has text", () => {
  const sending = new Sending();
  sending.say(started("a"));
  sending.send();
  sending.say(ended("a"), asked);
  expect(sending.dueInMs).toBe(0);
  expect(sending.send()).toEqual([{ type: "ups", n: 2, bodies: [ended("a"), asked] }]);
  sending.say(started("b"));
  expect(sending.dueInMs).toBe(UPS_WAIT_MAX_MS);
  sending.awaited.add("b");
  expect(sending.dueInMs).toBe(0);
});

verifies("LNK18", "a session that takes longer than at its quickest is sent frames more rarely, up to a bound, and as before once it is quick again", () => {
  const sending = new Sending();
  const pauseAfter = (frames: number, tookMs: number): number | null => {
    sending.frames(frames, tookMs);
    sending.say(ended("next"));
    const pauseMs = sending.dueInMs;
    sending.send();
    sending.acknowledge(tookMs);
    return pauseMs;
  };
  expect(pauseAfter(20, 5)).toBe(0);
  // Three times 25 ms, from when the last frame went.
  expect(pauseAfter(50, 30)).toBeCloseTo(75 - 30, 0);
  expect(pauseAfter(50, 60)).toBeCloseTo(UPS_PAUSE_MAX_MS - 60, 0);
  expect(pauseAfter(50, 5_000)).toBe(0);
  expect(pauseAfter(100, 5)).toBe(0);
});

verifies("LNK18", "a session that is far away and not busy is sent frames as soon as it acknowledged the last", () => {
  const sending = new Sending();
  sending.frames(20, 80);
  sending.say(ended("next"));
  expect(sending.dueInMs).toBe(0);
});

verifies(["LNK3", "LNK17"], "after a reconnect everything that the session does not have goes at once and in order, in frames of a bounded size", () => {
  const sending = new Sending();
  const bodies = Array.from({ length: 1_200 }, (_, i) => ended(`p${i}`, i % 100 === 0 ? "x".repeat(300_000) : "y"));
  sending.say(...bodies);
  sending.send();
  sending.end = acked(sending.end, 7);
  sending.sender = wireOpened(7);
  expect(sending.dueInMs).toBe(0);
  const frames = sending.send();
  const sent = frames.flatMap((frame) => (frame.type === "ups" ? frame.bodies.map((body, i) => ({ n: frame.n + i, body })) : frame.type === "up" ? [{ n: frame.n, body: frame.body }] : []));
  expect(sent).toEqual(bodies.slice(7).map((body, i) => ({ n: i + 8, body })));
  expect(frames.length).toBeLessThan(30);
  for (const frame of frames) if (frame.type === "ups") expect(JSON.stringify(frame).length).toBeLessThan(300_000);
});

verifies(["LNK6", "LNK17"], "a session of the first version gets them one by one", () => {
  const sending = new Sending();
  sending.version = 1;
  sending.say(started("a"), ended("a"));
  expect(sending.send().map(({ type }) => type)).toEqual(["up", "up"]);
});
