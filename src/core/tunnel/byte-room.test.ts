import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { createPrng } from "../kernel/prng.ts";
import { ByteRoom } from "./byte-room.ts";

verifies("TUN8", "what is added comes out again in order, whatever is added and taken in between", () => {
  for (let seed = 1; seed <= 10; seed++) {
    const prng = createPrng(seed);
    const room = new ByteRoom();
    let [added, taken] = [Buffer.alloc(0), Buffer.alloc(0)];
    for (let i = 0; i < 100; i++) {
      const bytes = Buffer.from(Array.from({ length: prng.int(i % 20 === 0 ? 3_000 : 20) }, () => prng.int(256)));
      room.add(bytes);
      added = Buffer.concat([added, bytes]);
      bytes.fill(0);
      const size = prng.int(room.length + 1);
      expect(added.subarray(taken.length, taken.length + size).equals(room.peek(size))).toBe(true);
      taken = Buffer.concat([taken, room.take(size)]);
      expect(room.length).toBe(added.length - taken.length);
    }
    expect(Buffer.concat([taken, room.take()]).equals(added)).toBe(true);
  }
});
