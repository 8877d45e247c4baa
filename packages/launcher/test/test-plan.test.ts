import { describe, expect, test } from "vitest";
import { partsToRestart } from "../src/commands/dev.ts";
import { judgeFirstDelta } from "../src/first-delta.ts";
import { SUITES, testFiles } from "../src/suites.ts";
import { planParts } from "../src/test-plan.ts";
import { readReport } from "../src/vitest-run.ts";

const FILES = ["src/core/a.test.ts", "src/core/b.workerd.test.ts", "src/db/c.pg.test.ts", "test/gates/d.test.ts", "test/e2e/e.e2e.test.ts"];
const namesOf = (...args: string[]): string[] => planParts(args, FILES, false).parts.map(({ name }) => name);

describe("arguments of npm test", () => {
  test("without any, everything runs, the quick parts first", () => {
    expect(namesOf()).toEqual(["check", "node", "pg", "workerd", "e2e", "simulation", "journey", "journey-docker"]);
    expect(planParts([], FILES, true).parts.at(-1)?.name).toBe("first-delta");
  });
  test("a part's name runs that part alone", () => {
    expect(namesOf("journey")).toEqual(["journey"]);
    expect(namesOf("pg", "check")).toEqual(["check", "pg"]);
  });
  test("a piece of a path runs the parts that own files of it", () => {
    expect(namesOf("gates")).toEqual(["node"]);
    expect(namesOf("./src/core")).toEqual(["node", "workerd"]);
    expect(namesOf("src/core", "workerd")).toEqual(["workerd"]);
    expect(namesOf("gates", "journey")).toEqual(["node", "journey"]);
  });
  test("what names nothing runs nothing", () => {
    expect(namesOf("no/such/place")).toEqual([]);
  });
});

describe("clone to first delta", () => {
  const said = (...seconds: number[]): string => seconds.map((value) => `clone to first delta: ${value} s (node 20)`).join("\n");
  test("is held against the limits of the median and of each run", () => {
    expect(judgeFirstDelta(20, said(100, 120, 290), null).failures).toEqual([]);
    expect(judgeFirstDelta(20, said(100, 181, 190), null).failures).toEqual(["from Node 20 the median is 181 s, over 180 s"]);
    expect(judgeFirstDelta(20, said(100, 120, 301), null).failures).toEqual(["from Node 20 one run took 301 s, over 300 s"]);
    expect(judgeFirstDelta(20, "", null).failures).toEqual(["from Node 20 nothing was measured"]);
  });
  test("may not be much more than the README says", () => {
    expect(judgeFirstDelta(24, said(110), 90).failures).toEqual([]);
    expect(judgeFirstDelta(24, said(120), 90).failures).toEqual(["from Node 24 the median is 120 s, and the README says 90 s"]);
  });
});

test("every test file belongs to one suite, or to none because it needs a live vendor", () => {
  const owners = testFiles().map((file) => ({ file, owners: SUITES.filter((suite) => suite.owns(file)).length }));
  expect(owners.filter(({ file, owners: count }) => count !== (file.endsWith(".live.test.ts") ? 0 : 1))).toEqual([]);
});

test("a report counts tests, files that did not load, and names what was skipped", () => {
  const file = (name: string, status: string, tests: [string, string, string?][], message = ""): object => ({
    name, status, message, assertionResults: tests.map(([fullName, is, why]) => ({ fullName, status: is, failureMessages: why === undefined ? [] : [why] })),
  });
  const json = JSON.stringify({
    testResults: [
      file("a.test.ts", "failed", [["works", "passed"], ["breaks", "failed", "Error: one\nis not two\n    at breaks (a.test.ts:1:2)"], ["waits", "skipped"]]),
      file("b.test.ts", "failed", [], "Cannot find module\nat line 1"),
    ],
  });
  expect(readReport(json)).toEqual({
    passed: 1,
    failures: ["a.test.ts › breaks\n      Error: one\n      is not two", "b.test.ts: Cannot find module"],
    skipped: ["a.test.ts › waits"],
  });
});

test("npm run dev restarts the parts whose program changed", () => {
  expect(partsToRestart(["src/app/a.ts"], ["worker"])).toEqual(["worker"]);
  expect(partsToRestart(["packages/chat/src/a.tsx"], ["chat"])).toEqual(["worker"]);
  expect(partsToRestart(["packages/sandbox-host/src/a.ts"], ["worker"])).toEqual(["sandbox-host", "worker"]);
  expect(partsToRestart(["packages/demo-model/src/a.ts"], [])).toEqual(["demo-model"]);
  expect(partsToRestart(["packages/sandbox-runtime/src/a.ts"], ["runtime"])).toEqual([]);
});
