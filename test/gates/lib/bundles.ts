/** Every complete port has its whole bundle, and every adapter its file and its contract run. */
import type { PortEntry } from "../../../src/ports/registry.ts";
import { readRegistry } from "./catalogs.ts";
import { has, listFiles, read } from "./files.ts";

const PARTS = ["port.ts", "faults.ts", "fake.ts", "contract.ts"] as const;
const COUNT = "test/gates/ports-complete.json";

export interface BundleReport {
  /** As in `12/15 complete`. */
  readonly summary: string;
  readonly problems: readonly string[];
}

export async function bundleProblems(root: string): Promise<BundleReport> {
  const ports = await readRegistry(root);
  const broken = ports.flatMap((entry) => (entry.state === "complete" ? partsMissing(root, entry) : codeOfPlanned(root, entry)));
  const incomplete = new Set(broken.map(({ port }) => port));
  const complete = ports.filter(({ port, state }) => state === "complete" && !incomplete.has(port)).length;
  const { complete: recorded } = JSON.parse(read(root, COUNT)) as { complete: number };
  return {
    summary: `${complete}/${ports.length} complete`,
    problems: [
      ...broken.map(({ port, problem }) => `port ${port}: ${problem}`),
      ...strangers(root, ports),
      ...(complete < recorded ? [`${complete} ports are complete, and ${recorded} were: a bundle lost a part, or the registry a row`] : []),
      ...(complete > recorded ? [`${complete} ports are complete: write that into ${COUNT}, so that it cannot fall back to ${recorded}`] : []),
    ],
  };
}

interface Broken {
  readonly port: string;
  readonly problem: string;
}

function partsMissing(root: string, { port, adapters }: PortEntry): Broken[] {
  const at = `src/ports/${port}`;
  const expected = [`${at}/SPEC.md`, ...PARTS.map((part) => `${at}/${port}.${part}`)];
  const missing = expected.filter((path) => !has(root, path)).map((path) => `${path} is missing`);
  const runs = listFiles(root, [at, `src/adapters/${port}`], /\.contract(\.\w+)*\.test\.ts$/);
  const isRun = (folder: string, name: string) => runs.some((path) => path.startsWith(`${folder}/${name}.contract.`));
  if (!isRun(at, `${port}.fake`)) missing.push(`no contract test runs the fake (${at}/${port}.fake.contract.test.ts)`);
  if (adapters.length === 0) missing.push("it has no adapter, so it is not complete");
  for (const adapter of adapters) {
    const folder = `src/adapters/${port}`;
    if (!has(root, `${folder}/${adapter}.ts`) && !has(root, `${folder}/${adapter}/${adapter}.ts`)) missing.push(`adapter ${adapter} has no file ${folder}/${adapter}.ts`);
    if (!isRun(folder, adapter)) missing.push(`adapter ${adapter} has no contract test (${folder}/${adapter}.contract.test.ts)`);
  }
  for (const path of runs) {
    const [, name = ""] = /\/([^/]+?)\.contract\./.exec(path) ?? [];
    if (path.startsWith("src/adapters/") && !adapters.includes(name)) missing.push(`${path} runs the contract for an adapter that the registry does not name`);
  }
  return missing.map((problem) => ({ port, problem }));
}

function codeOfPlanned(root: string, { port }: PortEntry): Broken[] {
  const problems = has(root, `src/ports/${port}/SPEC.md`) ? [] : [`src/ports/${port}/SPEC.md is missing, which a planned port has`];
  for (const path of listFiles(root, [`src/ports/${port}`, `src/adapters/${port}`], /\.ts$/)) problems.push(`${path} is code of a port that is only planned`);
  return problems.map((problem) => ({ port, problem }));
}

function strangers(root: string, ports: readonly PortEntry[]): string[] {
  const known = new Set(ports.map(({ port }) => port));
  const folders = new Set(listFiles(root, ["src/ports"], /^src\/ports\/[^/]+\//).map((path) => path.split("/")[2] ?? ""));
  return [...folders].filter((folder) => !known.has(folder)).map((folder) => `src/ports/${folder} is not in the registry`);
}
