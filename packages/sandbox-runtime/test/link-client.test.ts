import { describe, expect, test } from "vitest";
import { CLOSE_CODES, LIMITS, type DownMessage, type UpMessage } from "@berth/protocol";
import { EMPTY_STATE } from "../src/journal-state.ts";
import { Journal, type JournalLog } from "../src/journal.ts";
import { LinkClient } from "../src/link-client.ts";
import { FakeSession } from "./fake-session.ts";
import { ManualClock } from "./manual-clock.ts";

function memoryLog(): JournalLog & { lines: string[] } {
  const lines: string[] = [];
  return {
    lines,
    append: (more) => void lines.push(...more),
    rewrite: (all) => void lines.splice(0, lines.length, ...all),
  };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function stage(log: JournalLog = memoryLog(), session = new FakeSession()) {
  const clock = new ManualClock();
  const journal = new Journal(log);
  const acted: DownMessage[] = [];
  const over: number[] = [];
  const tunnels: number[] = [];
  const link = new LinkClient(
    { dial: session.dial(), journal, clock, random: () => 1, epoch: 1 },
    {
      plan: (body) => (body.type === "prompt" ? [{ type: "accepted", messageId: body.messageId }] : []),
      act: (body) => void acted.push(body),
      openTunnel: () => void tunnels.push(clock.now()),
      over: (code) => void over.push(code),
    },
  );
  const flush = async (): Promise<void> => {
    clock.advance(16);
    await settled();
  };
  return { clock, journal, acted, tunnels, over, link, session, log, flush };
}

const prompt = (messageId: string): DownMessage => ({ type: "prompt", messageId, text: "hi", model: "demo/demo" });
const title = (text: string): UpMessage => ({ type: "title", title: text });
const textPart = (id: string, text: string) => ({ messageId: "msg_1", part: { id, kind: "text" as const, text } });

describe("link client", () => {
  test("says hello with what it has, and sends what was written down before", async () => {
    const { link, session, flush } = stage();
    link.post(title("early"));
    await flush();
    link.start();
    await settled();
    expect(session.frames[0]).toEqual({ type: "hello", versions: [1, 2, 3], epoch: 1, received: 0 });
    expect(session.ups).toEqual([title("early")]);
  });

  test("puts the receipt of a prompt and its acceptance on disk in one line before either is sent", async () => {
    const log = memoryLog();
    const { link, session, acted } = stage(log);
    link.start();
    await settled();
    session.tell(prompt("msg_1"));
    await settled();
    expect(log.lines).toHaveLength(1);
    expect(JSON.parse(log.lines[0] as string)).toEqual({ down: { n: 1, body: prompt("msg_1") }, ups: [{ type: "accepted", messageId: "msg_1" }] });
    expect(acted).toEqual([prompt("msg_1")]);
    expect(session.all("accepted")).toHaveLength(1);
  });

  test("[LNK20] passes the request for a tunnel on, writes nothing down and answers nothing", async () => {
    const { link, session, tunnels, log } = stage();
    link.start();
    await settled();
    const frames = session.frames.length;
    session.openTunnel();
    session.openTunnel();
    await settled();
    expect([tunnels.length, session.frames.length - frames, log.lines]).toEqual([2, 0, []]);
  });

  test("acts once on what is sent down twice, and acknowledges it again", async () => {
    const { link, session, acted, clock } = stage();
    link.start();
    await settled();
    session.tell(prompt("msg_1"));
    await settled();
    const acks = () => session.frames.filter((frame) => frame.type === "ack").length;
    expect(acks()).toBe(1);
    session.hangUp();
    await settled();
    clock.advance(250);
    await settled();
    expect(session.connections).toBe(2);
    expect(acted).toHaveLength(1);
  });

  test("sends again what was not acknowledged, and the other end drops what it has", async () => {
    const { link, session, clock, journal, flush } = stage();
    link.start();
    await settled();
    session.isDeaf = true;
    link.post(title("one"));
    await flush();
    session.hangUp();
    await settled();
    link.post(title("two"));
    await flush();
    expect(journal.state.link.held).toHaveLength(2);
    session.isDeaf = false;
    clock.advance(250);
    await settled();
    expect(session.ups).toEqual([title("one"), title("two")]);
    expect(journal.state.link.held).toEqual([]);
  });

  test("waits longer after each failure up to 5 s, for ever", async () => {
    const { link, session, clock } = stage();
    link.start();
    await settled();
    const waits: (number | null)[] = [];
    for (let i = 0; i < 8; i++) {
      // Cut before the welcome, so that no attempt counts as a success.
      session.hangUp();
      await settled();
      waits.push(clock.nextMs);
      clock.advance(clock.nextMs ?? 0);
      session.hangUp();
      await settled();
    }
    expect(waits[0]).toBe(250);
    expect(Math.max(...waits.map((wait) => wait ?? 0))).toBeLessThanOrEqual(5_000);
    expect(session.connections).toBeGreaterThan(8);
  });

  test.each([CLOSE_CODES.fenced, CLOSE_CODES.sessionEnded, CLOSE_CODES.versionUnsupported])("ends on close code %i and dials no more", async (code) => {
    const { link, session, clock, over } = stage();
    link.start();
    await settled();
    session.hangUp(code);
    await settled();
    clock.advance(60_000);
    await settled();
    expect(over).toEqual([code]);
    expect(session.connections).toBe(1);
  });

  test("merges deltas of a tick into one, and drops them when the part has ended", async () => {
    const { link, session, flush } = stage();
    link.start();
    await settled();
    await flush();
    link.post({ type: "part-started", ...textPart("p", "") });
    for (let i = 0; i < 100; i++) link.delta({ partId: "p", offset: i, text: "x" });
    await flush();
    expect(session.frames.filter((frame) => frame.type === "deltas")).toEqual([{ type: "deltas", deltas: [{ partId: "p", offset: 0, text: "x".repeat(100) }] }]);
    link.delta({ partId: "p", offset: 100, text: "y" });
    link.post({ type: "part-ended", ...textPart("p", `${"x".repeat(100)}y`) });
    await flush();
    expect(session.frames.filter((frame) => frame.type === "deltas")).toHaveLength(1);
    expect(session.all("part-ended")[0]?.part.text).toHaveLength(101);
  });

  test("sends no more than the credit until it is given back", async () => {
    const { link, session, flush } = stage();
    link.start();
    await settled();
    session.isDeaf = true;
    link.delta({ partId: "p", offset: 0, text: "x".repeat(3 * LIMITS.linkDeltaCreditUnits) });
    await flush();
    await flush();
    expect(session.texts["p"]).toHaveLength(LIMITS.linkDeltaCreditUnits);
  });

  test("sends open parts from their beginning after a reconnect", async () => {
    const { link, session, clock, flush } = stage();
    link.start();
    await settled();
    link.delta({ partId: "p", offset: 0, text: "hello " });
    await flush();
    session.hangUp();
    await settled();
    link.delta({ partId: "p", offset: 6, text: "world" });
    clock.advance(250);
    await settled();
    expect(session.frames.at(-1)).toEqual({ type: "deltas", deltas: [{ partId: "p", offset: 0, text: "hello world" }] });
    expect(session.texts["p"]).toBe("hello world");
  });

  test("sends in one frame what was said until the session acknowledged, and has it on disk long before", async () => {
    const { link, session, log, flush } = stage();
    link.start();
    await settled();
    session.isDeaf = true;
    for (const id of ["a", "b", "c"]) {
      link.post({ type: "part-started", ...textPart(id, "") });
      await flush();
      link.post({ type: "part-ended", ...textPart(id, id) });
      await flush();
    }
    expect([session.ups.length, log.lines.length]).toEqual([1, 6]);
    session.isDeaf = false;
    session.acknowledge();
    await settled();
    const { frames } = session;
    expect(frames.filter(({ type }) => type === "up" || type === "ups").map((frame) => (frame.type === "ups" ? [frame.n, frame.bodies.length] : frame.type))).toEqual(["up", [2, 5]]);
    expect(session.all("part-ended").map(({ part }) => part.id)).toEqual(["a", "b", "c"]);
  });

  test("sends what waits after a second without an acknowledgement, and again all of it after a reconnect", async () => {
    const { link, session, clock, journal, flush } = stage();
    link.start();
    await settled();
    session.isDeaf = true;
    for (const id of ["a", "b", "c"]) {
      link.post({ type: "part-started", ...textPart(id, "") });
      await flush();
    }
    expect(session.ups).toHaveLength(1);
    clock.advance(1_000);
    await settled();
    expect(session.ups).toHaveLength(3);
    link.post({ type: "part-started", ...textPart("d", "") });
    await flush();
    session.hangUp();
    await settled();
    session.isDeaf = false;
    clock.advance(250);
    await settled();
    expect(session.all("part-started").map(({ part }) => part.id)).toEqual(["a", "b", "c", "d"]);
    expect(journal.state.link.held).toEqual([]);
  });

  test("lets no question, and no text, wait for an acknowledgement", async () => {
    const { link, session, flush } = stage();
    link.start();
    await settled();
    session.isDeaf = true;
    link.post({ type: "part-started", ...textPart("a", "") });
    await flush();
    link.post({ type: "part-ended", ...textPart("a", "a") });
    link.post({ type: "part-started", ...textPart("b", "") });
    link.delta({ partId: "b", offset: 0, text: "at once" });
    await flush();
    expect(session.ups).toHaveLength(3);
    expect(session.texts["b"]).toBe("at once");
    link.post({ type: "part-ended", ...textPart("b", "at once") });
    link.post({ type: "question-asked", messageId: "msg_1", requestId: "req_1", questions: [] });
    await flush();
    expect(session.all("question-asked")).toHaveLength(1);
  });

  test("says everything one by one to a session of the first version, and before it ends", async () => {
    const { link, session, flush } = stage();
    session.version = 1;
    link.start();
    await settled();
    session.isDeaf = true;
    for (const id of ["a", "b", "c"]) link.post({ type: "part-started", ...textPart(id, "") });
    await flush();
    link.post({ type: "part-started", ...textPart("d", "") });
    link.stop();
    expect(session.frames.filter(({ type }) => type === "ups")).toEqual([]);
    expect(session.all("part-started").map(({ part }) => part.id)).toEqual(["a", "b", "c", "d"]);
  });

  test("hangs up on a session that is silent for a minute", async () => {
    const { link, session, clock } = stage();
    link.start();
    await settled();
    clock.advance(80_000);
    await settled();
    clock.advance(250);
    await settled();
    expect(session.connections).toBe(2);
  });

  test("keeps everything in a journal that was written anew", () => {
    const log = memoryLog();
    const journal = new Journal(log);
    for (let i = 0; i < 1_500; i++) journal.commit({ ups: [title(String(i))] });
    expect(log.lines.length).toBeLessThan(1_001);
    expect(new Journal(log).state).toEqual(journal.state);
    expect(journal.state).not.toEqual(EMPTY_STATE);
  });

  test("takes and says nothing while the disk is full, and everything once there is room", async () => {
    const log = memoryLog();
    let isFull = false;
    const refuse = (): never => {
      throw new Error("ENOSPC: no space left on device");
    };
    const disk: JournalLog = { ...log, append: (lines) => (isFull ? refuse() : log.append(lines)) };
    const { link, session, acted, clock, flush } = stage(disk);
    link.start();
    await settled();
    isFull = true;
    link.post(title("held"));
    await flush();
    session.tell(prompt("msg_1"));
    await settled();
    expect([acted, session.all("title"), log.lines]).toEqual([[], [], []]);
    isFull = false;
    for (let i = 0; i < 100; i++) {
      clock.advance(50);
      await settled();
    }
    expect(acted).toEqual([prompt("msg_1")]);
    expect(session.ups).toEqual([title("held"), { type: "accepted", messageId: "msg_1" }]);
  });

  test("ends with the disk's own words when it stays full", async () => {
    const { link, clock } = stage({ lines: [], rewrite: () => {}, append: () => { throw new Error("ENOSPC: no space left"); } });
    link.start();
    await settled();
    link.post(title("held"));
    expect(() => clock.advance(60_000)).toThrow("ENOSPC");
  });
});
