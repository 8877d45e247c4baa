import { TUNNEL_CHUNK_BYTES, TUNNEL_TEXT_UNITS_MAX, TUNNEL_WINDOW_BYTES, TUNNEL_WORDS_MAX } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { createPrng } from "../kernel/prng.ts";
import { TunnelEnd, type Accept } from "./tunnel-end.ts";
import type { StreamListener, TunnelStream } from "./tunnel-stream.ts";

/** A listener that writes down what it hears, and takes what comes when it is told to. */
class Ear implements StreamListener {
  readonly heard: string[] = [];
  readonly chunks: Uint8Array[] = [];
  untaken = 0;
  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }
  head = (head: unknown): void => void this.heard.push(`head ${JSON.stringify(head)}`);
  word = (word: unknown): void => void this.heard.push(`word ${JSON.stringify(word)}`);
  ended = (): void => void this.heard.push("ended");
  reset = (reason: string): void => void this.heard.push(`reset ${reason}`);
  drained = (): void => void this.heard.push("drained");
  data = (bytes: Uint8Array): void => {
    this.chunks.push(bytes.slice());
    this.untaken += bytes.length;
  };
}

/** Two ends and the ordered socket between them, which carries a message when it is told to. */
class Joined {
  readonly down: (string | Uint8Array)[] = [];
  readonly up: (string | Uint8Array)[] = [];
  readonly accepted: { readonly ear: Ear; readonly stream: TunnelStream }[] = [];
  readonly plane: TunnelEnd;
  readonly sandbox: TunnelEnd;

  constructor() {
    const accept: Accept = (what, stream) => {
      if (what["kind"] !== "echo") return "not known here";
      const ear = new Ear();
      this.accepted.push({ ear, stream });
      return ear;
    };
    this.plane = new TunnelEnd({ send: (message) => void this.down.push(message) }, null);
    this.sandbox = new TunnelEnd({ send: (message) => void this.up.push(message) }, accept);
  }

  open(kind = "echo"): { readonly ear: Ear; readonly stream: TunnelStream } {
    const ear = new Ear();
    return { ear, stream: this.plane.open({ kind }, ear) };
  }

  carry(which: "down" | "up"): boolean {
    const message = this[which].shift();
    if (message === undefined) return true;
    return which === "down" ? this.sandbox.receive(message) : this.plane.receive(message);
  }

  settle(): void {
    while (this.down.length + this.up.length > 0) expect([this.carry("down"), this.carry("up")]).toEqual([true, true]);
  }
}

/** Each byte tells where in which stream it belongs. */
const data = (length: number, from: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (from + i * 7 + (i >> 8)) % 256);

verifies(["TUN1", "TUN2", "TUN3"], "streams that interleave in any order carry everything whole, within the window, and end after it", () => {
  for (let seed = 1; seed <= 12; seed++) {
    const prng = createPrng(seed);
    const joined = new Joined();
    const opened = [joined.open(), joined.open(), joined.open()];
    joined.settle();
    const pairs = opened.map(({ ear, stream }, i) => ({ plane: { ear, stream }, sandbox: joined.accepted[i] as { ear: Ear; stream: TunnelStream } }));
    const ways = pairs.flatMap(({ plane, sandbox }) => [
      { from: plane.stream, to: sandbox, sent: [] as Uint8Array[], left: 5 },
      { from: sandbox.stream, to: plane, sent: [] as Uint8Array[], left: 5 },
    ]);
    for (let i = 0; ways.some(({ left }) => left > 0) || joined.down.length + joined.up.length > 0 || ways.some(({ to }) => to.ear.untaken > 0); i++) {
      expect(i, `seed ${seed} ends`).toBeLessThan(50_000);
      const way = ways[prng.int(ways.length)];
      if (!way) continue;
      const { from, to, sent } = way;
      const dice = prng.int(6);
      if (dice === 0 && way.left > 0) {
        const bytes = data(1 + prng.int(120_000), seed * 1_000 + i);
        sent.push(bytes.slice());
        from.write(bytes);
        way.left -= 1;
        if (way.left === 0) from.end();
      } else if (dice === 1 && to.ear.untaken > 0) {
        const part = prng.int(3) === 0 ? to.ear.untaken : 1 + prng.int(to.ear.untaken);
        to.ear.untaken -= part;
        to.stream.took(part);
      } else expect(joined.carry(dice % 2 === 0 ? "down" : "up")).toBe(true);
      expect(to.ear.untaken).toBeLessThanOrEqual(TUNNEL_WINDOW_BYTES);
    }
    joined.settle();
    for (const { to, sent } of ways) {
      expect(to.ear.bytes.equals(Buffer.concat(sent)), `seed ${seed}`).toBe(true);
      expect(to.ear.heard.filter((text) => text === "ended")).toHaveLength(1);
    }
    expect([joined.plane.openStreams, joined.sandbox.openStreams]).toEqual([0, 0]);
  }
});

verifies("TUN2", "a stream that nobody takes from stops at its window, and another goes on", () => {
  const joined = new Joined();
  const slow = joined.open();
  const quick = joined.open();
  joined.settle();
  const [slowFar, quickFar] = joined.accepted;
  expect(slowFar?.stream.write(data(TUNNEL_WINDOW_BYTES + 70_000, 1))).toBe(false);
  joined.settle();
  expect(slow.ear.bytes).toHaveLength(TUNNEL_WINDOW_BYTES);
  expect(slowFar?.stream.waitingBytes).toBe(70_000);
  expect(quickFar?.stream.write(data(10, 2))).toBe(true);
  joined.settle();
  expect(quick.ear.bytes).toHaveLength(10);
  slow.stream.took(slow.ear.untaken);
  joined.settle();
  expect(slow.ear.bytes).toHaveLength(TUNNEL_WINDOW_BYTES + 70_000);
  expect(slowFar?.ear.heard).toEqual(["drained"]);
});

