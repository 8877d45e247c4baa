/**
 * The Worker as Cloudflare gets it, in the place of the launcher's own process: takes the same settings, runs the built
 * bundle in workerd with what wrangler reads out of `wrangler.jsonc`, and prints `{"listening": port}` when it answers.
 *
 * Not under `wrangler dev`: the proxy in front of its Worker ends the whole server when a client leaves in the middle of
 * an upload (workers-sdk issue 15203), which is what a sandbox does that is killed while it saves its work.
 */
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Log, LogLevel, Miniflare, type WorkerOptions } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { WebSocket } from "ws";
import { ROOT } from "../../packages/launcher/src/paths.ts";
import { readWorkerSettings, type WorkerSettings } from "../../packages/launcher/src/worker-settings.ts";

const settings = readWorkerSettings(process.env);
const folder = join(settings.statePath, "wrangler");
mkdirSync(folder, { recursive: true, mode: 0o700 });
const config = join(folder, "wrangler.json");
writeFileSync(config, JSON.stringify(configOf(settings), null, 2), { mode: 0o600 });

const { workerOptions } = unstable_getMiniflareWorkerOptions(config);
const worker = new Miniflare({
  ...(workerOptions as Partial<WorkerOptions>),
  modules: true,
  modulesRoot: dirname(settings.scriptPath),
  scriptPath: settings.scriptPath,
  host: "127.0.0.1",
  port: settings.port,
  cf: false,
  defaultPersistRoot: join(settings.statePath, "state"),
  inspectorPort: 0,
  log: new Log(LogLevel.INFO),
});
const url = await worker.ready;
await reportUncaught(await worker.getInspectorURL());
console.log(JSON.stringify({ listening: Number(url.port) }));

for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => void worker.dispose().then(() => process.exit(0)));

/** Prints what nobody caught in our Worker; Miniflare's own Workers beside it say the same of clients that leave. */
async function reportUncaught(inspector: URL): Promise<void> {
  const response = await fetch(`http://${inspector.host}/json`);
  const targets = (await response.json()) as readonly { readonly id: string; readonly webSocketDebuggerUrl: string }[];
  const ours = targets.find(({ id }) => id.startsWith("core:user:"));
  if (!ours) throw new Error(`workerd has no Worker of ours: ${targets.map(({ id }) => id).join(", ")}`);
  const socket = new WebSocket(ours.webSocketDebuggerUrl, { maxPayload: 1024 ** 3 });
  socket.on("message", (data: Buffer) => {
    const { method, params } = JSON.parse(data.toString("utf8")) as { readonly method?: string; readonly params?: { readonly exceptionDetails?: object } };
    if (method === "Runtime.exceptionThrown") console.error("UNCAUGHT", JSON.stringify(params?.exceptionDetails));
  });
  await once(socket, "open");
  socket.send(JSON.stringify({ id: 1, method: "Runtime.enable" }));
}

/** The project's own configuration, pointed at the built bundle and this machine's parts. */
function configOf({ scriptPath, assetsPath, databaseUrls, vars }: WorkerSettings): object {
  const { hyperdrive, assets, ...own } = readJsonc(join(ROOT, "wrangler.jsonc")) as {
    hyperdrive: readonly { readonly binding: string }[];
    assets: object;
    [field: string]: unknown;
  };
  const { $schema: _schema, alias: _alias, rules: _rules, ...kept } = own;
  // What the operator runs is reached by its address here: the way out of this workerd goes to this machine too.
  const { OPERATOR_ORIGINS: _origins, ...plainVars } = vars;
  return {
    ...kept,
    main: scriptPath,
    no_bundle: true,
    find_additional_modules: false,
    assets: { ...assets, directory: assetsPath },
    hyperdrive: hyperdrive.map((entry) => ({ ...entry, localConnectionString: entry.binding === "HYPERDRIVE_AUTH" ? databaseUrls.auth : databaseUrls.app })),
    vars: plainVars,
  };
}

/** JSON with whole-line comments, which is all that file uses. */
function readJsonc(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8").replace(/^\s*\/\/.*$/gm, ""));
}
