/**
 * `npm run conformance -- --url URL --key KEY`, or `--client FILE`, or `--sdk`: puts the questions, tells each answer, and
 * ends with a sum.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import type { ClientUnderTest } from "./client.ts";
import { CLIENT_CASES } from "./client-cases/all.ts";
import { demoDriver, scriptDriver } from "./driver.ts";
import { lacksOf, MAY_LACK } from "./needs.ts";
import type { Outcome, Runnable } from "./run.ts";
import { runClientCases } from "./run-client-cases.ts";
import { runServerCases } from "./run-server-cases.ts";
import { sdkClient } from "./sdk-client.ts";
import { SERVER_CASES } from "./server-cases/all.ts";
import type { ServerUnderTest } from "./venue.ts";

const USAGE = `npm run conformance -- --url URL --key KEY [options]     the questions to a server
npm run conformance -- --client FILE [options]           the questions to a client: FILE exports \`client\`
npm run conformance -- --sdk [options]                   the questions to @berth/sdk
  --driver demo|script   how the server is told what to stream; default demo
  --model NAME           of the sessions that are made; default that of the driver
  --session JSON         further fields of the sessions that are made, for example a workspace
  --sessions N           sessions at a time; default 3
  --events-held N        after so many events the server archives older ones; without it the archive is not asked about
  --other-key KEY        a key of another organization; without it nothing is asked with one
  --restart COMMAND      starts the server again, which keeps what it has stored; without it nothing is asked about restarts
  --lacks NAME           what the server does not have: ${MAY_LACK.join(", ")}; may be repeated
  --patience SECONDS     how long to wait for what should come; default 20
  --only TEXT            cases whose id or rules hold it; may be repeated
  --list                 names the cases and runs none
  --json                 one JSON document in place of lines`;

const OPTIONS = {
  url: { type: "string" },
  key: { type: "string" },
  client: { type: "string" },
  sdk: { type: "boolean" },
  driver: { type: "string" },
  model: { type: "string" },
  session: { type: "string" },
  sessions: { type: "string" },
  "events-held": { type: "string" },
  "other-key": { type: "string" },
  restart: { type: "string" },
  lacks: { type: "string", multiple: true },
  patience: { type: "string" },
  only: { type: "string", multiple: true },
  list: { type: "boolean" },
  json: { type: "boolean" },
} as const;

/**
 * @param keyOfEnvironment where no `--key` is given
 * @returns 0 when every case that was put passed, 2 when the arguments are not understood
 */
export async function run(args: readonly string[], keyOfEnvironment = ""): Promise<number> {
  const options = read(args);
  if (options === null) return 2;
  const wanted = <Case extends Runnable>(cases: readonly Case[]): Case[] => cases.filter(({ id, rules }) => options.only?.every((text) => id.includes(text) || rules.includes(text)) ?? true);
  const forServer = options.url !== undefined;
  const all: readonly Runnable[] = forServer || (options.list && !options.sdk && !options.client) ? SERVER_CASES : CLIENT_CASES;
  const cases = wanted(all);
  if (options.list) {
    for (const { id, rules, title } of cases) console.log(`${id.padEnd(34)} ${rules.join(" ").padEnd(14)} ${title}`);
    return 0;
  }
  const tell = options.json ? () => undefined : printLine;
  const outcomes = forServer
    ? await runServerCases(serverOf(options, keyOfEnvironment), { cases: wanted(SERVER_CASES), tell })
    : await runClientCases(await clientOf(options.client), { cases: wanted(CLIENT_CASES), patienceMs: patienceOf(options), tell });
  const lacking = forServer ? lacksOf(serverOf(options, keyOfEnvironment)) : [];
  const [passed, failed, leftOut] = (["passed", "failed", "left-out"] as const).map((status) => outcomes.filter((outcome) => outcome.status === status).length);
  if (options.json) console.log(JSON.stringify({ passed, failed, leftOut, lacking, outcomes }, null, 2));
  else {
    console.log(`\n${passed}/${(passed ?? 0) + (failed ?? 0)} passed${leftOut ? `, ${leftOut} left out` : ""}`);
    for (const { need, reason } of lacking) console.log(`  lacking ${need}: ${reason}`);
  }
  return failed === 0 ? 0 : 1;
}

type Options = NonNullable<ReturnType<typeof read>>;

const patienceOf = ({ patience = "20" }: Options): number => Number(patience) * 1000;

function serverOf(options: Options, keyOfEnvironment: string): ServerUnderTest {
  return {
    url: options.url ?? "",
    key: options.key ?? keyOfEnvironment,
    driver: options.driver === "script" ? scriptDriver(options.model ?? "reference/script") : { ...demoDriver, model: options.model ?? demoDriver.model },
    sessionsMax: Number(options.sessions ?? 3),
    ...(options.session === undefined ? {} : { session: JSON.parse(options.session) as Record<string, unknown> }),
    ...(options["events-held"] === undefined ? {} : { eventsHeld: Number(options["events-held"]) }),
    ...(options["other-key"] === undefined ? {} : { otherKey: options["other-key"] }),
    ...(options.restart === undefined ? {} : { restart: () => inShell(options.restart ?? "") }),
    lacks: options.lacks,
    patienceMs: patienceOf(options),
  };
}

async function inShell(command: string): Promise<void> {
  const [code] = (await once(spawn(command, { shell: true, stdio: "inherit" }), "exit")) as [number | null];
  if (code !== 0) throw new Error(`${command} ended with ${code}`);
}

function read(args: readonly string[]) {
  try {
    const { values } = parseArgs({ args: [...args], options: OPTIONS });
    const lacks = (values.lacks ?? []).map((name) => MAY_LACK.find((each) => each === name) ?? unknownLack(name));
    if (values.url !== undefined || values.client !== undefined || values.sdk || values.list) return { ...values, lacks };
    console.error(USAGE);
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
  }
  return null;
}

function unknownLack(name: string): never {
  throw new Error(`--lacks takes ${MAY_LACK.join(", ")}, and not ${name}`);
}

async function clientOf(file: string | undefined): Promise<ClientUnderTest> {
  if (file === undefined) return sdkClient;
  const { client } = (await import(pathToFileURL(resolve(file)).href)) as { client?: ClientUnderTest };
  if (!client) throw new Error(`${file} exports no \`client\``);
  return client;
}

const SIGNS = { passed: "✓", failed: "✗", "left-out": "–" } as const;

function printLine({ id, status, rules, title, reason, ms }: Outcome): void {
  console.log(`${SIGNS[status]} ${id}  ${rules.map((rule) => `[${rule}]`).join("")} ${title}${status === "passed" ? ` (${ms} ms)` : `\n    ${reason}`}`);
}
