/** The contract against a real LiteLLM, where LITELLM_URL names one; see docs/runbooks/gateways.md. */
import { describe } from "vitest";
import { describeModelGatewayContract } from "../../ports/model-gateway/model-gateway.contract.ts";
import { createLiteLlmGateway } from "./litellm.ts";
import { createLiveRig } from "./live-rig.testkit.ts";

const { LITELLM_URL: url, LITELLM_KEY: key } = process.env;

describe.runIf(url !== undefined)("LiteLLM at LITELLM_URL", () => {
  describeModelGatewayContract({
    name: "litellm, live",
    create: () =>
      createLiveRig({
        create: (deps) => createLiteLlmGateway({ url: url ?? "", key: key ?? null, keys: "strip" }, deps),
        credentials: (): Record<string, string> => (key === undefined ? {} : { authorization: `Bearer ${key}` }),
        passesKey: false,
      }),
  });
});
