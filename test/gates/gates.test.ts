/** The gates on this repository. */
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { GATES } from "./all.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

for (const [name, { promise, gate }] of Object.entries(GATES)) {
  test(`[GATE-${name}] ${promise}`, { timeout: 120_000 }, async () => {
    expect(await gate(ROOT)).toEqual([]);
  });
}
