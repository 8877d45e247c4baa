/** Settings of `npm start` by flag or variable. A flag wins over its variable. */
import { isAbsolute, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { ROOT } from "./paths.ts";
import { UserError } from "./progress.ts";

export interface Settings {
  /** 0 picks a free port. */
  readonly port: number;
  readonly dataDir: string;
  /** Backends in the order they are tried. */
  readonly sandboxBackends: readonly string[];
  readonly trustAgent: boolean;
  /** Origins on this machine or network that the Worker may reach, exactly as written. */
  readonly allowOrigins: readonly string[];
  readonly demoModel: boolean;
  /** A PostgreSQL of one's own; null runs the embedded one. */
  readonly databaseUrl: string | null;
  readonly reset: boolean;
}

const USAGE = `Settings: --port N (PORT), --data-dir DIR (DATA_DIR), --sandbox-backend NAMES (SANDBOX_BACKEND),
  --allow-origin URL, may be repeated (ALLOW_ORIGINS, comma-separated), --database-url URL (DATABASE_URL),
  --trust-agent (TRUST_AGENT=1), --no-demo-model (DEMO_MODEL=0), --reset`;

export function readSettings(args: readonly string[], env: NodeJS.ProcessEnv): Settings {
  const values = parse(args);
  const port = Number(values.port ?? env.PORT ?? 8787);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new UserError(`PORT must be 0 to 65535, not "${values.port ?? env.PORT}".\n${USAGE}`);
  const dataDir = values["data-dir"] ?? env.DATA_DIR ?? join(ROOT, ".berth");
  const origins = values["allow-origin"] ?? (env.ALLOW_ORIGINS ?? "").split(",").filter((origin) => origin !== "");
  return {
    port,
    dataDir: isAbsolute(dataDir) ? dataDir : resolve(dataDir),
    sandboxBackends: (values["sandbox-backend"] ?? env.SANDBOX_BACKEND ?? "process").split(","),
    trustAgent: values["trust-agent"] ?? env.TRUST_AGENT === "1",
    allowOrigins: origins.map(checkOrigin),
    demoModel: !(values["no-demo-model"] ?? env.DEMO_MODEL === "0"),
    databaseUrl: values["database-url"] ?? env.DATABASE_URL ?? null,
    reset: values.reset ?? false,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        port: { type: "string" },
        "data-dir": { type: "string" },
        "sandbox-backend": { type: "string" },
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

function checkOrigin(text: string): string {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol) || url.pathname !== "/" || url.search !== "") {
    throw new UserError(`"${text}" is not an origin. Write scheme, host and port only, for example http://127.0.0.1:11434`);
  }
  return url.origin;
}
