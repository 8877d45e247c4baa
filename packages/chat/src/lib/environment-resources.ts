/** What an environment's sandboxes may use up, as a form has it. Empty: as usual. */
import type { Environment } from "@berth/sdk";

export interface ResourcesDraft {
  readonly memoryMb: string;
  readonly cpus: string;
}

export function resourcesDraftOf({ memoryMb, cpus }: Environment["resources"]): ResourcesDraft {
  return { memoryMb: `${memoryMb ?? ""}`, cpus: `${cpus ?? ""}` };
}

export function resourcesOf({ memoryMb, cpus }: ResourcesDraft): Environment["resources"] {
  return { ...(memoryMb !== "" && { memoryMb: Number(memoryMb) }), ...(cpus !== "" && { cpus: Number(cpus) }) };
}

/** Null for what is as usual. */
export function resourcesInWords({ memoryMb, cpus }: Environment["resources"]): string | null {
  const bounds = [memoryMb === undefined ? null : `${memoryMb} MB of memory`, cpus === undefined ? null : `${cpus} ${cpus === 1 ? "processor" : "processors"}`].filter((each) => each !== null);
  return bounds.length === 0 ? null : `At most ${bounds.join(" and ")}`;
}
