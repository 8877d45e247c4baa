/** The cases are worth their while: every broken provider is found out, and every case finds one out. */
import { describe, expect, test } from "vitest";
import { BROKEN_PROVIDERS } from "./broken/all.contract.ts";
import { memoryHarness } from "./broken/harness.contract.ts";
import { SANDBOX_CASES } from "./contract/all.contract.ts";
import { runSandboxCases } from "./contract/run.contract.ts";

/** Whatever turns as much red says nothing of the single case. */
const RED_SHARE_MAX = 0.4;
const BROKEN_MIN = 20;
/** In memory nothing takes time but what never comes. */
const PATIENCE_MS = 40;
const CASE_MS = 250;

const names = Object.keys(BROKEN_PROVIDERS);
/** Ids of the cases that are red, by broken provider. */
const red = new Map<string, readonly string[]>();

describe("a broken provider is found out", () => {
  test.each(names)("%s", async (name) => {
    const harness = { ...memoryHarness(name, BROKEN_PROVIDERS[name]), patienceMs: PATIENCE_MS };
    const outcomes = await runSandboxCases(harness, { caseMs: CASE_MS });
    const ids = outcomes.filter(({ status }) => status === "failed").map(({ id }) => id);
    process.stdout.write(`${name}: ${ids.length} red: ${ids.join(", ")}\n`);
    expect(ids).not.toEqual([]);
    red.set(name, ids);
  });
});

test("every case finds out a provider that keeps most of the contract", () => {
  expect(names.length).toBeGreaterThanOrEqual(BROKEN_MIN);
  const telling = [...red.values()].filter((ids) => ids.length <= SANDBOX_CASES.length * RED_SHARE_MAX).flat();
  const found = new Set(telling);
  process.stdout.write(`${SANDBOX_CASES.length} cases, ${names.length} broken providers\n`);
  expect(SANDBOX_CASES.map(({ id }) => id).filter((id) => !found.has(id))).toEqual([]);
});

test("a case has an id of its own", () => {
  const ids = SANDBOX_CASES.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});
