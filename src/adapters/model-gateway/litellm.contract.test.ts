import { verifies } from "@berth/testkit";
import { expect, onTestFinished, test } from "vitest";
import { isPortError } from "../../core/kernel/port-error.ts";
import { chatRequest, KEY } from "../../ports/model-gateway/model-gateway-kit.contract.ts";
import { describeModelGatewayContract } from "../../ports/model-gateway/model-gateway.contract.ts";
import type { ModelWire } from "../../ports/model-gateway/model-gateway.port.ts";
import type { GatewayServer } from "./gateway-server.ts";
import { createHttpRig, HTTP_FAULTS } from "./http-rig.testkit.ts";
import { createLiteLlmGateway } from "./litellm.ts";
import { liteLlmManners } from "./litellm.stand-in.testkit.ts";

const GATEWAY_KEY = "example-litellm-key";
const MODELS = ["example/*", "openai/*", "anthropic/*", "gemini/*", "example/m-1", "openai/gpt-example", "alias"];

const rig = (keys: GatewayServer["keys"], { key = GATEWAY_KEY, headers = {} }: { readonly key?: string; readonly headers?: Readonly<Record<string, string>> } = {}) =>
  createHttpRig({
    manners: liteLlmManners({ key: GATEWAY_KEY, models: MODELS, headers }),
    create: (url, deps) => createLiteLlmGateway({ url, key, keys }, deps),
    credentials: (wire, own) => ({ authorization: `Bearer ${GATEWAY_KEY}`, ...(keys === "strip" || own === null ? {} : vendorHeader(wire, own)) }),
    passesKey: keys === "forward",
    providerUrl: "https://models.example",
  });

/** The two vendors whose key LiteLLM takes in their own header. */
function vendorHeader(wire: ModelWire, key: string): Record<string, string> {
  if (wire === "anthropic") return { "x-api-key": key };
  return wire === "google" ? { "x-goog-api-key": key } : {};
}

const opened = async (...args: Parameters<typeof rig>) => {
  const it = await rig(...args);
  onTestFinished(() => it.close());
  return it;
};
const body = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const { signal } = new AbortController();

describeModelGatewayContract({ name: "litellm", create: () => rig("strip"), inject: HTTP_FAULTS });
describeModelGatewayContract({ name: "litellm with forwarded keys", create: () => rig("forward"), inject: HTTP_FAULTS });

verifies("MGW15", "each wire goes to LiteLLM's own route, with the vendor before the model's name", async () => {
  const it = await opened("strip");
  const google = "/models/gemini-example:streamGenerateContent?alt=sse&model=xai/other";
  const calls: readonly (readonly [ModelWire, string])[] = [["openai-compatible", "/chat/completions?model=xai/other"], ["openai", "/responses"], ["anthropic", "/messages?beta=true"], ["google", google]];
  for (const [wire, path] of calls) {
    const { response } = await it.gateway.forward(chatRequest(it, { upstream: it.upstream(wire), path, body: body({ model: "m", n: 1 }) }));
    expect([wire, response.status, await response.text()]).toMatchObject([wire, 200, expect.stringContaining("usage")]);
  }
  expect(it.seen.map(({ path, body: sent }) => [path, JSON.parse(sent)])).toEqual([
    ["/v1/chat/completions", { model: "example/m", n: 1 }],
    ["/v1/responses", { model: "openai/m", n: 1 }],
    ["/v1/messages?beta=true", { model: "anthropic/m", n: 1 }],
    ["/v1beta/models/gemini/gemini-example:streamGenerateContent?alt=sse", { n: 1 }],
  ]);
});

verifies("MGW15", "what steers LiteLLM is taken out of what a sandbox sends", async () => {
  const it = await opened("strip");
  const steering = { api_key: "x", api_base: "http://elsewhere.example", user_config: {}, fallbacks: ["other/m"], input_cost_per_token: 0, mock_response: "x", litellm_metadata: {}, custom_llm_provider: "x", extra_headers: {} };
  await it.gateway.forward(chatRequest(it, { body: body({ model: "m", messages: [], metadata: { user_id: "u" }, ...steering }) }));
  expect(JSON.parse(it.seen[0]?.body ?? "")).toEqual({ model: "example/m", messages: [], metadata: { user_id: "u" } });
});

verifies("MGW14", "a key that is let through goes with the address it is meant for", async () => {
  const it = await opened("forward");
  await it.gateway.forward(chatRequest(it, { body: body({ model: "m", api_base: "http://elsewhere.example" }) }));
  expect(JSON.parse(it.seen[0]?.body ?? "")).toEqual({ model: "example/m", api_key: KEY, api_base: "https://models.example/v1" });
});

verifies("MGW16", "the cost that LiteLLM states is believed, in a header or beside the usage of a stream", async () => {
  const whole = await opened("strip", { headers: { "x-litellm-response-cost": "0.000214" } });
  const { response, metered } = await whole.gateway.forward(chatRequest(whole));
  await response.text();
  expect(await metered).toMatchObject({ costMicros: 214 });

  const streaming = await opened("strip", { headers: { "x-litellm-response-cost": "0.0" } });
  const usage = { prompt_tokens: 1, completion_tokens: 1, cost: 0.0000031 };
  streaming.answer({ headers: { "content-type": "text/event-stream" }, chunks: [`data: ${JSON.stringify({ model: "m", choices: [], usage })}\n\n`, "data: [DONE]\n\n"] });
  const stream = await streaming.gateway.forward(chatRequest(streaming));
  await stream.response.text();
  expect(await stream.metered).toMatchObject({ costMicros: 4, source: "provider" });
});

verifies("MGW16", "a cost of nothing is no statement", async () => {
  const it = await opened("strip", { headers: { "x-litellm-response-cost": "0.0" } });
  const { response, metered } = await it.gateway.forward(chatRequest(it));
  await response.text();
  expect(await metered).not.toHaveProperty("costMicros");
});

verifies("MGW17", "a provider's retry-after comes back by its usual name", async () => {
  const it = await opened("strip", { headers: { "llm_provider-retry-after": "11" } });
  it.answer({ status: 429, headers: { "content-type": "application/json" }, chunks: ["{}"] });
  const { response } = await it.gateway.forward(chatRequest(it));
  expect([response.status, response.headers.get("retry-after"), await response.text()]).toEqual([429, "11", "{}"]);
});

verifies("MGW12", "the models listed are those that this provider's calls can name", async () => {
  const it = await opened("strip");
  expect(await it.gateway.listModels(it.upstream("openai-compatible"), signal)).toEqual([{ id: "m-1", name: "m-1" }]);
  expect(await it.gateway.listModels(it.upstream("openai"), signal)).toEqual([{ id: "gpt-example", name: "gpt-example" }]);
  expect(await it.gateway.listModels(it.upstream("anthropic"), signal)).toEqual([]);
});

test("a key that LiteLLM does not take is told as the operator's", async () => {
  const it = await opened("strip", { key: "example-wrong-key" });
  const error = await it.gateway.listModels(it.upstream("openai"), signal).catch((caught: unknown) => caught);
  expect(isPortError(error) && [error.code, error.message]).toEqual(["permission-denied", "LiteLLM refused the key that Berth calls it with; the operator checks LITELLM_KEY."]);
});
