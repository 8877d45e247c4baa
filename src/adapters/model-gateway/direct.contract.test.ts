import { providerCredentials } from "../../ports/model-gateway/model-gateway-kit.contract.ts";
import { describeModelGatewayContract } from "../../ports/model-gateway/model-gateway.contract.ts";
import { createDirectModelGateway } from "./direct.ts";
import { createHttpRig, HTTP_FAULTS } from "./http-rig.testkit.ts";

describeModelGatewayContract({
  name: "direct",
  create: () => createHttpRig({ create: (_, deps) => createDirectModelGateway(deps), credentials: providerCredentials, passesKey: true }),
  inject: HTTP_FAULTS,
});
