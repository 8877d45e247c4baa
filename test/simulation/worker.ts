/** Simulates a range of seeds in a thread of its own, with the sources as they are or with one bug put in. */
import { parentPort, workerData } from "node:worker_threads";
import { applyPatches, type Patch } from "./patches.ts";
import { SMALL_WORLDS } from "./small-worlds.ts";

export interface Share {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  /** Seeds are taken at this distance. */
  readonly every: number;
  readonly mutant: Patch | null;
  readonly traced: boolean;
  readonly failuresMax: number;
}

export interface Failure {
  readonly seed: number;
  readonly violation: string;
}

const { from, to, every, mutant, traced, failuresMax } = workerData as Share;
// Most errors are made to be survived, and nobody reads where they came from.
if (!traced) Error.stackTraceLimit = 1;
applyPatches(mutant ? [...SMALL_WORLDS, mutant] : SMALL_WORLDS);
const { simulate } = await import("./simulate.ts");
const { noStatistics } = await import("./statistics.ts");

const statistics = noStatistics();
const failures: Failure[] = [];
let trace: readonly string[] = [];
for (let seed = from; seed < to && failures.length < failuresMax; seed += every) {
  const outcome = await simulate(seed, statistics, { traced }).catch((error: unknown) => ({ violation: `[SIM1] the simulation broke: ${String((error as Error).stack ?? error)}`, trace: [] }));
  if (outcome.violation !== null) failures.push({ seed, violation: outcome.violation });
  trace = outcome.trace;
}
parentPort?.postMessage({ statistics, failures, trace }, []);
