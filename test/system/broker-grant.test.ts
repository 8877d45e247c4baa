import { expect, test } from "vitest";
import type { SandboxProviderConfig } from "@berth/protocol";
import { composeMemory } from "../../src/compose/memory.ts";
import type { Author } from "../../src/app/session-handle.ts";

const AUTHOR: Author = { actor: { kind: "user", id: "usr_1" }, apiKeyId: null, role: "owner" };
const SESSION = { orgId: "org_a", sessionId: "ses_0123456789abcdefghjkmnpqrs" } as const;
const named = (id: string): SandboxProviderConfig => ({ id, kind: "openai-compatible", baseUrl: `http://berth.memory/${id}`, models: [{ id: "m", name: "M" }] });

async function openSession(providers: readonly SandboxProviderConfig[], demoOnly: boolean) {
  const tokens: string[] = [];
  const instance = composeMemory({ timers: { now: () => 1_800_000_000_000, after: () => undefined }, seed: 1, onSandboxStart: ({ link }) => void tokens.push(link.token) });
  const session = instance.session(SESSION.orgId, SESSION.sessionId);
  await session.open({ ...SESSION, input: { model: "demo/m" }, author: AUTHOR, providers, demoOnly, gitIdentity: null });
  await instance.settled();
  return { session, token: tokens[0] ?? "" };
}

test("a sandbox may use the providers that its session was told of", async () => {
  const { session, token } = await openSession([named("demo"), named("acme")], false);
  expect(await session.authorizeBroker(token)).toMatchObject({ epoch: 1, providers: ["demo", "acme"] });
});

test("a sandbox that may be kept apart by nothing gets no other provider when its session goes on with one", async () => {
  const { session, token } = await openSession([named("demo")], true);
  const sent = await session.send({ text: "go on", model: "acme/m" }, AUTHOR, { providers: [named("demo"), named("acme")] });
  expect(sent.ok).toBe(true);
  expect(await session.authorizeBroker(token)).toMatchObject({ epoch: 1, providers: ["demo"] });
});
