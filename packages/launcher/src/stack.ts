/**
 * One instance of Berth on this machine: PostgreSQL, demo model, sandbox host and Worker, each a supervised child.
 * Used by `npm start`, the journeys, the benchmarks and the end-to-end tests, so that they all meet the same thing.
 */
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { bringUpToDate } from "./bring-up-to-date.ts";
import { workerBundle, type WorkerTarget } from "./build.ts";
import { SupervisedChild, type ChildSpec } from "./child.ts";
import { instancePasswords, roleUrls } from "./database-roles.ts";
import { embeddedDatabase, embeddedUrl } from "./database-url.ts";
import { freePort } from "./free-port.ts";
import { endLeftovers } from "./leftovers.ts";
import { LocalState, masterKeysOf, type LocalSecrets } from "./local-state.ts";
import { CHAT_DIST, IMAGE_BUILD, ROOT, RUNTIME_BUNDLE } from "./paths.ts";
import { resetData } from "./reset-data.ts";
import { plainEnv } from "./plain-env.ts";
import { refuseTakenPort } from "./port-holder.ts";
import { step, UserError } from "./progress.ts";
import type { Settings } from "./settings.ts";
import { workerSettingsEnv, type OperatorOrigin } from "./worker-settings.ts";

export interface Stack {
  /** On this machine, whatever it is called elsewhere. */
  readonly url: string;
  /** As the owner of its tables. */
  readonly databaseUrl: string;
  readonly apiKey: string;
  readonly signInUrl: string;
  /** Pids by name: `worker`, `sandbox-host`, `demo-model`, `database`; for tests that kill them. */
  pids(): Record<string, number | null>;
  /** Ends one part by name and starts it again on the same port. */
  restart(name: string): Promise<void>;
  stop(): Promise<void>;
}

/** What tests and benchmarks put in the place of the usual parts. */
export interface StackParts {
  /** Which build of the Worker runs. Default: the composition for one machine. */
  readonly workerTarget?: WorkerTarget;
  /** The program that runs the Worker by its settings. Default: Miniflare. */
  readonly workerProgram?: string;
  /** A sandbox host that runs already and knows this data folder's secret. Default: one is started. */
  readonly sandboxHostUrl?: string;
  /** Backends that are on another host, by name → its address; they are named in the settings too. */
  readonly sandboxHosts?: Readonly<Record<string, string>>;
  /** Variables of the Worker in the place of its own. */
  readonly vars?: Readonly<Record<string, string>>;
  /** Variables of the sandbox host beside its own. */
  readonly hostVars?: Readonly<Record<string, string>>;
  /** Where workerd can be looked into, on the loopback address. Default: nowhere. */
  readonly inspectorPort?: number;
  /** Aborted while it starts, what was started ends again. */
  readonly signal?: AbortSignal;
}

const NODE = [process.execPath, "--disable-warning=ExperimentalWarning"] as const;
/**
 * Model servers people run on their own machine, offered when found: Ollama, LM Studio, llama.cpp. As the machine's folders and keys
 * they are for who has the machine: where others sign in too, and administer organizations of their own, none of it is offered.
 */
const LOCAL_MODEL_ORIGINS = ["http://127.0.0.1:11434", "http://127.0.0.1:1234", "http://127.0.0.1:8080"];

