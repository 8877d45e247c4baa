/** The tables in the docs are those of the features and the tests. `UPDATE=1` draws them again. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { collectTitles } from "../gates/lib/collect/titles.ts";
import { PROMISES } from "./features.ts";
import { SEEN_ELSEWHERE } from "./seen-elsewhere.ts";
import { citations, failureTable, layerTable, promiseTables, uncited } from "./tables.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
/** Asked for inside a test: collecting titles imports this file too. */
const cited = async () => citations((await collectTitles(ROOT)).titles);

test("every rule that a promise, or a failure ruled out, rests on is cited by a test", async () => {
  expect(uncited([...PROMISES.flatMap(({ features }) => features), ...SEEN_ELSEWHERE], await cited())).toEqual([]);
});

test.each<[string, string, () => Promise<string>]>([
  ["docs/RELIABILITY.md", "promises", async () => promiseTables(PROMISES, await cited())],
  ["docs/RELIABILITY.md", "elsewhere", async () => failureTable(SEEN_ELSEWHERE, await cited())],
  ["docs/TESTING.md", "layers", async () => layerTable(PROMISES, await cited())],
])("%s holds the table of %s", async (page, name, draw) => {
  const path = new URL(`../../${page}`, import.meta.url);
  const text = readFileSync(path, "utf8");
  const marked = new RegExp(`(<!-- ${name}:start -->\\n)[\\s\\S]*?(\\n<!-- ${name}:end -->)`);
  expect(text).toMatch(marked);
  const table = await draw();
  const drawn = text.replace(marked, (_all, start: string, end: string) => start + table + end);
  if (process.env["UPDATE"] === "1") writeFileSync(path, drawn);
  else expect(text, "draw it again with: UPDATE=1 npx vitest run test/reliability").toBe(drawn);
});
