/** The contract against a real Bifrost, where BIFROST_URL names one; see docs/runbooks/gateways.md. */
import { describe } from "vitest";
import { describeModelGatewayContract } from "../../ports/model-gateway/model-gateway.contract.ts";
import { createBifrostGateway } from "./bifrost.ts";
import { createLiveRig } from "./live-rig.testkit.ts";

const { BIFROST_URL: url, BIFROST_KEY: key } = process.env;

describe.runIf(url !== undefined)("Bifrost at BIFROST_URL", () => {
  describeModelGatewayContract({
    name: "bifrost, live",
    create: () =>
      createLiveRig({
        create: (deps) => createBifrostGateway({ url: url ?? "", key: key ?? null, keys: "strip" }, deps),
        credentials: (): Record<string, string> => (key === undefined ? {} : { "x-bf-vk": key }),
        passesKey: false,
      }),
  });
});