export async function startStack(settings: Settings, parts: StackParts = {}): Promise<Stack> {
  const state = new LocalState(settings.dataDir);
  const secrets = await takeFolder(state, settings);
  const started: SupervisedChild[] = [];
  const supervise = async (title: string, spec: ChildSpec): Promise<SupervisedChild> => {
    parts.signal?.throwIfAborted();
    const child = new SupervisedChild(spec, state);
    started.push(child);
    await step(title, () => child.start());
    return child;
  };
  let stopping: Promise<void> | null = null;
  const stop = (): Promise<void> => (stopping ??= stopChildren(state, started));
  const abort = (): void => void stop();
  parts.signal?.addEventListener("abort", abort);

  try {
    const databaseUrl = settings.databaseUrl ?? (await startDatabase(state, secrets.postgresPassword, started));
    const passwords = instancePasswords(secrets);
    await step("Bringing the database up to date", () => bringUpToDate(databaseUrl, passwords));

    const hostPort = await freePort();
    const demoPort = await freePort();
    const workerPort = settings.port === 0 ? await freePort() : settings.port;
    const demo = settings.demoModel
      ? await supervise("Starting the demo model", {
          name: "demo-model",
          command: [...NODE, join(ROOT, "packages", "demo-model", "src", "main.ts")],
          env: () => ({ ...plainEnv(), PORT: String(demoPort) }),
          readyTimeoutMs: 15_000,
          endsWithTree: true,
        })
      : null;

    const { sandboxHosts = {} } = parts;
    const ownBackends = settings.sandboxBackends.filter((backend) => !(backend in sandboxHosts));
    const hostUrl = parts.sandboxHostUrl ?? (await startHost({ ...settings, sandboxBackends: ownBackends }, hostPort, secrets.sandboxHostSecret, supervise, parts.hostVars));
    const url = `http://127.0.0.1:${workerPort}`;
    const origins = operatorOrigins([
      hostUrl,
      ...Object.values(sandboxHosts),
      ...(demo ? [`http://127.0.0.1:${demo.port}`] : []),
      ...(settings.publicUrl === null ? LOCAL_MODEL_ORIGINS : []),
      ...serverOrigins({ ...process.env, ...parts.vars }),
      ...settings.allowOrigins,
    ]);
    await supervise("Starting the Worker", {
      name: "worker",
      command: [...NODE, parts.workerProgram ?? join(ROOT, "packages", "launcher", "src", "worker-process.ts")],
      env: () => ({
        ...plainEnv(),
        ...workerSettingsEnv({
          scriptPath: workerBundle(parts.workerTarget ?? "local"),
          assetsPath: copyOfPage(settings.dataDir),
          statePath: join(settings.dataDir, "worker"),
          port: workerPort,
          databaseUrls: roleUrls(databaseUrl, passwords),
          operatorOrigins: origins,
          ...(parts.inspectorPort !== undefined && { inspectorPort: parts.inspectorPort }),
          vars: {
            PUBLIC_URL: settings.publicUrl ?? url,
            // Sandboxes elsewhere come by the address that everybody comes by.
            SANDBOX_URL: settings.sandboxBackends.includes("modal") ? (settings.publicUrl ?? url) : url,
            SANDBOX_HOST_URL: hostUrl,
            SANDBOX_HOSTS: JSON.stringify(sandboxHosts),
            SANDBOX_BACKENDS: settings.sandboxBackends.join(","),
            SANDBOX_HOST_SECRET: secrets.sandboxHostSecret,
            MASTER_KEYS: masterKeysOf(secrets),
            AUTH_SECRET: secrets.authSecret,
            OPERATOR_TOKEN: secrets.operatorToken,
            OPERATOR_ORIGINS: JSON.stringify(Object.fromEntries(origins.map(({ origin, binding }) => [origin, binding]))),
            DEMO_MODEL_URL: demo ? `http://127.0.0.1:${demo.port}` : "",
            // Browsers take every name below it for this machine.
            ...(settings.publicUrl === null && { WORKSPACE_DOMAIN: "localhost" }),
            LOCAL_MACHINE: settings.publicUrl === null ? "1" : "0",
            ...passedOn(process.env),
            ...parts.vars,
          },
        }),
      }),
      readyTimeoutMs: 30_000,
      endsWithTree: true,
    });

    const { apiKey, signInUrl } = await bootstrap(url, secrets.operatorToken, secrets.apiKey);
    if (apiKey !== secrets.apiKey) state.saveSecrets({ ...secrets, apiKey });
    parts.signal?.throwIfAborted();
    state.announce({ url, ending: false });
    const pids = (): Record<string, number | null> =>
      Object.fromEntries(started.map((child) => [child.name, child.pid]));
    const restart = async (name: string): Promise<void> => started.find((child) => child.name === name)?.restart();
    return { url, databaseUrl, apiKey, signInUrl, pids, restart, stop };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    parts.signal?.removeEventListener("abort", abort);
  }
}

/** The folder is this process's from here on: nothing of an earlier start runs in it, and the port is free. */
async function takeFolder(state: LocalState, settings: Settings): Promise<LocalSecrets> {
  state.prepareFolder();
  const known = settings.reset ? null : state.knownSecrets();
  await state.lock(known === null ? undefined : async (url) => (await bootstrap(url, known.operatorToken, known.apiKey)).signInUrl);
  try {
    await endLeftovers(state);
    await refuseTakenPort(settings);
    if (settings.reset) resetData(settings.dataDir, { secrets: true });
    return state.secrets();
  } catch (error) {
    state.unlock();
    throw error;
  }
}

async function stopChildren(state: LocalState, started: readonly SupervisedChild[]): Promise<void> {
  state.announce({ url: null, ending: true });
  for (const child of started.toReversed()) await child.stop();
  state.unlock();
}

type Supervise = (title: string, spec: ChildSpec) => Promise<SupervisedChild>;

async function startDatabase(state: LocalState, password: string, started: SupervisedChild[]): Promise<string> {
  const port = await freePort();
  const child = embeddedDatabase(state, password, port);
  started.push(child);
  await step("Starting PostgreSQL", () => child.start());
  return embeddedUrl({ postgresPassword: password }, port);
}

