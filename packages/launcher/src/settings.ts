/** Settings of `npm start` by flag or variable. A flag wins over its variable. */
import { isAbsolute, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { isLoopback } from "../../../src/adapters/sandbox/modal/loopback.ts";
import { HOST_BACKENDS } from "../../../src/compose/host-backends.ts";
import { readAllowlist } from "../../../src/core/egress/allowlist.ts";
import { ROOT } from "./paths.ts";
import { UserError } from "./progress.ts";

export interface Settings {
  /** As they were given, for commands that are suggested. */
  readonly args: readonly string[];
  /** 0 picks a free port. */
  readonly port: number;
  /** Where people reach it by way of a proxy, without a slash at the end; null: at its own port, on this machine only. */
  readonly publicUrl: string | null;
  readonly dataDir: string;
  /** Backends in the order they are tried. */
  readonly sandboxBackends: readonly string[];
  /** Hosts that containers reach beside Berth, as the operator writes them. */
  readonly sandboxEgress: string;
  readonly trustAgent: boolean;
  /** Origins on this machine or network that the Worker may reach, exactly as written. */
  readonly allowOrigins: readonly string[];
  readonly demoModel: boolean;
  /** A PostgreSQL of one's own; null runs the embedded one. */
  readonly databaseUrl: string | null;
  readonly reset: boolean;
}

/** As flags and variables have them: backends that nobody chose are for the machine to say. */
export type GivenSettings = Omit<Settings, "sandboxBackends"> & { readonly sandboxBackends: readonly string[] | null };

export const USAGE = `Settings: --port N (PORT), --public-url URL (PUBLIC_URL), --data-dir DIR (DATA_DIR),
  --sandbox-backend NAMES (SANDBOX_BACKEND), --database-url URL (DATABASE_URL),
  --sandbox-egress HOSTS of containers (SANDBOX_EGRESS, comma-separated),
  --allow-origin URL, may be repeated (ALLOW_ORIGINS, comma-separated),
  --trust-agent (TRUST_AGENT=1), --no-demo-model (DEMO_MODEL=0), --reset`;

export function readSettings(args: readonly string[], env: NodeJS.ProcessEnv): GivenSettings {
  const values = parse(args);
  const port = Number(values.port ?? env.PORT ?? 8787);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new UserError(`--port (PORT) must be 0 to 65535, not "${values.port ?? env.PORT}".\n${USAGE}`);
  const dataDir = values["data-dir"] ?? env.DATA_DIR ?? join(ROOT, ".berth");
  const origins = values["allow-origin"] ?? (env.ALLOW_ORIGINS ?? "").split(",").filter((origin) => origin !== "");
  const publicUrl = checkPublicUrl(values["public-url"] ?? env.PUBLIC_URL ?? "");
  const sandboxBackends = checkBackends(values["sandbox-backend"] ?? env.SANDBOX_BACKEND ?? null);
  checkReach(sandboxBackends ?? [], publicUrl, env.MODAL_SERVER_URL ?? "");
  return {
    args,
    port,
    publicUrl,
    dataDir: isAbsolute(dataDir) ? dataDir : resolve(dataDir),
    sandboxBackends,
    sandboxEgress: checkEgress(values["sandbox-egress"] ?? env.SANDBOX_EGRESS ?? "default"),
    trustAgent: values["trust-agent"] ?? env.TRUST_AGENT === "1",
    allowOrigins: origins.map(checkOrigin),
    demoModel: !(values["no-demo-model"] ?? env.DEMO_MODEL === "0"),
    databaseUrl: values["database-url"] ?? env.DATABASE_URL ?? null,
    reset: values.reset ?? false,
  };
}

/** Sandboxes elsewhere dial Berth, and reach no address of this machine. */
function checkReach(backends: readonly string[], publicUrl: string | null, modalUrl: string): void {
  if (!backends.includes("modal") || isLoopback(URL.parse(modalUrl)?.hostname ?? "")) return;
  if (publicUrl !== null && !isLoopback(new URL(publicUrl).hostname)) return;
  throw new UserError(`--sandbox-backend (SANDBOX_BACKEND): sandboxes at Modal dial Berth, and cannot reach this machine by ${publicUrl ?? "its own address"}.\nSay where the internet reaches it:  --sandbox-backend modal --public-url https://berth.example.com`);
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        port: { type: "string" },
        "public-url": { type: "string" },
        "data-dir": { type: "string" },
        "sandbox-backend": { type: "string" },
        "sandbox-egress": { type: "string" },
        "allow-origin": { type: "string", multiple: true },
        "trust-agent": { type: "boolean" },
        "no-demo-model": { type: "boolean" },
        "database-url": { type: "string" },
        reset: { type: "boolean" },
      },
    }).values;
  } catch (error) {
    throw new UserError(`${(error as Error).message}\n${USAGE}`);
  }
}

function checkEgress(text: string): string {
  try {
    readAllowlist(text);
  } catch (error) {
    throw new UserError(`${(error as Error).message.replace("SANDBOX_EGRESS", "--sandbox-egress (SANDBOX_EGRESS)")}.`);
  }
  return text;
}

function checkOrigin(text: string): string {
  const origin = originIn(text);
  if (origin === null) throw new UserError(`--allow-origin (ALLOW_ORIGINS): "${text}" is not an origin. Write scheme, host and port only, for example http://127.0.0.1:11434`);
  return origin;
}

/** Berth is at the root of its host: the page, the API and the cookies know no folder above them. */
function checkPublicUrl(text: string): string | null {
  if (text === "") return null;
  const origin = originIn(text);
  if (origin === null) {
    throw new UserError(`--public-url (PUBLIC_URL) must be where people reach Berth, with scheme, host and port only, not "${text}".\nFor example:  --public-url https://berth.example.com`);
  }
  return origin;
}

/** Null for anything but scheme, host and port. */
function originIn(text: string): string | null {
  const url = URL.parse(text);
  const isOrigin = url !== null && /^https?:$/.test(url.protocol) && url.pathname === "/" && [url.search, url.hash, url.username, url.password].every((part) => part === "");
  return isOrigin ? url.origin : null;
}

function checkBackends(text: string | null): readonly string[] | null {
  if (text === null) return null;
  const names = text.split(",").map((name) => name.trim());
  const unknown = names.filter((name) => !HOST_BACKENDS.some((known) => known === name));
  if (unknown.length === 0) return names;
  throw new UserError(`--sandbox-backend (SANDBOX_BACKEND): there is no backend "${unknown.join('", "')}".\nName one or more of ${HOST_BACKENDS.join(", ")} in the order in which they are tried:  --sandbox-backend docker,process`);
}
