/** The simulation's changed sources are named by their text, which moves when the code does. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { MUTANTS } from "../simulation/mutants.ts";
import { replaced } from "../simulation/patches.ts";
import { SMALL_WORLDS } from "../simulation/small-worlds.ts";

const ROOT = join(import.meta.dirname, "../..");
const CHANGES = [...MUTANTS, ...SMALL_WORLDS].flatMap((patch) => [patch, ...(patch.also ?? [])]);

test.each(CHANGES.map((change) => [change.id, change] as const))("the simulation's change %s finds its place in the source once", (_id, change) => {
  const source = readFileSync(join(ROOT, change.file), "utf8");
  expect(replaced(source, change)).not.toBe(source);
});
