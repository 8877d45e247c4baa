import { KEY, providerCredentials, RIG_LINGER_MS, scriptedBody, type ModelGatewayRig, type ScriptedAnswer, type SeenCall } from "./model-gateway-kit.contract.ts";
import { describeModelGatewayContract } from "./model-gateway.contract.ts";
import { InMemoryModelGateway } from "./model-gateway.fake.ts";
import { MODEL_GATEWAY_FAULTS } from "./model-gateway.faults.ts";

interface FakeRig extends ModelGatewayRig {
  readonly gateway: InMemoryModelGateway;
}

function createRig(): FakeRig {
  let script: ScriptedAnswer = { headers: { "content-type": "application/json" }, chunks: ['{"model":"m","usage":{"prompt_tokens":1,"completion_tokens":1}}'] };
  const seen: SeenCall[] = [];
  const aborted = Promise.withResolvers<void>();
  const gateway = new InMemoryModelGateway({
    lingerMs: RIG_LINGER_MS,
    provider: ({ url, method, headers, body, signal }) => {
      const { pathname, search } = new URL(url);
      seen.push({ method, path: pathname + search, headers, body: new TextDecoder().decode(body ?? new Uint8Array()) });
      signal.addEventListener("abort", () => aborted.resolve(), { once: true });
      return new Response(scriptedBody(script), { status: script.status ?? 200, headers: { ...script.headers } });
    },
  });
  return {
    gateway,
    upstream: (wire) => ({ provider: "example", wire, baseUrl: "https://models.example/v1", key: KEY }),
    credentials: providerCredentials,
    passesKey: true,
    answer: (next) => {
      script = next;
    },
    seen,
    aborted: aborted.promise,
    close: async () => undefined,
  };
}

describeModelGatewayContract({
  name: "fake",
  create: createRig,
  inject: Object.fromEntries(MODEL_GATEWAY_FAULTS.faults.map(({ id }) => [id, (rig: ModelGatewayRig) => (rig as FakeRig).gateway.faults.arm(id)])),
});
