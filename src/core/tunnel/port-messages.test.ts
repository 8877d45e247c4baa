import { PORT_MESSAGE_BYTES_MAX } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { createPrng } from "../kernel/prng.ts";
import { encodeMessage, PortMessageReader, type PortMessage } from "./port-messages.ts";

const MESSAGES: readonly PortMessage[] = [
  { is: "text", text: "" },
  { is: "text", text: "héllo" },
  { is: "binary", bytes: Uint8Array.from({ length: 100_000 }, (_, i) => i % 251) },
  { is: "binary", bytes: new Uint8Array() },
  { is: "close", code: 4001, reason: "so\nlong" },
];

const shown = (message: PortMessage): string => (message.is === "binary" ? `binary ${Buffer.from(message.bytes).toString("base64")}` : JSON.stringify(message));

verifies("TUN9", "messages are the same whatever the pieces in which they come", () => {
  const all = Buffer.concat(MESSAGES.map(encodeMessage));
  for (let seed = 1; seed <= 20; seed++) {
    const prng = createPrng(seed);
    const reader = new PortMessageReader();
    const read: PortMessage[] = [];
    for (let at = 0; at < all.length; ) {
      const size = 1 + prng.int(seed % 2 === 0 ? 40_000 : 7_000);
      read.push(...(reader.read(all.subarray(at, at + size)) ?? []));
      at += size;
    }
    expect(read.map(shown)).toEqual(MESSAGES.map(shown));
  }
});

verifies("TUN9", "one that is too long is refused before it comes, and so is what is no message", () => {
  const long = new Uint8Array(5);
  long[0] = 2;
  new DataView(long.buffer).setUint32(1, PORT_MESSAGE_BYTES_MAX + 1);
  expect(new PortMessageReader().read(long)).toBeNull();
  expect(new PortMessageReader().read(Uint8Array.of(9, 0, 0, 0, 0))).toBeNull();
  expect(new PortMessageReader().read(Uint8Array.of(3, 0, 0, 0, 1, 65))).toBeNull();
});

verifies("TUN9", "a long message that comes byte by byte costs what it is long", () => {
  const reader = new PortMessageReader();
  const message = encodeMessage({ is: "binary", bytes: new Uint8Array(200_000) });
  const before = process.memoryUsage();
  let early = 0;
  for (let at = 0; at < message.length - 1; at++) early += reader.read(message.subarray(at, at + 1))?.length ?? 1;
  const after = process.memoryUsage();
  expect([early, reader.heldBytes]).toEqual([0, message.length - 1]);
  // A piece of its own for each byte would cost 300 of them.
  expect(after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers).toBeLessThan(150 * message.length);
  expect(reader.read(message.subarray(message.length - 1))).toHaveLength(1);
  expect(reader.heldBytes).toBe(0);
});
