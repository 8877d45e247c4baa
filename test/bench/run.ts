/**
 * `npm run bench [-- --only PREFIX] [--json]`: Berth's own figures, each on instances started for it, with those of others
 * beside them. `--json` prints one array of `{id, value, unit, bound?, note?}`.
 */
import { parseArgs } from "node:util";
import { step, UserError } from "../../packages/launcher/src/progress.ts";
import { Bench, type Group } from "./bench.ts";
import { burstCpu } from "./rows/burst-cpu.ts";
import { eventViewer } from "./rows/event-viewer.ts";
import { firstDelta } from "./rows/first-delta.ts";
import { promptRuntime } from "./rows/prompt-runtime.ts";
import { sessionCreate } from "./rows/session-create.ts";
import { start } from "./rows/start.ts";
import { turn } from "./rows/turn.ts";
import type { Row } from "./row.ts";
import { table } from "./table.ts";

const GROUPS: readonly Group[] = [start, turn, sessionCreate, promptRuntime, eventViewer, burstCpu, firstDelta];

/** @returns 0 when everything was measured, whatever came out */
export async function run(args: readonly string[]): Promise<number> {
  const { only, json } = readOptions(args);
  const groups = GROUPS.filter(({ ids, onDemand }) => ids.some((id) => id.startsWith(only) || only.startsWith(id)) && (!onDemand || only !== ""));
  if (groups.length === 0) throw new UserError(`Nothing is measured under "${only}". There are: ${GROUPS.flatMap(({ ids }) => ids).join(", ")}`);
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, interrupt);
  const bench = new Bench(interrupted.signal);
  const rows: Row[] = [];
  try {
    for (const group of groups) {
      rows.push(...(await step(`Measuring ${group.ids.join(", ")}`, () => group.run(bench))).filter(({ id }) => id.startsWith(only)));
    }
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    return 130;
  } finally {
    await bench.close();
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, interrupt);
  }
  console.log(json ? JSON.stringify(rows, null, 2) : table(rows));
  return 0;
}

function readOptions(args: readonly string[]): { readonly only: string; readonly json: boolean } {
  try {
    const { only = "", json = false } = parseArgs({ args: [...args], options: { only: { type: "string" }, json: { type: "boolean" } } }).values;
    return { only, json };
  } catch (error) {
    throw new UserError(`${(error as Error).message}\nnpm run bench -- [--only PREFIX] [--json]`);
  }
}
