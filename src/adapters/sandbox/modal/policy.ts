/**
 * How a sandbox at Modal is declared to be kept, and what can be told of it. Modal has no call that tells the isolation and
 * the way out in force, so both are looked at from inside; what it does tell of the sandbox is named beside.
 */
import { entryText, type Allowlist } from "../../../core/egress/allowlist.ts";
import type { SandboxDeclaration, SandboxMeasurement } from "@berth/protocol";
import type { PolicyReport } from "../../../ports/sandbox/sandbox.port.ts";
import type { SandboxFacts } from "./account.ts";
import type { Tried } from "./inside/asked.ts";

export type ModalIsolation = "gvisor" | "vm";

/** Of nobody that a list of Berth's users names; each is asked for an answer, not only for a connection. */
export const TRIED: readonly Tried[] = [
  { name: "a public address that is not on the list", host: "1.1.1.1", port: 443 },
  { name: "another public address that is not on the list", host: "9.9.9.9", port: 443 },
];

const NAMESPACES = ["mnt", "pid", "ipc", "uts"];

export function policyReport({ isolation, allowlist }: { readonly isolation: ModalIsolation; readonly allowlist: Allowlist }, measured: SandboxMeasurement, facts: SandboxFacts | null): PolicyReport {
  const declared: SandboxDeclaration = {
    isolation,
    namespaces: NAMESPACES,
    network: "filtered",
    allowedHosts: allowlist.map(entryText),
    // Its whole file system is its own.
    writable: null,
    readOnly: null,
    capabilities: [],
    noNewPrivileges: true,
    secrets: [],
  };
  return { declared, measured, by: `a look from inside, and Modal of ${facts === null ? "no such sandbox" : told(facts)}` };
}

function told({ id, imageId, resourceInfo, timeoutSecs, regions }: SandboxFacts): string {
  const limits = resourceInfo === undefined ? [] : [`${resourceInfo.memoryMbMax} MiB at most`, `${resourceInfo.milliCpuMax / 1_000} cores at most`];
  return `${id} (${[`image ${imageId}`, ...limits, `ends after ${timeoutSecs} s`, ...(regions.length === 0 ? [] : [`in ${regions.join(", ")}`])].join(", ")})`;
}