verifies("TUN8", "bytes that are written one at a time and wait are joined, and go out in few messages, whole and in order", () => {
  const joined = new Joined();
  const { stream } = joined.open();
  joined.settle();
  const far = joined.accepted[0];
  const SMALL_BYTES = 2.5 * TUNNEL_CHUNK_BYTES;
  const whole = data(TUNNEL_WINDOW_BYTES + SMALL_BYTES, 3);
  stream.write(whole.slice(0, TUNNEL_WINDOW_BYTES));
  joined.settle();
  const given = whole.slice(TUNNEL_WINDOW_BYTES, TUNNEL_WINDOW_BYTES + 1);
  let wrong = 0;
  for (let at = TUNNEL_WINDOW_BYTES; at < whole.length; at++) {
    stream.write(at === TUNNEL_WINDOW_BYTES ? given : whole.slice(at, at + 1));
    wrong += stream.waitingBytes === at + 1 - TUNNEL_WINDOW_BYTES ? 0 : 1;
  }
  expect(wrong).toBe(0);
  far?.stream.took(far.ear.untaken);
  while (joined.up.length > 0) joined.carry("up");
  expect(joined.down.length).toBeLessThanOrEqual(Math.ceil(SMALL_BYTES / TUNNEL_CHUNK_BYTES));
  joined.settle();
  expect(far?.ear.bytes.equals(Buffer.from(whole))).toBe(true);
  expect([stream.waitingBytes, given]).toEqual([0, whole.slice(TUNNEL_WINDOW_BYTES, TUNNEL_WINDOW_BYTES + 1)]);
  stream.write(whole.slice());
  stream.reset("the page is gone");
  expect(stream.waitingBytes).toBe(0);
});

verifies(["TUN4", "TUN5"], "a reset, and the loss of the socket, end a stream once on either side, and what was on its way is dropped", () => {
  const joined = new Joined();
  const one = joined.open();
  const two = joined.open();
  joined.settle();
  joined.accepted[0]?.stream.write(data(100, 1));
  one.stream.reset("the page was closed");
  joined.settle();
  expect([one.ear.heard, one.ear.bytes.length]).toEqual([[], 0]);
  expect(joined.accepted[0]?.ear.heard).toEqual(["reset the page was closed"]);
  expect(one.stream.write(data(10, 2))).toBe(true);
  expect(joined.down).toEqual([]);
  joined.plane.lost("the sandbox is gone");
  joined.plane.lost("the sandbox is gone");
  expect(two.ear.heard).toEqual(["reset the sandbox is gone"]);
  expect(joined.plane.openStreams).toBe(0);
});

verifies("TUN7", "what the sandbox does not know is refused with a reason, and the tunnel stays", () => {
  const joined = new Joined();
  const refused = joined.open("television");
  const taken = joined.open();
  joined.settle();
  expect(refused.ear.heard).toEqual(["reset not known here"]);
  joined.accepted[0]?.stream.sendHead({ fresh: true });
  joined.accepted[0]?.stream.sendWord({ exit: 0 });
  joined.settle();
  expect(taken.ear.heard).toEqual(['head {"fresh":true}', 'word {"exit":0}']);
});

verifies("TUN6", "what an end may not say has its socket closed", () => {
  const frame = (value: object): string => JSON.stringify(value);
  const binary = (id: number, length: number): Uint8Array => {
    const message = new Uint8Array(5 + length);
    new DataView(message.buffer).setUint32(0, id);
    return message;
  };
  const toPlane: Readonly<Record<string, readonly (string | Uint8Array)[]>> = {
    "no JSON": ["{"],
    "no frame": [frame({ type: "hello" })],
    "opens something": [frame({ type: "open", id: 2, what: { kind: "echo" } })],
    "of a stream that never was": [frame({ type: "end", id: 2 })],
    "data of a stream that never was": [binary(2, 1)],
    "data that is none": [binary(1, 0)],
    "answers twice": [frame({ type: "head", id: 1, head: {} }), frame({ type: "head", id: 1, head: {} })],
    "ends twice": [frame({ type: "end", id: 1 }), frame({ type: "end", id: 1 })],
    "data after its end": [frame({ type: "end", id: 1 }), binary(1, 1)],
    "past the window": Array.from({ length: 9 }, () => binary(1, TUNNEL_WINDOW_BYTES / 8)),
    "a word that is too long": [frame({ type: "word", id: 1, word: { a: "x".repeat(TUNNEL_TEXT_UNITS_MAX) } })],
    "words without end": Array.from({ length: TUNNEL_WORDS_MAX + 1 }, () => frame({ type: "word", id: 1, word: {} })),
    "credit that was not due": [frame({ type: "credit", id: 1, bytes: 1 })],
  };
  for (const [name, messages] of Object.entries(toPlane)) {
    const joined = new Joined();
    joined.open();
    joined.settle();
    expect(messages.map((message) => joined.plane.receive(message)).indexOf(false), name).toBe(messages.length - 1);
  }
  const joined = new Joined();
  joined.open();
  joined.settle();
  for (const message of [frame({ type: "open", id: 1, what: {} }), frame({ type: "head", id: 1, head: {} })]) expect(joined.sandbox.receive(message)).toBe(false);
});
