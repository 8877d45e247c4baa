/** How the figures of the long counts get from a suite's output into the runbook. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { figuresIn, withRows, type SoakRow } from "../../../test/soak/figures.ts";
import { ROOT } from "../src/paths.ts";

const row = (name: string, at: string): SoakRow => ({ name, at, ok: true, seconds: 12.4, figures: { kind: name, points: 20, ends: { completed: 3 } } });

test("figures are found in a line, also behind what a test runner puts before it", () => {
  expect(figuresIn('KILL {"kind":"agent","points":2}')).toEqual({ kind: "agent", points: 2 });
  expect(figuresIn('\u001b[39mKILL {"kind":"agent"}')).toEqual({ kind: "agent" });
  expect(figuresIn('said KILLER {"kind":"agent"}')).toBeNull();
});

test("a count that is taken again replaces its row and leaves the others", () => {
  const page = readFileSync(join(ROOT, "docs", "runbooks", "soak.md"), "utf8");
  const once = withRows(page, [row("worker", "2026-01-01 10:00"), row("agent", "2026-01-01 11:00")]);
  const twice = withRows(once, [row("agent", "2026-01-02 11:00")]);
  expect(twice).toContain("| worker | 2026-01-01 10:00 | passed | 12 s | points 20, ends {\"completed\":3} |");
  expect(twice).toContain("| agent | 2026-01-02 11:00 |");
  expect(twice).not.toContain("2026-01-01 11:00");
  expect(twice.split("| worker |")).toHaveLength(2);
});

test("a page without a table is refused", () => {
  expect(() => withRows("nothing", [])).toThrow("figures:start");
});
