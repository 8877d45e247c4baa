import { describeContractOnOpenCode } from "./opencode-contract.testkit.ts";

describeContractOnOpenCode({
  name: "opencode",
  agent: (stage, program) => stage.agent(Object.defineProperties({ modelRetriesMax: 1 }, Object.getOwnPropertyDescriptors(program))),
});
