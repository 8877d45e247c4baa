/** How many sandboxes wait for a session, by how many were asked for lately. Pure. */

export interface Demand {
  /** The operator's cap. */
  readonly max: number;
  readonly startedAtMs: number;
  /** When sandboxes were asked for, as far back as anybody remembers. */
  readonly createdAtMs: readonly number[];
  readonly nowMs: number;
}

/** What comes together is likely to come together again. */
export const RECENT_MS = 10 * 60_000;
/** Nobody has asked for so long: memory that waits for nobody is given back, and made again with the next that comes. */
export const UNUSED_MS = 30 * 60_000;
/** What one takes while it waits, with room to spare. */
const EACH_BYTES = 800 * 1024 ** 2;
/** Left to whatever else the machine does. */
const RESERVE_BYTES = 1024 ** 3;

export function warmTarget({ max, startedAtMs, createdAtMs, nowMs }: Demand): number {
  const lastMs = Math.max(startedAtMs, ...createdAtMs);
  if (nowMs - lastMs >= UNUSED_MS) return 0;
  const recent = createdAtMs.filter((atMs) => nowMs - atMs < RECENT_MS).length;
  return Math.min(max, Math.max(1, recent));
}

export function hasMemoryFor(freeBytes: number): boolean {
  return freeBytes >= EACH_BYTES + RESERVE_BYTES;
}
