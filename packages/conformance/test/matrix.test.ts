/**
 * Which case catches which broken subject. Each subject is put to the cases that are written down for it, and each of them
 * must go red; together they name every case and every subject. The matrix is printed.
 */
import { describe, expect, test } from "vitest";
import { BROKEN_CLIENTS } from "../broken/clients.ts";
import { BROKEN_SERVERS } from "../broken/servers.ts";
import { CLIENTS_CAUGHT_BY } from "../broken/clients-caught-by.ts";
import { SERVERS_CAUGHT_BY } from "../broken/servers-caught-by.ts";
import { CLIENT_CASES } from "../src/client-cases/all.ts";
import { runClientCases } from "../src/run-client-cases.ts";
import { runServerCases } from "../src/run-server-cases.ts";
import type { Outcome } from "../src/run.ts";
import { SERVER_CASES } from "../src/server-cases/all.ts";
import { referenceClient, serveReference } from "./subjects.ts";

/** What should come does so in milliseconds; what does not come is waited for this long. */
const PATIENCE_MS = 1_200;

type CaughtBy = Readonly<Record<string, readonly string[]>>;
const red = new Map<string, string[]>();

/** Each case that was to go red and did not. */
function stillGreen(subject: string, outcomes: readonly Outcome[]): string[] {
  for (const { id } of outcomes.filter(({ status }) => status === "failed")) red.set(id, [...(red.get(id) ?? []), subject]);
  return outcomes.filter(({ status }) => status !== "failed").map(({ id }) => id);
}

const named = (caughtBy: CaughtBy, cases: readonly { readonly id: string }[]): void => {
  const pinned = new Set(Object.values(caughtBy).flat());
  expect(cases.map(({ id }) => id).filter((id) => !pinned.has(id)), "cases that catch nothing").toEqual([]);
  expect([...pinned].filter((id) => !cases.some((each) => each.id === id)), "cases that are none").toEqual([]);
};

describe("broken servers", () => {
  test("each case catches one, and each is caught", () => {
    named(SERVERS_CAUGHT_BY, SERVER_CASES);
    expect(Object.keys(SERVERS_CAUGHT_BY).toSorted()).toEqual(Object.keys(BROKEN_SERVERS).toSorted());
  });

  for (const [subject, tamper] of Object.entries(BROKEN_SERVERS)) {
    test.concurrent(`${subject} is caught`, async () => {
      const ids = SERVERS_CAUGHT_BY[subject] ?? [];
      const { server, close } = await serveReference(tamper, PATIENCE_MS);
      const outcomes = await runServerCases(server, { cases: SERVER_CASES.filter(({ id }) => ids.includes(id)), atATime: 4 }).finally(close);
      expect(ids.length).toBeGreaterThan(0);
      expect(stillGreen(subject, outcomes), "went green").toEqual([]);
    });
  }
});

describe("broken clients", () => {
  test("each case catches one, and each is caught", () => {
    named(CLIENTS_CAUGHT_BY, CLIENT_CASES);
    expect(Object.keys(CLIENTS_CAUGHT_BY).toSorted()).toEqual(Object.keys(BROKEN_CLIENTS).toSorted());
  });

  for (const [subject, flaw] of Object.entries(BROKEN_CLIENTS)) {
    test.concurrent(`a client that ${subject} is caught`, async () => {
      const ids = CLIENTS_CAUGHT_BY[subject] ?? [];
      // How long it waits between attempts is told from what a busy machine takes for one.
      const timeScale = /^(always|never) waits/.test(subject) ? 8 : 40;
      const outcomes = await runClientCases(referenceClient(flaw, timeScale), { cases: CLIENT_CASES.filter(({ id }) => ids.includes(id)), atATime: 4, patienceMs: PATIENCE_MS });
      expect(ids.length).toBeGreaterThan(0);
      expect(stillGreen(subject, outcomes), "went green").toEqual([]);
    });
  }
});

test("the matrix", () => {
  const lines = [...SERVER_CASES, ...CLIENT_CASES].map(({ id, rules }) => `${rules.join(" ").padEnd(14)} ${id.padEnd(34)} ${(red.get(id) ?? []).join(" · ")}`);
  console.log(lines.join("\n"));
  console.log(`${lines.length} cases; ${Object.keys(BROKEN_SERVERS).length} broken servers and ${Object.keys(BROKEN_CLIENTS).length} broken clients`);
  expect([...SERVER_CASES, ...CLIENT_CASES].filter(({ id }) => !red.has(id)).map(({ id }) => id), "red on nothing").toEqual([]);
});
