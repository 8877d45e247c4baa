import { verifies } from "@berth/testkit";
import { expect, test } from "vitest";
import { WorkerVars } from "./env.ts";
import { gatewayServer, modelGatewayOf, stripsProviderKeys } from "./model-gateways.ts";

const NEEDED = {
  PUBLIC_URL: "http://127.0.0.1:8787",
  SANDBOX_HOST_URL: "http://127.0.0.1:8790",
  SANDBOX_HOST_SECRET: "example-sandbox-host-secret-0000000000",
  SANDBOX_BACKENDS: "process",
  MASTER_KEYS: "1:example",
  AUTH_SECRET: "example-auth-secret-000000000000000000",
};
const vars = (more: Record<string, string>) => WorkerVars.parse({ ...NEEDED, ...more });

/** Which of the two ways a call took, and to where. */
async function wayOf(more: Record<string, string>, provider: string): Promise<readonly string[]> {
  const calls: string[] = [];
  const noting = (way: string) => async (url: string) => (calls.push(`${way} ${url}`), Response.json({ data: [] }));
  const gateway = modelGatewayOf(vars(more), { forUsers: noting("public"), own: noting("own") });
  await gateway.listModels({ provider, wire: "openai-compatible", baseUrl: "https://models.example/v1", key: null }, new AbortController().signal);
  return calls;
}

const LITELLM = { MODEL_GATEWAY: "litellm", LITELLM_URL: "http://127.0.0.1:4000/" };

test("without a word from the operator providers are called directly", async () => {
  expect(await wayOf({ LITELLM_URL: "http://127.0.0.1:4000" }, "acme")).toEqual(["public https://models.example/v1/models"]);
});

test("the operator's gateway is reached by the way that organizations have no part in", async () => {
  expect(await wayOf(LITELLM, "acme")).toEqual(["own http://127.0.0.1:4000/v1/models"]);
  expect(await wayOf({ MODEL_GATEWAY: "bifrost", BIFROST_URL: "http://127.0.0.1:8080" }, "acme")).toEqual(["own http://127.0.0.1:8080/v1/models?provider=acme"]);
});

test("the demo model is called directly, since no gateway knows it", async () => {
  expect(await wayOf(LITELLM, "demo")).toEqual(["public https://models.example/v1/models"]);
});

verifies("MGW14", "keys are stripped unless the operator says otherwise", () => {
  expect(gatewayServer(vars(LITELLM))).toEqual({ url: "http://127.0.0.1:4000", key: null, keys: "strip" });
  expect(gatewayServer(vars({ ...LITELLM, LITELLM_KEY: "example-litellm-key", MODEL_GATEWAY_KEYS: "forward" }))).toMatchObject({ key: "example-litellm-key", keys: "forward" });
  expect([{}, LITELLM, { ...LITELLM, MODEL_GATEWAY_KEYS: "forward" } as const].map((more) => stripsProviderKeys(vars(more)))).toEqual([false, true, false]);
});

test.each([
  ["MODEL_GATEWAY", "litellm", ["LITELLM_URL"]],
  ["MODEL_GATEWAY", "bifrost", ["BIFROST_URL"]],
  ["SECRET_VAULT", "onepassword", ["OP_CONNECT_HOST", "OP_CONNECT_TOKEN", "OP_CONNECT_VAULT"]],
])("%s=%s is refused without what it needs, by name", (choice, chosen, names) => {
  const issues = WorkerVars.safeParse({ ...NEEDED, [choice]: chosen }).error?.issues;
  expect(issues?.map(({ path, message }) => [path[0], message])).toEqual(names.map((name) => [name, `${choice}=${chosen} needs it`]));
});
