/** The vault broken below the routes and the broker: nothing goes upstream without its key, and no key is kept for nothing. */
import type { ProviderKey } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import type { InProcessSession } from "../../src/app/session/in-process-session.ts";
import { hold, MemoryApi, providerBody } from "./support/memory-api.ts";

/** Longer than a key is remembered. */
const FORGOTTEN_MS = 31_000;

const secretsOf = (api: MemoryApi) => api.instance.vault.list(api.owner.orgId);
const keysOf = (api: MemoryApi) => api.json<{ data: ProviderKey[] }>("GET /v1/keys").then(({ data }) => data);

/** A session whose sandbox may call the provider `local`. */
async function withSandbox(): Promise<{ readonly api: MemoryApi; readonly session: InProcessSession }> {
  const api = await MemoryApi.start();
  await api.addProvider("local");
  const session = await api.createSession("!say hello", "local/memory");
  await api.berth.until(() => session.actor.state?.status === "idle");
  return { api, session };
}

for (const [fault, status] of [
  ["secret-vault:use:down", 503],
  ["secret-vault:use:cut", 503],
  ["secret-vault:use:refused", 503],
] as const) {
  verifies(fault, "the model call is refused and nothing goes upstream; the agent's next try goes through, with the key", async () => {
    const { api, session } = await withSandbox();
    api.faults.vault.arm(fault);
    const refused = await api.callModel(session, "local");
    expect([refused.status, api.instance.modelGateway.calls]).toEqual([status, []]);
    expect(await refused.text()).not.toContain("sk-example-key");
    expect((await api.callModel(session, "local")).status).toBe(200);
    expect(api.instance.modelGateway.calls[0]?.headers.get("authorization")).toBe("Bearer sk-example-key");
  });
}

verifies("secret-vault:use:unknown", "nothing goes upstream, the provider whose key is missing is named, and a key entered again works", async () => {
  const { api, session } = await withSandbox();
  api.faults.vault.arm("secret-vault:use:unknown");
  const refused = await api.callModel(session, "local");
  expect([refused.status, api.instance.modelGateway.calls]).toEqual([401, []]);
  expect(await refused.text()).toContain("local");
  const [known] = await keysOf(api);
  await api.ask(`DELETE /v1/keys/${known?.id ?? ""}`);
  await api.addProvider("local");
  expect((await api.callModel(session, "local")).status).toBe(200);
});

verifies("secret-vault:use:slow", "the model call waits for its key", async () => {
  const { api, session } = await withSandbox();
  api.faults.vault.arm("secret-vault:use:slow");
  const held = hold(api.instance.vault, "use");
  const answer = api.callModel(session, "local");
  await api.berth.until(() => held.waiting() === 1);
  expect(api.instance.modelGateway.calls).toEqual([]);
  held.release();
  expect((await answer).status).toBe(200);
});

for (const [fault, retryAfter] of [
  ["secret-vault:put:contended", "1"],
  ["secret-vault:put:disk-full", "1"],
  ["secret-vault:put:answer-lost", "1"],
] as const) {
  verifies(fault, "saving answers 503 and when to try again, leaves neither provider nor key behind, and what is stored stays in use", async () => {
    const { api, session } = await withSandbox();
    const before = await secretsOf(api);
    api.faults.vault.arm(fault);
    expect(await api.refusal("POST /v1/keys", { body: providerBody("other") })).toMatchObject({ status: 503, retryAfter });
    expect([(await keysOf(api)).length, await secretsOf(api)]).toEqual([1, before]);
    expect((await api.callModel(session, "local")).status).toBe(200);
    await api.addProvider("other");
    expect((await keysOf(api)).map(({ provider }) => provider).toSorted()).toEqual(["local", "other"]);
  });
}

verifies("secret-vault:delete:duplicate", "a key that is deleted twice is gone, with its provider, and no call gets through any more", async () => {
  const { api, session } = await withSandbox();
  expect((await api.callModel(session, "local")).status).toBe(200);
  const [known] = await keysOf(api);
  api.faults.vault.arm("secret-vault:delete:duplicate");
  expect((await api.ask(`DELETE /v1/keys/${known?.id ?? ""}`)).status).toBe(204);
  expect([await keysOf(api), await secretsOf(api)]).toEqual([[], []]);
  api.berth.time.advance(FORGOTTEN_MS);
  expect((await api.callModel(session, "local")).status).toBe(404);
  expect(api.instance.modelGateway.calls).toHaveLength(1);
});
