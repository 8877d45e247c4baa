/**
 * The running instance with the operator's own servers in it: calls to models by way of LiteLLM, secrets in 1Password. Both are
 * stand-ins on ports of their own; agent, Worker and the ways to them are real.
 */
import { verifies } from "@berth/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { liteLlmManners } from "../../src/adapters/model-gateway/litellm.stand-in.testkit.ts";
import { startScriptedServer, type ScriptedServer } from "../../src/adapters/model-gateway/scripted-server.testkit.ts";
import { startConnectStandIn, type ConnectStandIn } from "../../src/adapters/secret-vault/onepassword.stand-in.testkit.ts";
import { openBrowser, signIn } from "./support/browser.ts";
import { asPerson, picture } from "./support/chat-page.ts";
import { eventually } from "./support/waiting.ts";
import { logOf, startTestStack, turn, untilStatus, type TestStack } from "./support/stack.ts";

const PROVIDER_KEY = "sk-example-provider-key-0123456789";
const GATEWAY_KEY = "example-litellm-key-0123456789";
const SAID = "Hello from behind the gateway.";

let litellm: ScriptedServer;
let connect: ConnectStandIn;
let stack: TestStack;

beforeAll(async () => {
  litellm = await startScriptedServer(liteLlmManners({ key: GATEWAY_KEY, models: ["acme/*", "acme/m-1"] }));
  connect = await startConnectStandIn();
  stack = await startTestStack({}, {
    vars: {
      ...{ MODEL_GATEWAY: "litellm", LITELLM_URL: litellm.url, LITELLM_KEY: GATEWAY_KEY },
      ...{ SECRET_VAULT: "onepassword", OP_CONNECT_HOST: connect.url, OP_CONNECT_TOKEN: connect.token, OP_CONNECT_VAULT: connect.vaultId },
    },
  });
});

afterAll(async () => {
  await stack?.end();
  await litellm?.close();
  await connect?.close();
});

/** What a gateway streams, with what the call cost beside its usage. */
function saying(text: string): readonly string[] {
  const chunk = (more: object): string => `data: ${JSON.stringify({ id: "chatcmpl-1", object: "chat.completion.chunk", model: "acme/m-1", ...more })}\n\n`;
  return [
    chunk({ choices: [{ index: 0, delta: { role: "assistant", content: text }, finish_reason: null }] }),
    chunk({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }),
    chunk({ choices: [], usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7, cost: 0.0025 } }),
    "data: [DONE]\n\n",
  ];
}

test("[MGW14][MGW16][VLT7] a turn runs by way of LiteLLM with a key that is kept in 1Password, and neither of the two sees it", { timeout: 240_000 }, async () => {
  const { berth } = stack;
  const key = await berth.keys.create({ provider: "acme", kind: "openai-compatible", baseUrl: "https://models.example.com/v1", key: PROVIDER_KEY });
  expect([key.hasKey, key.modelCount, connect.items.length]).toEqual([true, 1, 1]);

  litellm.answer({ headers: { "content-type": "text/event-stream" }, chunks: saying(SAID) });
  const session = berth.session((await berth.sessions.create({ model: "acme/m-1" })).id);
  await untilStatus(session, ["idle"]);
  await turn(session, "Say hello.");
  expect(JSON.stringify(await logOf(session))).toContain(SAID);
  const calls = litellm.seen.filter(({ path }) => path === "/v1/chat/completions");
  expect(calls.length).toBeGreaterThan(0);
  // The history is a moment behind, and what a call cost may come after the run's end.
  await eventually("the run's cost", async () => {
    const [run] = await berth.runs.list({ sessionId: session.id }).all();
    return (run?.costMicros ?? 0) >= 2_500 || JSON.stringify(run);
  }, 30_000);

  const received = [...litellm.seen.map(({ path, headers, body }) => JSON.stringify([path, [...headers], body])), ...connect.received].join("\n");
  expect(received).toContain(GATEWAY_KEY);
  expect(received).not.toContain(PROVIDER_KEY);
  expect(received).not.toContain("berth_sbx_");

  await berth.keys.remove(key.id);
  expect(connect.items).toEqual([]);
});

verifies("OPG23", "the settings say that a saved key is not used where the gateway has keys of its own", async () => {
  const browser = await openBrowser();
  try {
    const key = await stack.berth.keys.create({ provider: "acme", kind: "openai-compatible", baseUrl: "https://models.example.com/v1", key: PROVIDER_KEY });
    expect(key.usesKey).toBe(false);
    await asPerson(browser, stack.url, await signIn(browser, stack.signInUrl), async ({ tab }) => {
      const page = await tab(`${stack.url}/settings`);
      const providers = page.getByRole("region", { name: "Model providers" });
      await providers.getByRole("listitem").getByText("Key not used").waitFor();
      await providers.getByText("kept and not used").waitFor();
      await picture(page, "providers-unused");
    });
    await stack.berth.keys.remove(key.id);
  } finally {
    await browser.close();
  }
});

test("an organization cannot name the operator's own servers as its provider", async () => {
  for (const url of [litellm.url, connect.url]) {
    await expect(stack.berth.keys.create({ provider: "inside", kind: "openai-compatible", baseUrl: `${url}/v1` })).rejects.toMatchObject({ status: 422 });
  }
});
