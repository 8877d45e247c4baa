/** The ledger broken or slow in front of model calls: no call without a grant, and what was used counts once. */
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import type { InProcessSession } from "../../src/app/session/in-process-session.ts";
import { hold, MemoryApi } from "./support/memory-api.ts";

/** Tokens of the one answer, as the provider counts them in the fake. */
const COUNTED = 6;

async function withSandbox(): Promise<{ readonly api: MemoryApi; readonly session: InProcessSession }> {
  const api = await MemoryApi.start();
  await api.addProvider("local");
  const session = await api.createSession("!say hello", "local/memory");
  await api.berth.until(() => session.actor.state?.status === "idle");
  return { api, session };
}

/** The status of a call whose answer was read to its end, which is when it is settled. */
async function statusOf(answer: Promise<Response>): Promise<number> {
  const response = await answer;
  await response.text();
  return response.status;
}

async function spent(api: MemoryApi, session: InProcessSession): Promise<readonly [tokens: number, reserved: number]> {
  await api.instance.settled();
  const { tokens, reservedTokens } = await api.instance.services.ledgerOf(api.owner.orgId).spent({ sessionId: session.actor.state?.sessionId ?? "" });
  return [tokens, reservedTokens];
}

for (const fault of ["ledger:reserve:unreachable", "ledger:reserve:no-answer", "ledger:reserve:other-amounts"]) {
  verifies(fault, "nothing goes to the provider and nothing is charged; the agent's next try goes through and counts once", async () => {
    const { api, session } = await withSandbox();
    api.faults.ledger.arm(fault);
    const refused = await api.callModel(session, "local");
    expect([refused.status, api.instance.modelGateway.calls]).toEqual([503, []]);
    expect(await refused.text()).toContain("spending caps");
    expect(await spent(api, session)).toEqual([0, 0]);
    expect(await statusOf(api.callModel(session, "local"))).toBe(200);
    expect(await spent(api, session)).toEqual([COUNTED, 0]);
  });
}

verifies("ledger:reserve:slow", "the call waits for its grant, which counts once", async () => {
  const { api, session } = await withSandbox();
  api.faults.ledger.arm("ledger:reserve:slow");
  const held = hold(api.instance.services.ledgerOf(api.owner.orgId), "reserve");
  const answer = api.callModel(session, "local");
  await api.berth.until(() => held.waiting() === 1);
  expect(api.instance.modelGateway.calls).toEqual([]);
  held.release();
  expect(await statusOf(answer)).toBe(200);
  expect(await spent(api, session)).toEqual([COUNTED, 0]);
});

verifies("ledger:settle:double-settle", "a call that is settled twice counts once, as it was settled first", async () => {
  const { api, session } = await withSandbox();
  api.faults.ledger.arm("ledger:settle:double-settle");
  expect(await statusOf(api.callModel(session, "local"))).toBe(200);
  expect(await spent(api, session)).toEqual([COUNTED, 0]);
});
