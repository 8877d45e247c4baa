/** Where an npm that nobody configured installs from, as one in a sandbox is, so that containers may reach it by default. */
import { execFile } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { plainEnv } from "./plain-env.ts";

const ANSWER_WITHIN_MS = 10_000;

/** The operator's list, with npm's host where it begins with `default`. Without an npm that answers it stays as it is. */
export async function withNpmHost(egress: string, ask: () => Promise<string | null> = npmHost): Promise<string> {
  if (!egress.split(",").some((entry) => entry.trim() === "default")) return egress;
  const host = await ask();
  return host === null ? egress : `${egress},${host}`;
}

/** Of npm itself: files and variables that configure it are left out. */
async function npmHost(): Promise<string | null> {
  const nothing = (name: string): string => `--${name}config=${join(tmpdir(), `berth-no-${name}-npmrc`)}`;
  try {
    const { stdout } = await promisify(execFile)("npm", ["config", "get", "registry", nothing("user"), nothing("global")], { cwd: tmpdir(), env: plainEnv(), timeout: ANSWER_WITHIN_MS });
    return URL.parse(stdout.trim())?.hostname ?? null;
  } catch {
    return null;
  }
}
