/** What a sandbox may use up. */
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { limitsOf, resourcesFault } from "./resources.ts";

const USUAL = { memoryMb: 4_096, cpus: 2 };
const MOST = { memoryMb: 8_192, cpus: 4 };

verifies("ENV15", "what is asked for is given as far as there is, and the rest is as usual", () => {
  expect([limitsOf(USUAL, MOST), limitsOf(USUAL, MOST, { memoryMb: 512 }), limitsOf(USUAL, MOST, { cpus: 0.5 })]).toEqual([USUAL, { ...USUAL, memoryMb: 512 }, { ...USUAL, cpus: 0.5 }]);
  expect([limitsOf(USUAL, MOST, MOST), limitsOf(USUAL, MOST, { memoryMb: 8_193, cpus: 100 })]).toEqual([MOST, MOST]);
  // An operator who gives everybody more than may be asked for gives it to who asks, too.
  expect(limitsOf(USUAL, { memoryMb: 256, cpus: 1 }, { memoryMb: 4_000 })).toEqual({ memoryMb: 4_000, cpus: 2 });
});

verifies("ENV14", "more than the operator allows is refused by name, with the most and who can raise it", () => {
  expect([resourcesFault({}, MOST), resourcesFault(MOST, MOST)]).toEqual([null, null]);
  expect(resourcesFault({ memoryMb: 8_193 }, MOST)).toEqual({ field: "memoryMb", message: "This instance gives a sandbox 8192 MB of memory at most.", fix: "Ask for 8192 or less, or have whoever runs it raise SANDBOX_MEMORY_MB_MAX." });
  expect(resourcesFault({ memoryMb: 1, cpus: 4.1 }, MOST)).toMatchObject({ field: "cpus", message: expect.stringContaining("4 processors") as string });
});
