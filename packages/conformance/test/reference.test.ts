/** The kit on the reference server and the reference client: everything passes. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { CLIENT_CASES } from "../src/client-cases/all.ts";
import { runClientCases } from "../src/run-client-cases.ts";
import { runServerCases } from "../src/run-server-cases.ts";
import { SERVER_CASES } from "../src/server-cases/all.ts";
import type { Outcome } from "../src/run.ts";
import { scriptDriver } from "../src/driver.ts";
import { LACKING, MAY_LACK } from "../src/needs.ts";
import { Venue } from "../src/venue.ts";
import { referenceClient, serveReference } from "./subjects.ts";
import { testEach } from "./suite.ts";

const once = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  let made: Promise<T> | null = null;
  return () => (made ??= make());
};

describe("the reference server", () => {
  const outcomes = once(async (): Promise<Outcome[]> => {
    const { server, close } = await serveReference();
    return await runServerCases(server, { atATime: 12 }).finally(close);
  });
  testEach(SERVER_CASES, outcomes);

  test("has at most 300 lines and shares none with Berth", () => {
    const text = readFileSync(new URL("../reference/server.ts", import.meta.url), "utf8");
    expect(text.split("\n").length - 1).toBeLessThanOrEqual(300);
    const imports = [...text.matchAll(/from "([^"]+)"/g)].map(([, from]) => from);
    expect(imports.filter((from) => !from?.startsWith("node:") && from !== "ws")).toEqual(["./answers.ts", "./script-agent.ts", "./tamper.ts"]);
  });
});

describe("the reference server, whose turns defer what steers them", () => {
  const cases = SERVER_CASES.filter(({ id }) => id.startsWith("steer."));
  testEach(cases, once(async () => {
    const { server, close } = await serveReference({}, 20_000, false);
    return await runServerCases(server, { cases }).finally(close);
  }));
});

test("what a server lacks is left out with the reason for it, and nothing else is", async () => {
  const server = { url: "http://127.0.0.1:9", key: "example-key", driver: scriptDriver("reference/script"), lacks: MAY_LACK };
  const needing = SERVER_CASES.filter(({ needs = [] }) => needs.length > 0);
  const reasons = new Map<string, string>(Object.entries(LACKING).map(([need, reason]) => [need, `${need}: ${reason}`]));
  for (const { id, status, reason } of await runServerCases(server, { cases: needing })) {
    const needs = needing.find((one) => one.id === id)?.needs ?? [];
    expect([status, needs.map((need) => reasons.get(need))], id).toEqual(["left-out", expect.arrayContaining([reason])]);
  }
  expect(new Venue(server).lacking.map(({ need }) => need).toSorted()).toEqual([...reasons.keys()].toSorted());
  expect([...new Set(needing.flatMap(({ needs = [] }) => needs))].toSorted()).toEqual([...reasons.keys()].toSorted());
});

describe("the reference client", () => {
  testEach(CLIENT_CASES, once(() => runClientCases(referenceClient(), { atATime: 12 })));
});

test("there are cases enough, each with an id of its own", () => {
  const ids = [...SERVER_CASES, ...CLIENT_CASES].map(({ id }) => id);
  console.log(`${SERVER_CASES.length} questions to servers, ${CLIENT_CASES.length} to clients`);
  expect(ids.length).toBeGreaterThanOrEqual(150);
  expect(new Set(ids).size).toBe(ids.length);
});
