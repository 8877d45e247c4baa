import type { Budget, BudgetStop, UsageSum } from "@berth/protocol";
import { expect, test } from "vitest";
import { Edge, NOW_MS } from "./testing/edge.ts";

const TODAY = new Date(NOW_MS).toISOString().slice(0, 10);

async function listed(edge: Edge): Promise<readonly Budget[]> {
  return (await edge.json<{ data: Budget[] }>("GET /v1/budgets")).data;
}

test("a cap is set, read with what counts against it, replaced and lifted", async () => {
  const edge = new Edge();
  expect(await edge.json("PUT /v1/budgets", { body: { scope: "org", unit: "cost", limit: 1_000_000 } })).toEqual({ id: "org.cost", scope: "org", unit: "cost", limit: 1_000_000, spent: 0, reserved: 0 });
  await edge.json("PUT /v1/budgets", { body: { scope: "user", unit: "sessions", limit: 3 } });
  await edge.json("PUT /v1/budgets", { body: { scope: "session", subject: "ses_1", unit: "compute", limit: 60 } });
  const ledger = edge.ledgerOf("org-a");
  await ledger.reserve({ id: "r", sessionId: "ses_1", costMicros: 70, computeSeconds: 9, nowMs: NOW_MS, expiresAtMs: NOW_MS + 1_000 });
  expect(await listed(edge)).toEqual([
    { id: "org.cost", scope: "org", unit: "cost", limit: 1_000_000, spent: 0, reserved: 70 },
    { id: "session.compute.ses_1", scope: "session", subject: "ses_1", unit: "compute", limit: 60, spent: 0, reserved: 9 },
    { id: "user.sessions", scope: "user", unit: "sessions", limit: 3 },
  ]);
  expect((await edge.json<Budget>("PUT /v1/budgets", { body: { scope: "org", unit: "cost", limit: 5 } })).limit).toBe(5);
  expect((await edge.ask("DELETE /v1/budgets/session.compute.ses_1")).status).toBe(204);
  expect((await edge.ask("DELETE /v1/budgets/session.compute.ses_1")).status).toBe(404);
  expect((await listed(edge)).map(({ id }) => id)).toEqual(["org.cost", "user.sessions"]);
  expect(await ledger.ask({ sessionId: "ses_2", costMicros: 1, nowMs: NOW_MS })).toMatchObject({ granted: false, reached: { budget: "org.cost" } });
});

test.each([
  [{ scope: "org", subject: "usr_1", unit: "cost", limit: 1 }, "/subject"],
  [{ scope: "session", unit: "sessions", limit: 1 }, "/unit"],
  [{ scope: "org", unit: "cost", limit: -1 }, "/limit"],
  [{ scope: "org", unit: "cost", limit: 0.5 }, "/limit"],
  [{ scope: "org", unit: "dollars", limit: 1 }, "/unit"],
])("%j is refused by its field", async (body, pointer) => {
  const answer = await new Edge().ask("PUT /v1/budgets", { body });
  expect(answer.status).toBe(422);
  expect(await answer.json()).toMatchObject({ errors: [{ pointer }] });
});

test("a stop is set once, read and lifted, and another organization knows nothing of it", async () => {
  const edge = new Edge();
  const first = await edge.json<BudgetStop>("POST /v1/budgets/stop");
  expect(first.stopped).toMatchObject({ at: new Date(NOW_MS).toISOString() });
  expect(await edge.json("POST /v1/budgets/stop")).toEqual(first);
  expect(await edge.json("GET /v1/budgets/stop")).toEqual(first);
  expect(await edge.json("GET /v1/budgets/stop", { key: await edge.keyOf("org-b") })).toEqual({ stopped: null });
  expect(await edge.json("POST /v1/budgets/resume")).toEqual({ stopped: null });
  expect(await edge.json("GET /v1/budgets/stop")).toEqual({ stopped: null });
});

test("usage is summed by what is asked for, over this month where no days are named", async () => {
  const edge = new Edge();
  const ledger = edge.ledgerOf("org-a");
  for (const [id, model, costMicros] of [["a", "acme/one", 30], ["b", "acme/two", 50]] as const) {
    await ledger.reserve({ id, sessionId: `ses_${id}`, userId: "usr_1", model, costMicros, tokens: 5, nowMs: NOW_MS, expiresAtMs: NOW_MS + 1 });
    await ledger.settle(id, { costMicros, tokens: 5 });
  }
  const sums = async (query: string): Promise<UsageSum[]> => (await edge.json<{ data: UsageSum[] }>(`GET /v1/usage${query}`)).data;
  expect(await sums("")).toEqual([{ key: TODAY, costMicros: 80, tokens: 10, computeSeconds: 0, calls: 2, unpricedCalls: 0 }]);
  expect((await sums("?by=model")).map(({ key }) => key)).toEqual(["acme/two", "acme/one"]);
  expect((await sums("?by=session&model=acme/one")).map(({ key }) => key)).toEqual(["ses_a"]);
  expect(await sums("?from=2020-01-01&to=2020-12-31")).toEqual([]);
  expect((await edge.ask("GET /v1/usage?from=2026-02-02&to=2026-02-01")).status).toBe(422);
  expect((await edge.ask("GET /v1/usage?from=yesterday")).status).toBe(422);
  expect((await edge.ask("GET /v1/usage?from=2024-01-01&to=2024-12-31")).status).toBe(200);
  expect(await edge.problem("GET /v1/usage?from=2024-01-01&to=2025-01-01")).toMatchObject({ status: 422, errors: [{ pointer: "/from" }], fix: expect.stringContaining("nearer") });
});
