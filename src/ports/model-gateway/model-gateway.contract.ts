/** What every model gateway keeps, whatever carries its calls. The rig holds a provider that answers as scripted. */
import { verifiesOn, type ContractHarness } from "@berth/testkit";
import { describe, expect, onTestFinished } from "vitest";
import { isPortError } from "../../core/kernel/port-error.ts";
import type { ModelWire } from "./model-gateway.port.ts";
import { describeModelGatewayFaults } from "./model-gateway-faults.contract.ts";
import { chatRequest, KEY, type ModelGatewayRig } from "./model-gateway-kit.contract.ts";
import { RECORDED } from "./recorded-answers.ts";

const WIRES: readonly ModelWire[] = ["openai-compatible", "openai", "anthropic", "google"];

export function describeModelGatewayContract(harness: ContractHarness<ModelGatewayRig>): void {
  const open = async (): Promise<ModelGatewayRig> => {
    const rig = await harness.create();
    onTestFinished(() => rig.close());
    return rig;
  };

  describe(`model-gateway contract: ${harness.name}`, () => {
    describeRequests(harness, open);
    describeAnswers(harness, open);
    describeModelGatewayFaults(harness, open);
  });
}

type Open = () => Promise<ModelGatewayRig>;

function describeRequests(harness: ContractHarness<ModelGatewayRig>, open: Open): void {
  verifiesOn(harness, ["MGW1", "MGW2"], "each wire's key is added and nothing of the caller's credentials passes", async () => {
    const rig = await open();
    rig.answer({ chunks: ["{}"] });
    const inbound = {
      ...{ authorization: "Bearer example-sandbox", "x-api-key": "example-sandbox", "x-goog-api-key": "example-sandbox" },
      ...{ cookie: "a=b", "cf-connecting-ip": "203.0.113.9", "x-forwarded-for": "203.0.113.9", "proxy-authorization": "x", te: "trailers" },
      ...{ "content-type": "application/json", "anthropic-beta": "example-beta", "x-berth-author": "{}" },
    };
    for (const wire of WIRES) await rig.gateway.forward(chatRequest(rig, { upstream: rig.upstream(wire), path: "/x?alt=sse&key=example-sandbox", headers: new Headers(inbound) }));
    const sent = rig.seen.map(({ headers }) => [headers.get("authorization"), headers.get("x-api-key"), headers.get("x-goog-api-key"), headers.get("anthropic-version")]);
    expect(sent).toEqual([[`Bearer ${KEY}`, null, null, null], [`Bearer ${KEY}`, null, null, null], [null, KEY, null, "2023-06-01"], [null, null, KEY, null]]);
    for (const call of rig.seen) {
      expect(JSON.stringify([call.path, [...call.headers]])).not.toMatch(/example-sandbox|203\.0\.113|cookie|te"|x-berth/);
      expect(call.headers.get("anthropic-beta")).toBe("example-beta");
      expect(call.path).toMatch(/\/x\?alt=sse$/);
    }
  });

  verifiesOn(harness, "MGW1", "a provider without a key is sent none", async () => {
    const rig = await open();
    rig.answer({ chunks: ["{}"] });
    await rig.gateway.forward(chatRequest(rig, { upstream: { ...rig.upstream("openai-compatible"), key: null } }));
    expect(rig.seen[0]?.headers.has("authorization")).toBe(false);
  });

  verifiesOn(harness, "MGW3", "a path that leaves the base address is refused before anything is sent", async () => {
    const rig = await open();
    for (const path of ["/../secrets", "/%2e%2e/secrets", "//elsewhere.example/../../../x", "x", "@elsewhere.example/x", "/a/..%2f..%2fx"]) {
      const error = await rig.gateway.forward(chatRequest(rig, { path })).catch((caught: unknown) => caught);
      expect(isPortError(error) && [error.code, error.outcome], path).toEqual(["invalid-argument", "not-applied"]);
    }
    expect(rig.seen).toEqual([]);
  });

  verifiesOn(harness, "MGW4", "a streamed chat asks for usage, and other bodies go through byte for byte", async () => {
    const rig = await open();
    rig.answer({ chunks: ["{}"] });
    const asIs = ['{ "stream": false }', '{"stream":true,"stream_options":{"include_usage":true}, "a" : 1}', "not json"];
    for (const text of ['{"stream":true,"stream_options":{"x":1}}', ...asIs]) {
      await rig.gateway.forward(chatRequest(rig, { body: new TextEncoder().encode(text) }));
    }
    expect(JSON.parse(rig.seen[0]?.body ?? "")).toEqual({ stream: true, stream_options: { x: 1, include_usage: true } });
    expect(rig.seen.slice(1).map((call) => call.body)).toEqual(asIs);
  });
}

function describeAnswers(harness: ContractHarness<ModelGatewayRig>, open: Open): void {
  verifiesOn(harness, ["MGW5", "MGW6"], "a refusal is an answer with its hints, and cookies stay behind", async () => {
    const rig = await open();
    rig.answer({ status: 429, headers: { "retry-after": "7", "x-ratelimit-limit": "9", "set-cookie": "a=b", server: "x", "content-type": "application/json" }, chunks: ['{"error":1}'] });
    const { response, metered } = await rig.gateway.forward(chatRequest(rig));
    expect([response.status, await response.text()]).toEqual([429, '{"error":1}']);
    expect(Object.fromEntries(response.headers)).toEqual({ "content-type": "application/json", "retry-after": "7", "x-ratelimit-limit": "9" });
    expect((await metered).source).toBe("missing");
  });

  verifiesOn(harness, "MGW5", "the first bytes are there before the last were sent", async () => {
    const rig = await open();
    const gate = Promise.withResolvers<void>();
    rig.answer({ headers: { "content-type": "text/event-stream" }, chunks: ["data: 1\n\n", "data: 2\n\n"], beforeLast: gate.promise });
    const { response } = await rig.gateway.forward(chatRequest(rig));
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader.read()).value).toBe("data: 1\n\n");
    gate.resolve();
    expect((await reader.read()).value).toBe("data: 2\n\n");
    expect((await reader.read()).done).toBe(true);
  });

  for (const { title, wire, path, contentType, chunks, usage, model } of RECORDED) {
    verifiesOn(harness, ["MGW7", "MGW8"], `usage is read from ${title}, and the body is not touched`, async () => {
      const rig = await open();
      rig.answer({ headers: { "content-type": contentType }, chunks });
      const { response, metered } = await rig.gateway.forward(chatRequest(rig, { upstream: rig.upstream(wire), path }));
      expect(await response.text()).toBe(chunks.join(""));
      expect(await metered).toEqual({ usage, model, source: "provider" });
    });
  }

  const streamed = RECORDED[0]!;
  verifiesOn(harness, "MGW9", "usage is known when the reader leaves in the middle", async () => {
    const rig = await open();
    const gate = Promise.withResolvers<void>();
    rig.answer({ headers: { "content-type": streamed.contentType }, chunks: [streamed.chunks[0]!, streamed.chunks.slice(1).join("")], beforeLast: gate.promise });
    const { response, metered } = await rig.gateway.forward(chatRequest(rig));
    const reader = response.body!.getReader();
    await reader.read();
    await reader.cancel();
    gate.resolve();
    expect(await metered).toMatchObject({ source: "provider", usage: streamed.usage });
  });

  for (const leaves of ["cancels the body", "aborts the request"] as const) {
    verifiesOn(harness, ["MGW10", "MGW11"], `the upstream is given up some time after the reader ${leaves}`, async () => {
      const rig = await open();
      const reading = new AbortController();
      rig.answer({ headers: { "content-type": streamed.contentType }, chunks: ["data: 1\n\n", "never"], beforeLast: new Promise(() => undefined) });
      const { response, metered } = await rig.gateway.forward(chatRequest(rig, { signal: reading.signal }));
      const reader = response.body!.getReader();
      await reader.read();
      if (leaves === "aborts the request") reading.abort();
      else await reader.cancel();
      expect((await metered).source).toBe("missing");
      await rig.aborted;
    });
  }
}
