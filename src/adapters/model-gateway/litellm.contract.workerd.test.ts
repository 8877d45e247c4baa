import { describeModelGatewayContract } from "../../ports/model-gateway/model-gateway.contract.ts";
import { createLiteLlmGateway } from "./litellm.ts";
import { createWorkerRig, WORKER_FAULTS } from "./worker-rig.testkit.ts";

const KEY_OF_BERTH = "example-litellm-key";

describeModelGatewayContract({
  name: "litellm",
  create: () =>
    createWorkerRig({
      create: (deps) => createLiteLlmGateway({ url: "https://gateway.example", key: KEY_OF_BERTH, keys: "strip" }, deps),
      credentials: () => ({ authorization: `Bearer ${KEY_OF_BERTH}` }),
      passesKey: false,
    }),
  inject: WORKER_FAULTS,
});
