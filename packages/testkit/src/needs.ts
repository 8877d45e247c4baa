/** Tests that need more of the machine than Node: skipped where it is lacking, but never on CI. */
import { describe, test } from "vitest";
import { lacks, type MachineNeed } from "./machine.ts";

/**
 * Vitest's `test`, or `test.skip` when this machine lacks one of these. The runner tells the reason and the fix.
 * @throws Error on CI, where nothing may be skipped
 */
export function needs(...needed: readonly MachineNeed[]): typeof test | typeof test.skip {
  return isThere(needed) ? test : test.skip;
}

/** The same for a whole suite: Vitest's `describe` or `describe.skip`. @throws Error on CI */
export function suiteNeeds(...needed: readonly MachineNeed[]): typeof describe | typeof describe.skip {
  return isThere(needed) ? describe : describe.skip;
}

function isThere(needed: readonly MachineNeed[]): boolean {
  const missing = needed.map((what) => lacks(what)).find((lack) => lack !== null);
  if (missing && process.env["CI"] === "true") throw new Error(`This machine lacks ${missing.what} (${missing.reason}). Add it with: ${missing.fix}`);
  return missing === undefined;
}
