import { describeModelGatewayContract } from "../../ports/model-gateway/model-gateway.contract.ts";
import { createBifrostGateway } from "./bifrost.ts";
import { createWorkerRig, WORKER_FAULTS } from "./worker-rig.testkit.ts";

const KEY_OF_BERTH = "sk-bf-example";

describeModelGatewayContract({
  name: "bifrost",
  create: () =>
    createWorkerRig({
      create: (deps) => createBifrostGateway({ url: "https://gateway.example", key: KEY_OF_BERTH, keys: "strip" }, deps),
      credentials: () => ({ "x-bf-vk": KEY_OF_BERTH }),
      passesKey: false,
    }),
  inject: WORKER_FAULTS,
});
