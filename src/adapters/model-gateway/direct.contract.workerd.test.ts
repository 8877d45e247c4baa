import { providerCredentials } from "../../ports/model-gateway/model-gateway-kit.contract.ts";
import { describeModelGatewayContract } from "../../ports/model-gateway/model-gateway.contract.ts";
import { createDirectModelGateway } from "./direct.ts";
import { createWorkerRig, WORKER_FAULTS } from "./worker-rig.testkit.ts";

describeModelGatewayContract({
  name: "direct",
  create: () => createWorkerRig({ create: createDirectModelGateway, credentials: providerCredentials, passesKey: true }),
  inject: WORKER_FAULTS,
});
