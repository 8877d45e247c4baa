/**
 * Why a case may be left out: the list is closed. What is lacking follows from the capabilities, from what the harness
 * cannot make happen, and from what it says of its system; each is told with its one reason.
 */
import type { FaultId } from "../../../core/kernel/fault.ts";
import type { SandboxHarness } from "../sandbox-kit.contract.ts";

export type DeviationReason = "capability-absent" | "no-hook" | "no-wire" | "platform";

interface Lacking {
  readonly reason: DeviationReason;
  readonly why: string;
}

const capability = (why: string): Lacking => ({ reason: "capability-absent", why });
const hook = (name: string, what: string): Lacking => ({ reason: "no-hook", why: `the harness has no ${name}, so ${what}` });
const wire = (fault: FaultId): Lacking => ({ reason: "no-wire", why: `nothing lies between request and effect that could show ${fault}` });
const platform = (why: string): Lacking => ({ reason: "platform", why });

export const LACKING = {
  keepsWorkFolder: capability("a session's next sandbox does not find the files of the one before"),
  appliesToFolder: capability("work cannot be written to the folder it came from"),
  kill: hook("`kill`", "no runtime ends by itself"),
  reopen: hook("`reopen`", "nobody knows what a new provider would find"),
  folder: hook("`makeFolder`", "there is no folder to start from"),
  "slow-start": hook("`inject` of sandbox:create:slow-success with `release`", "no start can be held back"),
  "dies-mid-exec": hook("`inject` of sandbox:exec:dies-mid-exec", "no sandbox dies while a command runs"),
  "host-unreachable": wire("sandbox:create:host-unreachable"),
  "answer-lost": wire("sandbox:create:answer-lost"),
  "wrong-credentials": wire("sandbox:create:wrong-credentials"),
  "cut-mid-stream": wire("sandbox:exec:cut-mid-stream"),
  links: platform("files cannot be links here"),
  pipes: platform("files cannot be pipes here"),
  signals: platform("programs are not ended by signals here"),
} as const satisfies Readonly<Record<string, Lacking>>;

export type Need = keyof typeof LACKING;

export function lacksOf({ capabilities, inject = {}, release, kill, reopen, makeFolder, lacks = [] }: SandboxHarness): ReadonlySet<Need> {
  const faults = { "answer-lost": "create", "host-unreachable": "create", "wrong-credentials": "create", "cut-mid-stream": "exec", "dies-mid-exec": "exec" } as const;
  const found = new Set<Need>(lacks);
  if (!capabilities.keepsWorkFolder) found.add("keepsWorkFolder");
  if (!capabilities.appliesToFolder) found.add("appliesToFolder");
  if (!kill) found.add("kill");
  if (!reopen) found.add("reopen");
  if (!makeFolder) found.add("folder");
  if (!inject["sandbox:create:slow-success"] || !release) found.add("slow-start");
  for (const [need, operation] of Object.entries(faults)) if (!inject[`sandbox:${operation}:${need}`]) found.add(need as keyof typeof faults);
  return found;
}
