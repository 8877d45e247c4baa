/** Counts over many worlds: how long they were, which faults struck, which rows of the transition table were taken. */
export interface Statistics {
  sessions: number;
  steps: number;
  withTwoFaults: number;
  readonly faults: Record<string, number>;
  readonly transitions: Record<string, number>;
}

export function noStatistics(): Statistics {
  return { sessions: 0, steps: 0, withTwoFaults: 0, faults: {}, transitions: {} };
}

export function addStatistics(sum: Statistics, more: Statistics): void {
  sum.sessions += more.sessions;
  sum.steps += more.steps;
  sum.withTwoFaults += more.withTwoFaults;
  for (const [id, count] of Object.entries(more.faults)) bump(sum.faults, id, count);
  for (const [id, count] of Object.entries(more.transitions)) bump(sum.transitions, id, count);
}

export function bump(counts: Record<string, number>, name: string, by = 1): void {
  counts[name] = (counts[name] ?? 0) + by;
}
