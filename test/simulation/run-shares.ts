/** Spreads seeds over the machine's cores. */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Patch } from "./patches.ts";
import { addStatistics, noStatistics, type Statistics } from "./statistics.ts";
import type { Failure, Share } from "./worker.ts";

/** Worlds are short-lived: with more room for what is young less of it is copied. */
const YOUNG_MB = 64;

export interface Ran {
  readonly statistics: Statistics;
  /** By seed. */
  readonly failures: readonly Failure[];
  readonly trace: readonly string[];
}

export interface Seeds {
  readonly from: number;
  readonly count: number;
  readonly mutant?: Patch | null;
  readonly traced?: boolean;
  readonly failuresMax?: number;
  readonly threads?: number;
}

export async function runSeeds({ from, count, mutant = null, traced = false, failuresMax = 5, threads = availableParallelism() }: Seeds): Promise<Ran> {
  const every = Math.max(1, Math.min(threads, count));
  const shares = Array.from({ length: every }, (_, index): Share => ({ from: from + index, to: from + count, every, mutant, traced, failuresMax }));
  const ran = await Promise.all(shares.map(runShare));
  const statistics = noStatistics();
  for (const each of ran) addStatistics(statistics, each.statistics);
  const failures = ran.flatMap((each) => each.failures).toSorted((a, b) => a.seed - b.seed);
  return { statistics, failures, trace: ran[0]?.trace ?? [] };
}

function runShare(share: Share): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { workerData: share, resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } });
    worker.once("message", (ran: Ran) => resolve(ran));
    worker.once("error", reject);
    worker.once("exit", (code) => reject(new Error(`a thread of the simulation ended with ${code} and said nothing`)));
  });
}
