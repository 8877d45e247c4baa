/**
 * `npm run journey [-- --url URL --key KEY] [--only NAME] [--production] [--sandbox-backend NAMES] [--json]`: a person's first hour with Berth, by the
 * SDK alone, with a real agent. Without `--url` it starts an instance of its own and leaves nothing of it.
 */
import { parseArgs } from "node:util";
import { UserError } from "../../packages/launcher/src/progress.ts";
import { runCheck, type Check, type CheckResult } from "./check.ts";
import { CHECKS } from "./checks/all.ts";
import { startOwnInstance, type OwnInstance } from "./instance.ts";
import { startProductionInstance } from "./production.ts";
import { Report } from "./report.ts";
import { World } from "./world.ts";

const USAGE = `npm run journey -- [--url URL --key KEY] [--only NAME, may be repeated] [--production] [--sandbox-backend NAMES] [--json]
  --url         an instance that runs already; the key may come as BERTH_API_KEY
  --production  the composition for Cloudflare, on a PostgreSQL of its own
  --sandbox-backend  of the instance of its own: process (the usual one), docker
  --only        one of: ${CHECKS.map(({ name }) => name).join(", ")}`;

/** @returns 0 when every check passed */
export async function run(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  const report = new Report({ quiet: options.json });
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, interrupt);
  let own: OwnInstance | null = null;
  try {
    const { signal } = interrupted;
    if (options.url === null) own = options.production ? await startProductionInstance(signal) : await startOwnInstance("local", () => ({ signal }), options);
    const url = options.url ?? own?.stack.url ?? "";
    const results = await journey({ url, apiKey: own?.stack.apiKey ?? options.key, checks: options.checks, report, stopped: signal });
    if (options.json) console.log(JSON.stringify({ url, passed: results.filter(({ ok }) => ok).length, total: results.length, checks: results }, null, 2));
    return signal.aborted ? 130 : results.every(({ ok }) => ok) ? 0 : 1;
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    return 130;
  } finally {
    await own?.stop();
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, interrupt);
  }
}

export interface JourneyInput {
  readonly url: string;
  readonly apiKey: string;
  readonly checks?: readonly Check[];
  readonly report?: Report;
  readonly stopped?: AbortSignal;
}

/** The checks, one after the other, against an instance that runs. */
export async function journey(input: JourneyInput): Promise<CheckResult[]> {
  const { url, apiKey, checks = CHECKS, report = new Report({ quiet: true }), stopped = new AbortController().signal } = input;
  const startedAt = performance.now();
  const world = new World(url, apiKey);
  const { version, demoModel } = await world.berth.health();
  if (!demoModel) throw new UserError("The journey needs the demo model, which this instance runs without. Start it without --no-demo-model.");
  report.begin(`${url} · version ${version}`);
  const results: CheckResult[] = [];
  try {
    for (const check of checks) {
      if (stopped.aborted) break;
      report.running(check.title);
      const result = await runCheck(check, world, stopped);
      report.check(result);
      results.push(result);
    }
  } finally {
    await world.close();
  }
  report.end(results, performance.now() - startedAt);
  return results;
}

interface Options {
  readonly url: string | null;
  readonly key: string;
  readonly checks: readonly Check[];
  readonly production: boolean;
  readonly sandboxBackends: readonly string[];
  readonly json: boolean;
}

function readOptions(args: readonly string[]): Options {
  const values = parse(args);
  const url = values.url ?? null;
  const key = values.key ?? process.env["BERTH_API_KEY"] ?? "";
  if (url !== null && key === "") throw new UserError(`--url needs --key: an API key of that instance.\n${USAGE}`);
  const names = values.only ?? CHECKS.map(({ name }) => name);
  const unknown = names.find((name) => !CHECKS.some((check) => check.name === name));
  if (unknown !== undefined) throw new UserError(`There is no check "${unknown}".\n${USAGE}`);
  return {
    url,
    key,
    checks: CHECKS.filter(({ name }) => names.includes(name)),
    production: values.production ?? false,
    sandboxBackends: (values["sandbox-backend"] ?? "process").split(","),
    json: values.json ?? false,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        url: { type: "string" },
        key: { type: "string" },
        only: { type: "string", multiple: true },
        production: { type: "boolean" },
        "sandbox-backend": { type: "string" },
        json: { type: "boolean" },
      },
    }).values;
  } catch (error) {
    throw new UserError(`${(error as Error).message}\n${USAGE}`);
  }
}
