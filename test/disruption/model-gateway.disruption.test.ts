/** The provider broken behind the broker: the agent hears what it can act on, pays for what may have happened, and nothing is sent again for it. */
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import type { InProcessSession } from "../../src/app/session/in-process-session.ts";
import { MemoryApi, providerBody } from "./support/memory-api.ts";

async function withSandbox(): Promise<{ readonly api: MemoryApi; readonly session: InProcessSession }> {
  const api = await MemoryApi.start();
  await api.addProvider("local");
  const session = await api.createSession("!say hello", "local/memory");
  await api.berth.until(() => session.actor.state?.status === "idle");
  return { api, session };
}

/** Of the one call, as the provider counted it in the fake. */
const COUNTED = 6;
type Charged = "nothing" | "the reservation" | "what was counted";

async function expectCharged(api: MemoryApi, session: InProcessSession, charged: Charged): Promise<void> {
  await api.instance.settled();
  const { tokens, reservedTokens } = await api.instance.services.ledgerOf(api.owner.orgId).spent({ sessionId: session.actor.state?.sessionId ?? "" });
  expect(reservedTokens).toBe(0);
  if (charged === "the reservation") expect(tokens).toBeGreaterThan(COUNTED);
  else expect(tokens).toBe(charged === "nothing" ? 0 : COUNTED);
}

for (const { fault, status, hint, charged } of [
  { fault: "model-gateway:forward:unauthorized", status: 401, hint: null, charged: "nothing" },
  { fault: "model-gateway:forward:rate-limited", status: 429, hint: "7", charged: "nothing" },
  { fault: "model-gateway:forward:overloaded", status: 529, hint: null, charged: "nothing" },
  { fault: "model-gateway:forward:unreachable", status: 502, hint: null, charged: "nothing" },
  { fault: "model-gateway:forward:no-answer", status: 504, hint: null, charged: "the reservation" },
  { fault: "model-gateway:forward:usage-missing", status: 200, hint: null, charged: "the reservation" },
  { fault: "model-gateway:forward:slow", status: 200, hint: null, charged: "what was counted" },
] as const) {
  verifies(fault, `the agent gets ${status}, the call is not repeated for it, ${charged} is charged, and its own next try goes through`, async () => {
    const { api, session } = await withSandbox();
    const { calls } = api.instance.modelGateway;
    api.faults.modelGateway.arm(fault);
    const answer = await api.callModel(session, "local");
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([status, hint]);
    expect(await answer.text()).not.toContain("sk-example-key");
    const sent = calls.length;
    expect(sent).toBeLessThanOrEqual(1);
    await expectCharged(api, session, charged);
    const next = await api.callModel(session, "local");
    expect([next.status, calls.length]).toEqual([200, sent + 1]);
    expect(await next.text()).toContain("hello");
  });
}

verifies("model-gateway:forward:cut-mid-token", "the reader's stream breaks too, the reservation is charged, nothing is repeated, and the next try is whole", async () => {
  const { api, session } = await withSandbox();
  api.faults.modelGateway.arm("model-gateway:forward:cut-mid-token");
  const answer = await api.callModel(session, "local");
  expect(answer.status).toBe(200);
  await expect(answer.text()).rejects.toThrow();
  await expectCharged(api, session, "the reservation");
  expect(api.instance.modelGateway.calls).toHaveLength(1);
  expect(await (await api.callModel(session, "local")).text()).toContain("hello");
});

for (const { fault, field, extra } of [
  { fault: "model-gateway:listModels:wrong-key", field: "/key", extra: {} },
  { fault: "model-gateway:listModels:no-list", field: "/baseUrl", extra: { models: ["typed"] } },
] as const) {
  verifies(fault, `nothing is stored, ${field} is named, and with what the person types then the provider is added`, async () => {
    const api = await MemoryApi.start();
    api.faults.modelGateway.arm(fault);
    const refused = await api.ask("POST /v1/keys", { body: providerBody("local") });
    expect([refused.status, await refused.json()]).toMatchObject([422, { errors: [{ pointer: field }] }]);
    expect([await api.instance.catalog.listProviders(api.owner.orgId), await api.instance.vault.list(api.owner.orgId)]).toEqual([[], []]);
    if ("models" in extra) api.faults.modelGateway.arm(fault);
    expect((await api.ask("POST /v1/keys", { body: { ...providerBody("local"), ...extra } })).status).toBe(201);
  });
}
