export { verifies, verifiesOn, type ContractHarness, type Deviation } from "./harness.ts";
