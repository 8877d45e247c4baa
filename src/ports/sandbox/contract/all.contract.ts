/** Every case of the sandbox contract, in the order in which they are put. */
import { APPLYING_CASES } from "./applying.contract.ts";
import type { SandboxCase } from "./case.contract.ts";
import { COMMAND_CASES } from "./commands.contract.ts";
import { CREATING_CASES } from "./creating.contract.ts";
import { ENDING_CASES } from "./ending.contract.ts";
import { EPOCH_CASES } from "./epochs.contract.ts";
import { FILE_CASES } from "./files.contract.ts";
import { FINDING_CASES } from "./finding.contract.ts";
import { LIMIT_CASES } from "./limits.contract.ts";
import { PATH_CASES } from "./paths.contract.ts";
import { POLICY_CASES } from "./policy.contract.ts";
import { WIRE_CASES } from "./wire.contract.ts";

export const SANDBOX_CASES: readonly SandboxCase[] = [
  ...FINDING_CASES,
  ...CREATING_CASES,
  ...ENDING_CASES,
  ...EPOCH_CASES,
  ...COMMAND_CASES,
  ...LIMIT_CASES,
  ...FILE_CASES,
  ...PATH_CASES,
  ...POLICY_CASES,
  ...APPLYING_CASES,
  ...WIRE_CASES,
];
