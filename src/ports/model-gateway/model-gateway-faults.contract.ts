/** The catalogued faults as a model gateway must report them. Registered by the contract of the port. */
import { verifiesOn, type ContractHarness } from "@berth/testkit";
import { expect } from "vitest";
import { isPortError } from "../../core/kernel/port-error.ts";
import { chatRequest, type ModelGatewayRig } from "./model-gateway-kit.contract.ts";
import { MODEL_GATEWAY_FAULTS } from "./model-gateway.faults.ts";

export function describeModelGatewayFaults(harness: ContractHarness<ModelGatewayRig>, open: () => Promise<ModelGatewayRig>): void {
  const proves = (id: string, rules: readonly string[], sentence: string, body: (rig: ModelGatewayRig) => Promise<void>): void => {
    const inject = harness.inject?.[id];
    if (!inject) return;
    verifiesOn(harness, [id, ...rules], sentence, async () => {
      const rig = await open();
      await inject(rig);
      await body(rig);
    });
  };
  const refuses = async (rig: ModelGatewayRig): Promise<[number, string | null]> => {
    const { response, metered } = await rig.gateway.forward(chatRequest(rig));
    await response.text();
    expect((await metered).source).toBe("missing");
    return [response.status, response.headers.get("retry-after")];
  };
  const fails = async (id: string, call: Promise<unknown>): Promise<void> => {
    const error = await call.then(() => null, (caught: unknown) => caught);
    const fault = MODEL_GATEWAY_FAULTS.faults.find((candidate) => candidate.id === id);
    expect(isPortError(error) && { code: error.code, outcome: error.outcome, retry: error.retry }).toEqual(fault?.symptom);
    expect(String(error)).not.toContain("example-key");
  };
  const list = (rig: ModelGatewayRig) => rig.gateway.listModels(rig.upstream("openai-compatible"), new AbortController().signal);

  proves("model-gateway:forward:unauthorized", ["MGW5"], "a key revoked at the provider is the provider's own 401", async (rig) => {
    expect((await refuses(rig))[0]).toBe(401);
  });
  proves("model-gateway:forward:rate-limited", ["MGW6"], "429 keeps its retry-after", async (rig) => {
    expect(await refuses(rig)).toEqual([429, "7"]);
  });
  proves("model-gateway:forward:overloaded", ["MGW5"], "529 passes", async (rig) => {
    expect((await refuses(rig))[0]).toBe(529);
  });
  proves("model-gateway:forward:cut-mid-token", ["MGW11"], "a cut stream breaks for the reader and leaves usage missing", async (rig) => {
    const { response, metered } = await rig.gateway.forward(chatRequest(rig));
    await expect(response.text()).rejects.toThrow();
    expect((await metered).source).toBe("missing");
  });
  proves("model-gateway:forward:usage-missing", ["MGW11"], "an answer that names no usage is missing", async (rig) => {
    const { response, metered } = await rig.gateway.forward(chatRequest(rig));
    await response.text();
    expect((await metered).source).toBe("missing");
  });
  proves("model-gateway:forward:slow", ["MGW5"], "a slow answer arrives", async (rig) => {
    const { response, metered } = await rig.gateway.forward(chatRequest(rig));
    await response.text();
    expect([response.status, (await metered).source]).toEqual([200, "provider"]);
  });
  for (const id of ["model-gateway:forward:unreachable", "model-gateway:forward:no-answer"]) {
    proves(id, [], "is an error with its outcome", (rig) => fails(id, rig.gateway.forward(chatRequest(rig))));
  }
  proves("model-gateway:listModels:wrong-key", ["MGW13"], "a wrong key is permission-denied", (rig) => fails("model-gateway:listModels:wrong-key", list(rig)));
  proves("model-gateway:listModels:no-list", ["MGW13"], "a server without a list is not-found", (rig) => fails("model-gateway:listModels:no-list", list(rig)));
}
