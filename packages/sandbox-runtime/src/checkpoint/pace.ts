/** When the next checkpoint inside a turn begins. */

/** Wished for from the beginning of one to the beginning of the next. */
export const AIM_MS = 10_000;
/** No change is unsaved for longer while the turn goes on. */
export const SAVED_WITHIN_MS = 30_000;
/** From one that failed after the turn to the next attempt. */
export const RETRY_MS = 15_000;
/** A checkpoint takes at most this share of the time, as long as the bound allows it. */
const SHARE = 10;
/** For a checkpoint that takes longer than the one before. */
const MARGIN_MS = 3_000;
const BREATH_MS = 1_000;

/** From the beginning of one that took `tookMs` to the beginning of the next. */
export function intervalAfter(tookMs: number): number {
  const wished = Math.max(AIM_MS, SHARE * tookMs);
  return Math.max(tookMs + BREATH_MS, Math.min(wished, SAVED_WITHIN_MS - MARGIN_MS - tookMs));
}
