/** Who is left of an agent, as /proc shows it. */
import { readdirSync, readFileSync } from "node:fs";
import { LINUX } from "@berth/sandbox-runtime/processes/process-table";

/** Elsewhere than on Linux nobody can tell. @param marker `NAME=value` of an environment */
export function processesWith(marker: string): number[] {
  if (!LINUX) return [];
  return readdirSync("/proc").flatMap((entry) => (/^\d+$/.test(entry) && environmentOf(entry).split("\0").includes(marker) ? [Number(entry)] : []));
}

function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8");
  } catch {
    return "";
  }
}
