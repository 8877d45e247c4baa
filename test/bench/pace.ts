/** Doing something so many times a second. */
import { setImmediate as turnOfLoop, setTimeout as delay } from "node:timers/promises";

/** @param write called with 0, 1, 2 … at an even pace; what a late timer missed is made up for at once */
export async function paced(perSecond: number, seconds: number, write: (index: number) => void): Promise<void> {
  const total = perSecond * seconds;
  const startedAt = performance.now();
  for (let written = 0; written < total; ) {
    const due = Math.min(total, Math.floor(((performance.now() - startedAt) * perSecond) / 1000) + 1);
    for (; written < due; written++) write(written);
    await delay(Math.max(0, startedAt + (written * 1000) / perSecond - performance.now()));
  }
}

/** As fast as it goes, with a turn of the event loop now and then, since a real agent's output comes from a socket. */
export async function burst(total: number, perTurn: number, write: (index: number) => void): Promise<void> {
  for (let written = 0; written < total; written++) {
    write(written);
    if (written % perTurn === perTurn - 1) await turnOfLoop();
  }
}
