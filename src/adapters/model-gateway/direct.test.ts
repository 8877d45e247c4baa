import { verifies } from "@berth/testkit";
import { expect, test } from "vitest";
import { startDemoModel } from "@berth/demo-model";
import { classifyFetchFailure } from "../../core/kernel/fetch-failure.ts";
import { isPortError } from "../../core/kernel/port-error.ts";
import type { ModelUpstream, ModelWire } from "../../ports/model-gateway/model-gateway.port.ts";
import { classifyRefusal } from "./classify-refusal.ts";
import { createDirectModelGateway } from "./direct.ts";

const signal = new AbortController().signal;
const upstream = (wire: ModelWire): ModelUpstream => ({ provider: "example", wire, baseUrl: "https://models.example/v1", key: "example-key" });
const answering = (status: number, body: string) => createDirectModelGateway({ fetch: async () => new Response(body, { status }) });
const caused = (code: string): Error => new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code }) });

test.each([
  ["ECONNREFUSED", caused("ECONNREFUSED"), "unknown", "not-applied"],
  ["several refusals", new TypeError("fetch failed", { cause: Object.assign(new AggregateError([caused("ECONNREFUSED")]), {}) }), "unknown", "not-applied"],
  ["ENOTFOUND", caused("ENOTFOUND"), "unknown", "not-applied"],
  ["an expired certificate", caused("CERT_HAS_EXPIRED"), "unknown", "not-applied"],
  ["ECONNRESET", caused("ECONNRESET"), "unknown", "unknown"],
  ["workerd's lost connection", new Error("Network connection lost."), "unknown", "unknown"],
  ["a deadline", new DOMException("", "TimeoutError"), "deadline-exceeded", "unknown"],
  ["an abort", new DOMException("", "AbortError"), "canceled", "unknown"],
  ["anything else", "?", "unknown", "unknown"],
])("%s is classified", (_, raw, code, outcome) => {
  expect(classifyFetchFailure(raw)).toMatchObject({ code, outcome });
});

test.each([
  [401, null, "", "permission-denied", "never"],
  [403, null, "", "permission-denied", "never"],
  [400, null, '{"error":{"details":[{"reason":"API_KEY_INVALID"}]}}', "permission-denied", "never"],
  [400, null, "{}", "failed-precondition", "never"],
  [404, null, "", "not-found", "never"],
  [429, "3", "", "resource-exhausted", { afterMs: 3000 }],
  [503, null, "", "unknown", { afterMs: 1000 }],
] as const)("status %i with retry-after %s and body %j is classified", (status, retryAfter, body, code, retry) => {
  expect(classifyRefusal(status, retryAfter, body)).toMatchObject({ code, outcome: "not-applied", retry });
});

verifies("MGW12", "models are listed on every wire, without those that only embed", async () => {
  const data = JSON.stringify({ data: [{ id: "m-1", display_name: "M One" }, { id: "m-2" }, { id: "m-2" }, {}] });
  const expected = [{ id: "m-1", name: "M One" }, { id: "m-2", name: "m-2" }];
  for (const wire of ["openai", "openai-compatible", "anthropic"] as const) {
    expect(await answering(200, data).listModels(upstream(wire), signal)).toEqual(expected);
  }
  const google = JSON.stringify({
    models: [
      { name: "models/g-1", displayName: "G One", supportedGenerationMethods: ["generateContent"] },
      { name: "models/g-embed", supportedGenerationMethods: ["embedContent"] },
    ],
  });
  expect(await answering(200, google).listModels(upstream("google"), signal)).toEqual([{ id: "g-1", name: "G One" }]);
});

verifies("MGW12", "the demo model lists itself", async () => {
  const demo = await startDemoModel();
  try {
    const gateway = createDirectModelGateway({ fetch: (url, init) => fetch(url, init) });
    const models = await gateway.listModels({ provider: "demo", wire: "openai-compatible", baseUrl: `${demo.url}/v1`, key: null }, signal);
    expect(models).toEqual([{ id: "demo", name: "Demo model" }]);
  } finally {
    await demo.close();
  }
});

verifies("MGW13", "a page that is no list is failed-precondition and says so", async () => {
  const error = await answering(200, "<html>").listModels(upstream("openai"), signal).catch((caught: unknown) => caught);
  expect(isPortError(error) && [error.code, error.message]).toEqual([
    "failed-precondition",
    "example answered, but not with a list of models; check the address.",
  ]);
});
