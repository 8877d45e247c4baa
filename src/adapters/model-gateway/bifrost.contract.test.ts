import { verifies } from "@berth/testkit";
import { expect, onTestFinished, test } from "vitest";
import { isPortError } from "../../core/kernel/port-error.ts";
import { chatRequest, providerCredentials } from "../../ports/model-gateway/model-gateway-kit.contract.ts";
import { describeModelGatewayContract } from "../../ports/model-gateway/model-gateway.contract.ts";
import type { ModelWire } from "../../ports/model-gateway/model-gateway.port.ts";
import { createBifrostGateway } from "./bifrost.ts";
import { bifrostManners } from "./bifrost.stand-in.testkit.ts";
import type { GatewayServer } from "./gateway-server.ts";
import { createHttpRig, HTTP_FAULTS } from "./http-rig.testkit.ts";

const VIRTUAL_KEY = "sk-bf-example-virtual-key";
const PROVIDERS = { example: ["m-1"], openai: ["gpt-example"], anthropic: ["claude-example"], gemini: ["gemini-example"] };

const rig = (keys: GatewayServer["keys"], { key = VIRTUAL_KEY, headers = {} }: { readonly key?: string; readonly headers?: Readonly<Record<string, string>> } = {}) =>
  createHttpRig({
    manners: bifrostManners({ virtualKey: VIRTUAL_KEY, providers: PROVIDERS, headers }),
    create: (url, deps) => createBifrostGateway({ url, key, keys }, deps),
    credentials: (wire, own) => ({ "x-bf-vk": VIRTUAL_KEY, ...(keys === "strip" || own === null ? {} : { "x-bf-direct-key": "true", ...providerCredentials(wire, own) }) }),
    passesKey: keys === "forward",
    providerUrl: "https://models.example",
  });

const opened = async (...args: Parameters<typeof rig>) => {
  const it = await rig(...args);
  onTestFinished(() => it.close());
  return it;
};
const body = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const { signal } = new AbortController();

describeModelGatewayContract({ name: "bifrost", create: () => rig("strip"), inject: HTTP_FAULTS });
describeModelGatewayContract({ name: "bifrost with forwarded keys", create: () => rig("forward"), inject: HTTP_FAULTS });

verifies("MGW15", "each wire goes to Bifrost's own route, with the vendor before the model's name", async () => {
  const it = await opened("strip");
  const calls: readonly (readonly [ModelWire, string])[] = [["openai-compatible", "/chat/completions"], ["openai", "/responses"], ["anthropic", "/messages"], ["google", "/models/gemini-example:generateContent"]];
  for (const [wire, path] of calls) {
    const { response } = await it.gateway.forward(chatRequest(it, { upstream: it.upstream(wire), path, body: body({ model: "m", fallbacks: ["other/m"] }) }));
    expect([wire, response.status, await response.text()]).toMatchObject([wire, 200, expect.stringContaining("usage")]);
  }
  expect(it.seen.map(({ path, body: sent }) => [path, JSON.parse(sent)])).toEqual([
    ["/openai/v1/chat/completions", { model: "example/m" }],
    ["/openai/v1/responses", { model: "openai/m" }],
    ["/anthropic/v1/messages", { model: "anthropic/m" }],
    ["/genai/v1beta/models/gemini/gemini-example:generateContent", {}],
  ]);
});

verifies("MGW16", "the cost that Bifrost states is believed, in a header or beside the usage of a stream", async () => {
  const whole = await opened("strip", { headers: { "x-bifrost-cost-usd": "0.0125" } });
  const { response, metered } = await whole.gateway.forward(chatRequest(whole));
  await response.text();
  expect(await metered).toMatchObject({ costMicros: 12_500 });

  const streaming = await opened("strip");
  const usage = { prompt_tokens: 1, completion_tokens: 1, cost: { input_tokens_cost: 0.01, output_tokens_cost: 0.02, total_cost: 0.03 } };
  streaming.answer({ headers: { "content-type": "text/event-stream" }, chunks: [`data: ${JSON.stringify({ model: "m", choices: [], usage })}\n\n`, "data: [DONE]\n\n"] });
  const stream = await streaming.gateway.forward(chatRequest(streaming));
  await stream.response.text();
  expect(await stream.metered).toMatchObject({ costMicros: 30_000, source: "provider" });
});

verifies("MGW17", "how long to wait comes from the body of Bifrost's refusal, which stays as it is", async () => {
  const it = await opened("strip");
  const refusal = JSON.stringify({ is_bifrost_error: true, status_code: 429, error: { message: "rate limited" }, extra_fields: { retry_after_ms: 10_500 } });
  it.answer({ status: 429, headers: { "content-type": "application/json" }, chunks: [refusal] });
  const { response } = await it.gateway.forward(chatRequest(it));
  expect([response.status, response.headers.get("retry-after"), await response.text()]).toEqual([429, "11", refusal]);
});

verifies("MGW12", "the models listed are those that this provider's calls can name", async () => {
  const it = await opened("strip");
  expect(await it.gateway.listModels(it.upstream("google"), signal)).toEqual([{ id: "gemini-example", name: "GEMINI-EXAMPLE" }]);
  expect(it.seen.map(({ path }) => path)).toEqual(["/v1/models?provider=gemini"]);
});

test("a virtual key that Bifrost does not take is told as the operator's", async () => {
  const it = await opened("strip", { key: "sk-bf-example-wrong" });
  const error = await it.gateway.listModels(it.upstream("openai"), signal).catch((caught: unknown) => caught);
  expect(isPortError(error) && [error.code, error.message]).toEqual(["permission-denied", "Bifrost refused the virtual key that Berth calls it with; the operator checks BIFROST_KEY."]);
});
