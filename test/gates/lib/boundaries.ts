/** Imports point the way that `.dependency-cruiser.mjs` says. Runs beside the tree, since paths in the rules begin there. */
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { CODE_FOLDERS, has } from "./files.ts";

const REPOSITORY = new URL("../../../", import.meta.url);
const CRUISER = fileURLToPath(new URL("node_modules/dependency-cruiser/bin/dependency-cruiser.mjs", REPOSITORY));
const RULES = fileURLToPath(new URL(".dependency-cruiser.mjs", REPOSITORY));
const TIMEOUT_MS = 110_000;

interface CruiseResult {
  readonly summary: {
    readonly totalCruised: number;
    readonly violations: readonly { readonly from: string; readonly to: string; readonly rule: { readonly name: string }; readonly cycle?: readonly { readonly name: string }[] }[];
  };
}

export async function boundaryProblems(root: string): Promise<readonly string[]> {
  const folders = CODE_FOLDERS.filter((folder) => has(root, folder));
  const child = spawn(process.execPath, [CRUISER, ...folders, "--config", RULES, "--output-type", "json"], { cwd: root, stdio: ["ignore", "pipe", "pipe"], timeout: TIMEOUT_MS });
  const [answer, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (!answer.startsWith("{")) throw new Error(`imports could not be followed in ${root}:\n${answer}${errors}`);
  const { totalCruised, violations } = (JSON.parse(answer) as CruiseResult).summary;
  if (totalCruised === 0) return ["no file was read, so nothing is known of its imports"];
  return violations.map(({ rule, from, to, cycle }) => {
    if (rule.name === "no-orphans") return `${rule.name}: nobody imports ${from}`;
    return `${rule.name}: ${from} → ${cycle ? cycle.map(({ name }) => name).join(" → ") : to}`;
  });
}
