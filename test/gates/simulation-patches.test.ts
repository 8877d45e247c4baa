/** The simulation's changed sources are named by their text, which moves when the code does. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { MUTANTS } from "../simulation/mutants.ts";
import { changesOf, replaced } from "../simulation/patches.ts";
import { PINNED } from "../simulation/pinned.ts";
import { SMALL_WORLDS } from "../simulation/small-worlds.ts";

const ROOT = join(import.meta.dirname, "../..");
const CHANGES = [...MUTANTS, ...PINNED.map(({ undo }) => undo), ...SMALL_WORLDS].flatMap(changesOf);

test.each(CHANGES.map((change) => [change.id, change] as const))("the simulation's change %s finds its place in the source once", (_id, change) => {
  const source = readFileSync(join(ROOT, change.file), "utf8");
  expect(replaced(source, change)).not.toBe(source);
});
