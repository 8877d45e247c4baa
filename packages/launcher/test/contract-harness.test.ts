/** The sandbox contract on a provider from elsewhere: the page leads to a green one, and what is wrong with a harness is said. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { BROKEN_PROVIDERS } from "../../../src/ports/sandbox/broken/all.contract.ts";
import { SANDBOX_CASES } from "../../../src/ports/sandbox/contract/all.contract.ts";
import { runLauncher, type Ended } from "./run-launcher.ts";

const PAGE = readFileSync(new URL("../../../docs/guides/sandbox-backend.md", import.meta.url), "utf8");
const EXAMPLE = /```ts\n([\s\S]*?)```/.exec(PAGE)?.[1] ?? "";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "berth-harness-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function contract(source: string, ...options: readonly string[]): Promise<Ended> {
  const path = join(folder, "mine.ts");
  writeFileSync(path, source);
  return runLauncher(["contract", "sandbox", "--harness", path, ...options]);
}

describe("the page", () => {
  test("the backend that it tells of is green", { timeout: 120_000 }, async () => {
    const { code, stdout, stderr } = await contract(EXAMPLE);
    expect(stdout.split("\n").filter((line) => line.includes("✗")), stderr).toEqual([]);
    const [, passed, left] = /^folders: (\d+)\/\1 passed, (\d+) left out$/m.exec(stdout) ?? [];
    expect([code, Number(passed) + Number(left)]).toEqual([0, SANDBOX_CASES.length]);
    expect(PAGE).toContain(`folders: ${passed}/${passed} passed, ${left} left out`);
    expect(stdout).toMatch(/^ {2}capability-absent: .*work\.applied/m);
    expect(stdout).toMatch(/^ {2}no-hook: .*reopen\.knows/m);
    expect(stdout).toMatch(/^ {2}no-wire: .*wire\.cut/m);
  });

  test("it counts as the kit does", () => {
    expect(PAGE).toContain(`They are put as ${SANDBOX_CASES.length} questions`);
    expect(PAGE).toContain(`holds ${Object.keys(BROKEN_PROVIDERS).length} providers`);
  });
});

describe("a run", () => {
  test("ends with 1 when something is red, and says what was expected", async () => {
    const { code, stdout } = await contract(EXAMPLE.replace("exitCode, stdout: stdout.text()", "exitCode: 0, stdout: stdout.text()"), "--only", "exec.exit-code");
    expect([code, stdout]).toEqual([1, expect.stringMatching(/✗ exec\.exit-code[\s\S]*0 !== 1[\s\S]*folders: 0\/1 passed/)]);
  });

  test("puts what was asked for, by beginning or rule, and answers programs", async () => {
    const { code, stdout } = await contract(EXAMPLE, "--only", "flags", "--only", "SBX3", "--json");
    const { name, passed, outcomes } = JSON.parse(stdout) as { readonly name: string; readonly passed: number; readonly outcomes: readonly { readonly id: string }[] };
    expect([code, name, passed]).toEqual([0, "folders", 5]);
    expect(outcomes.map(({ id }) => id).toSorted()).toEqual(["create.bad-id", "create.bad-session", "flags.everywhere", "flags.said", "flags.without-operation"]);
  });

  test("lists all there is", async () => {
    const { code, stdout } = await runLauncher(["contract", "sandbox", "--list"]);
    expect([code, stdout.trim().split("\n").length]).toEqual([0, SANDBOX_CASES.length]);
  });
});

test.each([
  ["export const other = 1;", /exports no `harness`/],
  ["export const harness = { name: 'x', isolation: 'none', capabilities: {}, sandboxesMax: '3', create() {} };", /`sandboxesMax` of .* is to be a number, and is string/],
  ["export const harness = { name: 'x', isolation: 'none', capabilities: {}, sandboxesMax: 3 };", /`create` of .* is to be a function, and is not there/],
])("a wrong harness is refused: %s", async (source, message) => {
  const { code, stderr } = await contract(source);
  expect([code, stderr]).toEqual([1, expect.stringMatching(message)]);
});

test("a missing file and an unknown option are told", async () => {
  const missing = await runLauncher(["contract", "sandbox", "--harness", join(folder, "none.ts")]);
  expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining("there is no file")]);
  const unknown = await runLauncher(["contract", "sandbox", "--harnes", "x"]);
  expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringMatching(/--harnes[\s\S]*--harness FILE/)]);
  const elsewhere = await runLauncher(["contract", "ledger", "--harness", "x"]);
  expect([elsewhere.code, elsewhere.stderr]).toEqual([2, expect.stringContaining("for the sandbox contract only")]);
});
