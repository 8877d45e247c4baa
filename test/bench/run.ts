/**
 * `npm run bench [-- --only PREFIX …] [--json] [--write] [--profile FOLDER]`: Berth's own figures with their bounds, each
 * the median of its runs on instances started for it. `--json` prints one array of `{id, value, unit, bound?, kept, runs,
 * note?}`; `--write` puts them into docs/BENCHMARKS.md, each in its own line there; `--profile` writes CPU profiles of workerd, which costs time, so that its figures are for nothing else.
 */
import { mkdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { step, UserError } from "../../packages/launcher/src/progress.ts";
import { Bench, type Group } from "./bench.ts";
import { broker } from "./rows/broker.ts";
import { disk } from "./rows/disk.ts";
import { fanoutBurst } from "./rows/fanout-burst.ts";
import { fanoutPaced } from "./rows/fanout-paced.ts";
import { firstDelta } from "./rows/first-delta.ts";
import { lag } from "./rows/lag.ts";
import { longLog } from "./rows/long-log.ts";
import { busy, idle } from "./rows/many-sessions.ts";
import { platform } from "./rows/platform.ts";
import { prompt } from "./rows/prompt.ts";
import { restore } from "./rows/restore.ts";
import { sessionCreate } from "./rows/session-create.ts";
import { start } from "./rows/start.ts";
import { tenantTiming } from "./rows/tenant-timing.ts";
import { turn } from "./rows/turn.ts";
import { warm } from "./rows/warm.ts";
import { isKept, type Row } from "./row.ts";
import { table } from "./table.ts";
import { writeRows } from "./write-rows.ts";

const GROUPS: readonly Group[] = [disk, fanoutBurst, fanoutPaced, lag, prompt, sessionCreate, tenantTiming, busy, longLog, idle, broker, start, turn, warm, restore, platform, firstDelta];

interface Options {
  /** Ids, or their beginnings; none for all. */
  readonly only: readonly string[];
  readonly json: boolean;
  readonly write: boolean;
  readonly profile: string | null;
}

/** @returns 0 when everything was measured, whatever came out */
export async function run(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  // The whole id of one row is no prefix: `….cpu.1` is not `….cpu.10`.
  const isWhole = (only: string): boolean => GROUPS.some(({ ids }) => ids.includes(only));
  const wants = (id: string): boolean => options.only.length === 0 || options.only.some((only) => (isWhole(only) ? id === only : id.startsWith(only)));
  const groups = GROUPS.filter(({ ids, onDemand }) => ids.some(wants) && (!onDemand || options.only.length > 0));
  if (groups.length === 0) throw new UserError(`Nothing is measured under "${options.only.join(", ")}". There are: ${GROUPS.flatMap(({ ids }) => ids).join(", ")}`);
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, interrupt);
  const bench = new Bench(interrupted.signal, options.profile);
  const rows: Row[] = [];
  try {
    for (const group of groups) {
      rows.push(...(await step(`Measuring ${group.ids.filter(wants).join(", ")}`, () => group.run(bench, wants))));
    }
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    return 130;
  } finally {
    await bench.close();
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, interrupt);
  }
  if (options.write) writeRows(rows);
  console.log(options.json ? JSON.stringify(rows.map((row) => ({ ...row, kept: isKept(row) })), null, 2) : table(rows));
  return 0;
}

function readOptions(args: readonly string[]): Options {
  try {
    const flag = { type: "boolean" } as const;
    const text = { type: "string" } as const;
    const { only = [], json = false, write = false, profile = null } = parseArgs({ args: [...args], options: { only: { ...text, multiple: true }, json: flag, write: flag, profile: text } }).values;
    if (profile !== null) mkdirSync(profile, { recursive: true });
    return { only, json, write, profile };
  } catch (error) {
    throw new UserError(`${(error as Error).message}\nnpm run bench -- [--only PREFIX]… [--json] [--write] [--profile FOLDER]`);
  }
}
