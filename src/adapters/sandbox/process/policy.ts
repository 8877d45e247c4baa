/**
 * What is really enforced on a running sandbox, read from the kernel's view of its process: namespaces, mounts and rights.
 * What we asked bubblewrap for is only the declared side.
 */
import type { SandboxDeclaration } from "@berth/protocol";
import type { PolicyReport } from "../../../ports/sandbox/sandbox.port.ts";
import { measureProcess } from "../session-folders/kernel-view.ts";
import { declaredMounts } from "./bubblewrap.ts";
import type { LaunchSettings } from "./launch.ts";

function declare({ isolation, readOnlyPaths }: LaunchSettings): SandboxDeclaration {
  // The network is this machine's own: nothing of it is kept from the agent.
  const common = { isolation, network: "machine" } as const;
  if (isolation !== "bubblewrap") {
    return { ...common, namespaces: [], writable: null, readOnly: null, capabilities: null, noNewPrivileges: false, secrets: null };
  }
  const { writable, readOnly } = declaredMounts(readOnlyPaths);
  return {
    ...common,
    namespaces: ["user", "mnt", "pid", "ipc", "uts"],
    writable: [...writable],
    readOnly: [...readOnly],
    capabilities: [],
    noNewPrivileges: true,
    secrets: [],
  };
}

/** @param pid the runtime as this machine numbers it */
export function describeProcessPolicy(settings: LaunchSettings, pid: number): PolicyReport {
  const declared = declare(settings);
  // Elsewhere the system does not tell, and nothing is claimed.
  if (process.platform !== "linux") return { declared, measured: {}, by: `the sandbox host, of pid ${pid}` };
  return { declared, measured: measureProcess(pid), by: `the kernel, in /proc/${pid} of the sandbox host, which bounds neither memory nor processors` };
}
