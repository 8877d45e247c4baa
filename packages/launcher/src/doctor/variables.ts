/** The doctor on `.dev.vars`, which `wrangler dev` reads: against the schema of the Worker's variables. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { readMasterKeys, WorkerVars } from "../../../../src/compose/env.ts";
import { bad, info, ok, type Finding } from "./finding.ts";

/** Shell text that makes a right value. In `.dev.vars` the last line of a name wins, so adding one also mends a wrong one. */
const VALUES: Readonly<Record<keyof WorkerVars, string>> = {
  PUBLIC_URL: "http://127.0.0.1:8787",
  WORKSPACE_DOMAIN: "localhost",
  SANDBOX_URL: "http://127.0.0.1:8787",
  SANDBOX_HOST_URL: "http://127.0.0.1:8788",
  SANDBOX_HOST_SECRET: "$(openssl rand -hex 32)",
  SANDBOX_HOSTS: "{}",
  SANDBOX_BACKENDS: "process",
  MASTER_KEYS: "1:$(openssl rand -base64 32)",
  AUTH_SECRET: "$(openssl rand -hex 32)",
  SIGN_UP_ALLOW: "",
  MAIL_FROM: "Berth <berth@example.com>",
  GITHUB_CLIENT_ID: "Iv1.example",
  GITHUB_CLIENT_SECRET: "example-github-client-secret",
  GITHUB_URL: "https://github.com",
  GOOGLE_CLIENT_ID: "example.apps.googleusercontent.com",
  GOOGLE_CLIENT_SECRET: "example-google-client-secret",
  GOOGLE_ISSUER: "https://accounts.google.com",
  OPERATOR_TOKEN: "$(openssl rand -hex 32)",
  OPERATOR_ORIGINS: "{}",
  SANDBOX_MEMORY_MB_MAX: "4096",
  SANDBOX_CPUS_MAX: "2",
  RATE_LIMIT_PER_MINUTE: "6000",
  CLIENT_ADDRESS_HEADER: "cf-connecting-ip",
  DEMO_MODEL_URL: "",
  MODEL_GATEWAY: "direct",
  MODEL_GATEWAY_KEYS: "strip",
  LITELLM_URL: "http://127.0.0.1:4000",
  LITELLM_KEY: "example-litellm-key",
  BIFROST_URL: "http://127.0.0.1:8080",
  BIFROST_KEY: "sk-bf-example",
  SECRET_VAULT: "postgres",
  OP_CONNECT_HOST: "http://127.0.0.1:8080",
  OP_CONNECT_TOKEN: "example-connect-token",
  OP_CONNECT_VAULT: "abcdefghijklmnopqrstuvwxyz",
  LOCAL_MACHINE: "0",
  MACHINE_ORGANIZATIONS: "example-organization-id",
};

export function checkVariables(root: string): readonly Finding[] {
  const path = join(root, ".dev.vars");
  if (!existsSync(path)) return [info("Variables", "no .dev.vars; only `wrangler dev` needs one")];
  const values = parseEnv(readFileSync(path, "utf8"));
  const findings = [...unknownNames(values), ...wrongValues(values), ...unknownCallers(values)];
  return findings.length === 0 ? [ok("Variables", ".dev.vars is as the schema says")] : findings;
}

function unknownNames(values: NodeJS.Dict<string>): readonly Finding[] {
  return Object.keys(values)
    .filter((name) => !(name in WorkerVars.shape))
    .map((name) => bad("Variables", `.dev.vars: there is no variable ${name}`, `sed -i.old '/^${name}=/d' .dev.vars`));
}

function wrongValues(values: NodeJS.Dict<string>): readonly Finding[] {
  const issues = WorkerVars.safeParse(values).error?.issues ?? [];
  const wrong = new Map(issues.map((issue) => [String(issue.path[0]) as keyof WorkerVars, issue.message]));
  if (!wrong.has("MASTER_KEYS") && values["MASTER_KEYS"] !== undefined) {
    const problem = masterKeysProblem(values["MASTER_KEYS"]);
    if (problem !== null) wrong.set("MASTER_KEYS", problem);
  }
  return [...wrong].map(([name, message]) => {
    const what = values[name] === undefined ? `${name} is missing` : `${name}: ${message}`;
    return bad("Variables", `.dev.vars: ${what}`, `echo "${name}=${VALUES[name]}" >> .dev.vars`);
  });
}

/** Reached from elsewhere, with nothing that tells callers apart: one of them can use up everybody's tries to sign in. */
function unknownCallers({ PUBLIC_URL = "", CLIENT_ADDRESS_HEADER }: NodeJS.Dict<string>): readonly Finding[] {
  const host = URL.parse(PUBLIC_URL)?.hostname;
  if (host === undefined || CLIENT_ADDRESS_HEADER !== undefined || ["localhost", "127.0.0.1", "[::1]"].includes(host)) return [];
  return [bad("Variables", ".dev.vars: CLIENT_ADDRESS_HEADER is missing, so all who sign in count as one", `echo "CLIENT_ADDRESS_HEADER=${VALUES.CLIENT_ADDRESS_HEADER}" >> .dev.vars`)];
}

function masterKeysProblem(text: string): string | null {
  try {
    readMasterKeys(text);
    return null;
  } catch {
    return "not version:base64 of 32 bytes";
  }
}
