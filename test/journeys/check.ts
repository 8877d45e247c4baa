/** One check of the journey: what it shows, how long it may take, and how it ended. */
import type { World } from "./world.ts";

export interface CheckContext {
  readonly world: World;
  /** Aborts when the check's time is over. */
  readonly signal: AbortSignal;
}

export interface Check {
  /** For `--only`. */
  readonly name: string;
  readonly title: string;
  readonly timeoutMs: number;
  /** Resolves with what was seen, in a few words. */
  run(context: CheckContext): Promise<string>;
}

export interface CheckResult {
  readonly name: string;
  readonly title: string;
  readonly ok: boolean;
  readonly ms: number;
  readonly detail: string;
}

/** What waits on the signal tells better what it waited for, so it is heard first. */
const LAST_WORDS_MS = 500;

export async function runCheck(check: Check, world: World, stopped: AbortSignal): Promise<CheckResult> {
  const startedAt = performance.now();
  const { name, title, timeoutMs } = check;
  const timeout = new AbortController();
  const signal = AbortSignal.any([timeout.signal, stopped]);
  const cut = Promise.withResolvers<never>();
  const giveUp = (): void => cut.reject(new Error(stopped.aborted ? "stopped" : `not done after ${timeoutMs / 1000} s`));
  const timer = setTimeout(() => timeout.abort(), timeoutMs);
  signal.addEventListener("abort", () => void setTimeout(giveUp, LAST_WORDS_MS), { once: true });
  const ended = (ok: boolean, detail: string): CheckResult => ({ name, title, ok, ms: Math.round(performance.now() - startedAt), detail });
  try {
    return ended(true, await Promise.race([check.run({ world, signal }), cut.promise]));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return ended(false, timeout.signal.aborted ? `${message} (gave up after ${timeoutMs / 1000} s)` : message);
  } finally {
    clearTimeout(timer);
    timeout.abort();
  }
}

export function expect(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new Error(otherwise);
}
