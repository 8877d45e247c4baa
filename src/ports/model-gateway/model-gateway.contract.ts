/** What every model gateway keeps, whatever carries its calls. The rig holds a provider that answers as scripted. */
import { verifiesOn, type ContractHarness } from "@berth/testkit";
import { describe, expect, onTestFinished } from "vitest";
import { isPortError } from "../../core/kernel/port-error.ts";
import type { ModelWire } from "./model-gateway.port.ts";
import { describeModelGatewayFaults } from "./model-gateway-faults.contract.ts";
import { chatRequest, CREDENTIALS, KEY, type ModelGatewayRig } from "./model-gateway-kit.contract.ts";
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
    const sent = rig.seen.map(({ headers }) => Object.fromEntries([...headers].filter(([name]) => CREDENTIALS.includes(name))));
    expect(sent).toEqual(WIRES.map((wire) => rig.credentials(wire, KEY)));
    expect(rig.seen.map(({ headers }) => headers.get("anthropic-version"))).toEqual([null, null, "2023-06-01", null]);
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
    const headers = [...(rig.seen[0]?.headers ?? [])].filter(([name]) => CREDENTIALS.includes(name));
    expect(Object.fromEntries(headers)).toEqual(rig.credentials("openai-compatible", null));
  });

  verifiesOn(harness, "MGW14", "the provider's key is on the wire once where the next hop is to have it, and nowhere else", async () => {
    const rig = await open();
    for (const { wire, path, contentType, chunks } of RECORDED) {
      rig.answer({ headers: { "content-type": contentType }, chunks });
      const { response, metered } = await rig.gateway.forward(chatRequest(rig, { upstream: rig.upstream(wire), path }));
      expect(await response.text()).not.toContain(KEY);
      await metered;
    }
    const received = rig.seen.map(({ path, headers, body }) => JSON.stringify([path, [...headers], body]));
    expect(received).toHaveLength(RECORDED.length);
    expect(received.map((call) => call.split(KEY).length - 1)).toEqual(RECORDED.map(() => (rig.passesKey ? 1 : 0)));
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
      // A key may travel in the body to a gateway that is to have it.
      const upstream = { ...rig.upstream("openai-compatible"), key: null };
      await rig.gateway.forward(chatRequest(rig, { upstream, body: new TextEncoder().encode(text) }));
    }
    expect(JSON.parse(rig.seen[0]?.body ?? "")).toEqual({ stream: true, stream_options: { x: 1, include_usage: true } });
    expect(rig.seen.slice(1).map((call) => call.body)).toEqual(asIs);
  });
}

function describeAnswers(harness: ContractHarness<ModelGatewayRig>, open: Open): void {
  verifiesOn(harness, ["MGW5", "MGW6"], "a refusal is an answer with its hints, and cookies stay behind", async () => {
    const rig = await open();
    const refusal = JSON.stringify({ error: { message: "slow down", type: "rate_limit_error", param: null, code: "429" } });
    rig.answer({ status: 429, headers: { "retry-after": "7", "x-ratelimit-limit": "9", "set-cookie": "a=b", server: "x", "content-type": "application/json" }, chunks: [refusal] });
    const { response, metered } = await rig.gateway.forward(chatRequest(rig));
    const text = await response.text();
    expect([response.status, response.headers.get("retry-after"), response.headers.get("set-cookie"), response.headers.get("server")]).toEqual([429, "7", null, null]);
    if (!rig.rewrites) expect([text, [...response.headers.keys()].toSorted()]).toEqual([refusal, ["content-type", "retry-after", "x-ratelimit-limit"]]);
    expect((await metered).source).toBe("missing");
  });

  const streamed = RECORDED[0]!;
  verifiesOn(harness, "MGW5", "the first bytes are there before the last were sent", async () => {
    const rig = await open();
    const gate = Promise.withResolvers<void>();
    const [first, second, ...rest] = streamed.chunks;
    const chunks = [`${first}${second}`, rest.join("")];
    rig.answer({ headers: { "content-type": streamed.contentType }, chunks, beforeLast: gate.promise });
    const { response } = await rig.gateway.forward(chatRequest(rig, { body: new TextEncoder().encode('{"model":"m","messages":[],"stream":true}') }));
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = (await reader.read()).value ?? "";
    expect(text).not.toBe("");
    if (!rig.rewrites) expect(chunks[0]?.startsWith(text)).toBe(true);
    gate.resolve();
    for (let next = await reader.read(); !next.done; next = await reader.read()) text += next.value;
    if (!rig.rewrites) expect(text).toBe(chunks.join(""));
  });

  for (const { title, wire, path, contentType, chunks, usage, model } of RECORDED) {
    verifiesOn(harness, ["MGW7", "MGW8"], `usage is read from ${title}, and the body is not touched`, async () => {
      const rig = await open();
      rig.answer({ headers: { "content-type": contentType }, chunks });
      const { response, metered } = await rig.gateway.forward(chatRequest(rig, { upstream: rig.upstream(wire), path }));
      const text = await response.text();
      if (!rig.rewrites) expect(text).toBe(chunks.join(""));
      expect(await metered).toMatchObject(rig.rewrites ? { usage, source: "provider" } : { usage, model, source: "provider" });
    });
  }

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
      rig.answer({ headers: { "content-type": streamed.contentType }, chunks: [streamed.chunks[0]!, "never"], beforeLast: new Promise(() => undefined) });
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
