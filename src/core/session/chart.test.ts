/** The chart in the docs is the table in the code. */
import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { sessionChart } from "./chart.ts";

const PAGE = new URL("../../../docs/design/session.md", import.meta.url);
const MARKED = /(<!-- chart:start -->\n)[\s\S]*?(\n<!-- chart:end -->)/;

test("docs/design/session.md holds the chart of the transition table", () => {
  const page = readFileSync(PAGE, "utf8");
  expect(page).toMatch(MARKED);
  const drawn = page.replace(MARKED, (_all, start: string, end: string) => start + sessionChart() + end);
  if (process.env["UPDATE"] === "1") writeFileSync(PAGE, drawn);
  else expect(page, "draw it again with: UPDATE=1 npx vitest run src/core/session/chart.test.ts").toBe(drawn);
});
