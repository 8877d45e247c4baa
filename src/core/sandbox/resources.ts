/** What a sandbox may use up, as its session's environment asks for it and as the operator allows it. Pure. */

export interface Resources {
  readonly memoryMb?: number | undefined;
  readonly cpus?: number | undefined;
}
export type ResourceLimits = { readonly [Name in keyof Resources]-?: number };

/** Of an instance whose operator says nothing. */
export const USUAL_LIMITS: ResourceLimits = { memoryMb: 4_096, cpus: 2 };

/** What was not asked for is as usual. An environment may ask for more than there is: it was kept when there was more, or by another part. */
export function limitsOf(usual: ResourceLimits, most: ResourceLimits, asked: Resources = {}): ResourceLimits {
  return { memoryMb: Math.min(asked.memoryMb ?? usual.memoryMb, Math.max(most.memoryMb, usual.memoryMb)), cpus: Math.min(asked.cpus ?? usual.cpus, Math.max(most.cpus, usual.cpus)) };
}

export interface ResourcesFault {
  readonly field: keyof Resources;
  readonly message: string;
  readonly fix: string;
}

/** Null where there is no more asked for than the operator allows. */
export function resourcesFault({ memoryMb = 0, cpus = 0 }: Resources, most: ResourceLimits): ResourcesFault | null {
  const fix = (left: number, variable: string): string => `Ask for ${left} or less, or have whoever runs it raise ${variable}.`;
  if (memoryMb > most.memoryMb) return { field: "memoryMb", message: `This instance gives a sandbox ${most.memoryMb} MB of memory at most.`, fix: fix(most.memoryMb, "SANDBOX_MEMORY_MB_MAX") };
  if (cpus > most.cpus) return { field: "cpus", message: `This instance gives a sandbox ${most.cpus} processors at most.`, fix: fix(most.cpus, "SANDBOX_CPUS_MAX") };
  return null;
}
