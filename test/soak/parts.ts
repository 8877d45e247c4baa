/** The long counts: which suite takes them, and what it is told. */

export interface SoakPart {
  readonly name: string;
  /** File below the root, of `vitest.e2e.config.ts`. */
  readonly file: string;
  /** Part of the titles to take; all by default. */
  readonly titles?: string;
  readonly about: string;
}

const KILLS = "test/e2e/kill.e2e.test.ts";
const KILLS_INSIDE = "test/e2e/kill-sandbox.e2e.test.ts";
const STARTS = "test/e2e/starts.e2e.test.ts";

export const PARTS: readonly SoakPart[] = [
  { name: "worker", file: KILLS, titles: "KIL1", about: "`kill -9` of the Worker × 20" },
  { name: "host", file: KILLS, titles: "KIL2", about: "`kill -9` of the sandbox host × 20" },
  { name: "postgres", file: KILLS, titles: "KIL6", about: "PostgreSQL restarted or killed × 20" },
  { name: "agent", file: KILLS_INSIDE, titles: "KIL3", about: "`kill -9` of the agent × 20" },
  { name: "runtime", file: KILLS_INSIDE, titles: "KIL4", about: "`kill -9` of the runtime × 20" },
  { name: "silence", file: KILLS_INSIDE, titles: "KIL5", about: "`SIGSTOP` of the sandbox for two minutes × 20" },
  { name: "disk", file: KILLS_INSIDE, titles: "KIL7", about: "the disk under runtime and agent full × 20" },
  { name: "viewers", file: "test/e2e/kill-viewers.e2e.test.ts", about: "200 random disconnects of viewers" },
  { name: "starts", file: STARTS, titles: "STA1", about: "200 starts without faults" },
  { name: "faults", file: STARTS, titles: "STA2", about: "40 starts with a fault each" },
  { name: "fallback", file: STARTS, titles: "STA3", about: "starts whose first backend is down" },
  { name: "outage", file: "test/e2e/postgres-outage.e2e.test.ts", about: "PostgreSQL away for 5 minutes while 1,000 runs end" },
  { name: "checkpoints", file: "test/e2e/checkpoint.e2e.test.ts", titles: "CHK10\\] inside a turn", about: "sandbox and folder destroyed at 20 random instants of a turn" },
  { name: "containers", file: "test/e2e/many-containers.e2e.test.ts", about: "20 containers at once, and with a limit of 8" },
];
