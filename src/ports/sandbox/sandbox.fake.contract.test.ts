/** The contract on the fake. */
import { memoryHarness } from "./broken/harness.contract.ts";
import { describeSandboxContract } from "./sandbox.contract.ts";

describeSandboxContract(memoryHarness("fake"), 110);
