/**
 * The Worker on one machine: workerd through Miniflare with its state on disk. Settings come as one JSON argument by
 * variable, since they hold secrets. Prints `{"listening": port}` when it answers, and ends when workerd ends, so that
 * its supervisor starts both again.
 */
import { Miniflare } from "miniflare";
import { readWorkerSettings } from "./worker-settings.ts";

/** As `src/worker.ts` exports it. */
const DIRECT = "direct";

const settings = readWorkerSettings(process.env);

const worker = new Miniflare({
  modules: true,
  scriptPath: settings.scriptPath,
  modulesRules: [{ type: "ESModule", include: ["**/*.js"] }],
  compatibilityDate: "2026-07-01",
  compatibilityFlags: ["nodejs_compat", "enable_request_signal"],
  host: "127.0.0.1",
  // Straight to our Worker. The front that Miniflare has for itself, with its port chosen by the system, and the one that it
  // has for assets are three Workers in a row, which every request and every socket would pass.
  unsafeDirectSockets: [{ host: "127.0.0.1", port: settings.port, entrypoint: DIRECT }],
  ...(settings.inspectorPort !== undefined && { inspectorPort: settings.inspectorPort }),
  bindings: { ...settings.vars },
  durableObjects: {
    SESSIONS: { className: "SessionDO", useSQLite: true },
    WORKSPACES: { className: "WorkspaceDO", useSQLite: true },
    ORG_EVENTS: { className: "OrgEventsDO", useSQLite: true },
    ORG_LEDGER: { className: "OrgLedgerDO", useSQLite: true },
    PG_POOL: { className: "PgPoolDO", useSQLite: true },
  },
  durableObjectsPersist: settings.statePath,
  r2Buckets: ["BLOBS"],
  r2Persist: `${settings.statePath}/blobs`,
  hyperdrives: { HYPERDRIVE: settings.databaseUrls.app, HYPERDRIVE_AUTH: settings.databaseUrls.auth },
  assets: {
    directory: settings.assetsPath,
    binding: "ASSETS",
    routerConfig: { has_user_worker: true, invoke_user_worker_ahead_of_assets: true },
    assetConfig: { not_found_handling: "single-page-application" },
  },
  serviceBindings: Object.fromEntries(
    settings.operatorOrigins.map(({ binding, origin }) => {
      const url = new URL(origin);
      const address = `${url.hostname}:${url.port || (url.protocol === "https:" ? 443 : 80)}`;
      const options = url.protocol === "https:" ? { https: { options: {}, tlsOptions: { trustBrowserCas: true } } } : { http: {} };
      return [binding, { external: { address, ...options } }];
    }),
  ),
  // A user's own URL may not reach inside; what the operator runs is a named binding above.
  outboundService: { network: { allow: ["public"] } },
});

await worker.ready;
const url = await worker.unsafeGetDirectURL(undefined, DIRECT);
console.log(JSON.stringify({ listening: Number(url.port) }));

const stop = async (): Promise<void> => {
  clearInterval(watch);
  await worker.dispose();
  process.exit(0);
};
process.on("SIGTERM", () => void stop());
process.on("SIGINT", () => void stop());

/** Miniflare does not say when workerd is gone; a refused connection does. A slow answer is not taken for an end. */
const watch = setInterval(async () => {
  try {
    await fetch(new URL("/health", url), { signal: AbortSignal.timeout(2_000) });
  } catch (error) {
    const code = ((error as Error).cause as { code?: string } | undefined)?.code;
    if (code === "ECONNREFUSED") process.exit(1);
  }
}, 500);
