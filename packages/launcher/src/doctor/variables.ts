/** The doctor on `.dev.vars`, which `wrangler dev` reads: against the schema of the Worker's variables. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { readMasterKeys, WorkerVars } from "../../../../src/compose/env.ts";
import { bad, info, ok, type Finding } from "./finding.ts";

/** Shell text that makes a right value. In `.dev.vars` the last line of a name wins, so adding one also mends a wrong one. */
const VALUES: Readonly<Record<keyof WorkerVars, string>> = {
  PUBLIC_URL: "http://127.0.0.1:8787",
  SANDBOX_URL: "http://127.0.0.1:8787",
  SANDBOX_HOST_URL: "http://127.0.0.1:8788",
  SANDBOX_HOST_SECRET: "$(openssl rand -hex 32)",
  SANDBOX_HOSTS: "{}",
  SANDBOX_BACKENDS: "process",
  MASTER_KEYS: "1:$(openssl rand -base64 32)",
  AUTH_SECRET: "$(openssl rand -hex 32)",
  OPERATOR_TOKEN: "$(openssl rand -hex 32)",
  OPERATOR_ORIGINS: "{}",
  DEMO_MODEL_URL: "",
  LOCAL_MACHINE: "0",
};

export function checkVariables(root: string): readonly Finding[] {
  const path = join(root, ".dev.vars");
  if (!existsSync(path)) return [info("Variables", "no .dev.vars; only `wrangler dev` needs one")];
  const values = parseEnv(readFileSync(path, "utf8"));
  const findings = [...unknownNames(values), ...wrongValues(values)];
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

function masterKeysProblem(text: string): string | null {
  try {
    readMasterKeys(text);
    return null;
  } catch {
    return "not version:base64 of 32 bytes";
  }
}