/** @returns its address */
async function startHost(settings: Settings, port: number, secret: string, supervise: Supervise, vars: Readonly<Record<string, string>> = {}): Promise<string> {
  const host = await supervise("Starting the sandbox host", {
    name: "sandbox-host",
    command: [...NODE, join(ROOT, "packages", "sandbox-host", "src", "main.ts")],
    // The host looks for model keys on this machine, so it gets the whole environment; sandboxes get none of it.
    env: () => ({
      ...(process.env as Record<string, string>),
      PORT: String(port),
      DATA_DIR: settings.dataDir,
      SANDBOX_HOST_SECRET: secret,
      SANDBOX_BACKENDS: settings.sandboxBackends.join(","),
      SANDBOX_EGRESS: settings.sandboxEgress,
      TRUST_AGENT: settings.trustAgent ? "1" : "0",
      RUNTIME_PATH: RUNTIME_BUNDLE,
      NODE_PATH_IN_SANDBOX: process.execPath,
      SANDBOX_IMAGE_BUILD: IMAGE_BUILD,
      STOP_SANDBOXES_ON_EXIT: "1",
      ...vars,
    }),
    readyTimeoutMs: 20_000,
    endsWithTree: false,
  });
  return `http://127.0.0.1:${host.port}`;
}

function operatorOrigins(origins: readonly string[]): OperatorOrigin[] {
  return [...new Set(origins)].map((origin, index) => ({ origin, binding: `OPERATOR_${index}` }));
}

async function bootstrap(url: string, operatorToken: string, knownKey: string | null): Promise<{ apiKey: string; signInUrl: string }> {
  const response = await fetch(`${url}/internal/bootstrap`, {
    method: "POST",
    headers: { authorization: `Bearer ${operatorToken}`, "content-type": "application/json" },
    body: JSON.stringify({ apiKey: knownKey === null ? "create" : "keep" }),
  });
  const body = (await response.json()) as { apiKey?: string; signInUrl?: string; detail?: string };
  if (!response.ok || !body.signInUrl) throw new UserError(`The first sign-in could not be prepared: ${body.detail ?? response.status}`);
  return { apiKey: body.apiKey ?? knownKey ?? "", signInUrl: body.signInUrl };
}

/** How people come to have accounts, what carries calls to models and where secrets are is the operator's to say, on one machine too. */
const PASSED_ON = [
  ...["SIGN_UP_ALLOW", "MAIL_FROM", "GITHUB_CLIENT_ID", "GITHUB_CLIENT_SECRET", "GITHUB_URL", "GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET", "GOOGLE_ISSUER"],
  ...["MODEL_GATEWAY", "MODEL_GATEWAY_KEYS", "LITELLM_URL", "LITELLM_KEY", "BIFROST_URL", "BIFROST_KEY"],
  ...["CLIENT_ADDRESS_HEADER", "WORKSPACE_DOMAIN", "LOCAL_MACHINE", "MACHINE_ORGANIZATIONS"],
  ...["SECRET_VAULT", "OP_CONNECT_HOST", "OP_CONNECT_TOKEN", "OP_CONNECT_VAULT"],
];

/** What the operator chose and runs on their own machine or network is reached by its origin; what is merely named is not. */
function serverOrigins({ MODEL_GATEWAY, SECRET_VAULT, LITELLM_URL, BIFROST_URL, OP_CONNECT_HOST }: NodeJS.ProcessEnv): string[] {
  const chosen = [MODEL_GATEWAY === "litellm" && LITELLM_URL, MODEL_GATEWAY === "bifrost" && BIFROST_URL, SECRET_VAULT === "onepassword" && OP_CONNECT_HOST];
  return chosen.flatMap((url) => URL.parse(url || "")?.origin ?? []);
}

function passedOn(env: NodeJS.ProcessEnv): Record<string, string> {
  // Who gives each sandbox more lets an environment ask for as much.
  const most = { SANDBOX_MEMORY_MB_MAX: env["SANDBOX_MEMORY_MB_MAX"] || env["SANDBOX_MEMORY_MB"], SANDBOX_CPUS_MAX: env["SANDBOX_CPUS_MAX"] || env["SANDBOX_CPUS"] };
  const named = { ...Object.fromEntries(PASSED_ON.map((name) => [name, env[name]])), ...most };
  return Object.fromEntries(Object.entries(named).flatMap(([name, value]) => (value ? [[name, value]] : [])));
}

/** workerd lists the page's files when it starts: a build beside a running instance must not take them away. */
function copyOfPage(dataDir: string): string {
  const copy = join(dataDir, "page");
  rmSync(copy, { recursive: true, force: true });
  cpSync(CHAT_DIST, copy, { recursive: true, filter: (file) => !file.endsWith(".built") });
  return copy;
}
