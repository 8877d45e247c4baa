/** The contract of sandbox providers for those who write one elsewhere. docs/guides/sandbox-backend.md says how to use it. */
export { isPortError, PortError, type Outcome, type PortErrorCode, type PortErrorInit, type Retry } from "../../../src/core/kernel/port-error.ts";
export type { ContractFolder, SandboxHarness, SystemPart } from "../../../src/ports/sandbox/sandbox-kit.contract.ts";
export {
  FILE_BYTES_MAX,
  type AppliedWork,
  type ExecRequest,
  type ExecResult,
  type PolicyReport,
  type SandboxCapabilities,
  type SandboxDescription,
  type SandboxId,
  type SandboxProvider,
  type SandboxSpec,
} from "../../../src/ports/sandbox/sandbox.port.ts";
export { SANDBOX_CASES } from "../../../src/ports/sandbox/contract/all.contract.ts";
export { LACKING, type DeviationReason, type Need } from "../../../src/ports/sandbox/contract/needs.contract.ts";
export { runSandboxCases, type CaseOutcome, type ContractRun } from "../../../src/ports/sandbox/contract/run.contract.ts";
