/** Waiting for what tells nobody: processes, health, files. Everything else waits for events. */
import { setTimeout as delay } from "node:timers/promises";

/** Asks until `check` answers true; a text says what is still wrong. @throws Error naming `what` and the last text */
export async function eventually(what: string, check: () => Promise<true | string> | true | string, timeoutMs: number): Promise<number> {
  const startedAt = performance.now();
  for (;;) {
    const answer = await check();
    const elapsedMs = performance.now() - startedAt;
    if (answer === true) return elapsedMs;
    if (elapsedMs > timeoutMs) throw new Error(`${what}: not within ${timeoutMs} ms (${answer})`);
    await delay(25);
  }
}

/** Milliseconds until the instance answers `/health`. */
export function untilHealthy(url: string, timeoutMs: number): Promise<number> {
  return eventually(`${url}/health`, async () => {
    try {
      const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(1_000) });
      await response.arrayBuffer();
      return response.ok ? true : `status ${response.status}`;
    } catch (error) {
      return String((error as Error).cause ?? error);
    }
  }, timeoutMs);
}
