/** What is not asked here is what the protocol cannot do, and the agent says so. */
import { describeContractOnOpenCode } from "./opencode-contract.testkit.ts";

describeContractOnOpenCode({
  name: "acp",
  cannot: ["steer", "ask", "tell-retries"],
  agent: (stage, program) => stage.acpAgent(program),
});
