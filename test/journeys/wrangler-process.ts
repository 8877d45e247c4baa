/**
 * The Worker under `wrangler dev`, in the place of the launcher's own process: takes the same settings, runs the built
 * bundle as it is with the bindings of `wrangler.jsonc`, prints `{"listening": port}` when it answers.
 */
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ROOT } from "../../packages/launcher/src/paths.ts";
import { readWorkerSettings, type WorkerSettings } from "../../packages/launcher/src/worker-settings.ts";

const POLL_MS = 100;
/** It looks for nothing on the network: no metrics, no sample request, no newer version of itself. */
const OFFLINE = { WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false", npm_config_registry: "http://127.0.0.1:9" };

const settings = readWorkerSettings(process.env);
const folder = join(settings.statePath, "wrangler");
mkdirSync(folder, { recursive: true, mode: 0o700 });
// Copies, since wrangler starts the Worker anew whenever one of them changes, as at the next build.
const bundle = join(folder, "worker.js");
const page = join(folder, "page");
cpSync(settings.scriptPath, bundle);
cpSync(settings.assetsPath, page, { recursive: true });
const config = join(folder, "wrangler.json");
writeFileSync(config, JSON.stringify(configOf(settings), null, 2), { mode: 0o600 });

const wrangler = join(ROOT, "node_modules", "wrangler", "bin", "wrangler.js");
const child = spawn(
  process.execPath,
  [
    wrangler,
    "dev",
    ...["--config", config],
    ...["--ip", "127.0.0.1", "--port", String(settings.port), "--inspector-port", "0"],
    ...["--persist-to", join(settings.statePath, "state")],
    ...["--show-interactive-dev-session", "false"],
  ],
  {
    cwd: folder,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, ...OFFLINE, CI: "true", NO_COLOR: "1", HOME: folder },
  },
);
let ended = false;
child.on("exit", (code) => {
  ended = true;
  process.exit(code ?? 1);
});
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => child.kill(signal));

while (!ended && !(await answers())) await delay(POLL_MS);
if (!ended) console.log(JSON.stringify({ listening: settings.port }));

async function answers(): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${settings.port}/health`, { signal: AbortSignal.timeout(2_000) });
    return response.ok;
  } catch {
    return false;
  }
}

/** The project's own configuration, pointed at the built bundle and this machine's parts. */
function configOf({ databaseUrl, vars }: WorkerSettings): object {
  const { hyperdrive, assets, ...own } = readJsonc(join(ROOT, "wrangler.jsonc")) as {
    hyperdrive: readonly object[];
    assets: object;
    [field: string]: unknown;
  };
  const { $schema: _schema, alias: _alias, rules: _rules, ...kept } = own;
  // What the operator runs is reached by its address here: wrangler's own way out goes to this machine too.
  const { OPERATOR_ORIGINS: _origins, ...plainVars } = vars;
  return {
    ...kept,
    main: bundle,
    no_bundle: true,
    find_additional_modules: false,
    assets: { ...assets, directory: page },
    hyperdrive: hyperdrive.map((entry) => ({ ...entry, localConnectionString: databaseUrl })),
    vars: plainVars,
  };
}

/** JSON with whole-line comments, which is all that file uses. */
function readJsonc(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8").replace(/^\s*\/\/.*$/gm, ""));
}
