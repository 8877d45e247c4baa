/** The runtimes that the SDK is made for. Each runs the packed SDK's cases against an instance. */
import { execFile, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { Miniflare } from "miniflare";
import type { MachineNeed } from "../../../packages/testkit/src/machine.ts";
import type { CasesPage } from "../../../packages/sdk/test/runtimes/page.ts";
import type { CaseOutcome } from "../../../packages/sdk/test/runtimes/run-all.ts";
import { openBrowser } from "./browser.ts";
import { npm, type SdkProject } from "./sdk-package.ts";
import { MODEL, type TestStack } from "./stack.ts";

const execute = promisify(execFile);

interface Ran {
  /** What the runtime calls itself. */
  readonly runtime: string;
  readonly outcomes: readonly CaseOutcome[];
}

export interface SdkRuntime {
  readonly name: string;
  readonly needs: readonly MachineNeed[];
  /** What `runtime` of the answer begins with or holds, so that it is known that it ran where it should. */
  readonly isNamed: RegExp;
  run(stack: TestStack, project: SdkProject): Promise<Ran>;
}

export const SDK_RUNTIMES: readonly SdkRuntime[] = [
  // First, since a sign-in link works for ten minutes.
  { name: "Chromium", needs: ["chromium"], isNamed: /Chrom(e|ium)\//, run: inChromium },
  { name: "Node 20", needs: [], isNamed: /^v20\./, run: async (stack, project) => inNode(await node20(project), stack, project) },
  { name: "Node 24", needs: [], isNamed: /^v24\./, run: (stack, project) => inNode(process.execPath, stack, project) },
  { name: "workerd", needs: [], isNamed: /^Cloudflare-Workers$/, run: inWorkerd },
];

/** The package is imported from where npm put it. */
async function inNode(node: string, stack: TestStack, project: SdkProject): Promise<Ran> {
  // `ws`, for Node 20, is CommonJS and asks for the platform's modules by `require`.
  const banner = { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' };
  const file = await project.bundle("node", { platform: "node", plugins: [], external: ["@berth/sdk"], banner });
  const told = JSON.stringify({ baseUrl: stack.url, apiKey: stack.apiKey, model: MODEL });
  const { stdout } = await execute(node, [file], { cwd: project.folder, env: { ...process.env, SDK_CASES: told } });
  return JSON.parse(stdout) as Ran;
}

async function inWorkerd(stack: TestStack, project: SdkProject): Promise<Ran> {
  const contents = readFileSync(await project.bundle("worker", { platform: "neutral", conditions: ["workerd"] }), "utf8");
  const worker = new Miniflare({
    modules: [{ type: "ESModule", path: "worker.mjs", contents }],
    compatibilityDate: "2026-07-01",
    host: "127.0.0.1",
    port: 0,
    // The instance is on this machine.
    outboundService: { network: { allow: ["private"] } },
  });
  try {
    const body = JSON.stringify({ baseUrl: stack.url, apiKey: stack.apiKey, model: MODEL });
    const answer = await worker.dispatchFetch("http://cases.invalid/", { method: "POST", body });
    return (await answer.json()) as Ran;
  } finally {
    await worker.dispose();
  }
}

/** As the page does it: of the instance's own origin, signed in by cookie, under its content security policy. */
async function inChromium(stack: TestStack, project: SdkProject): Promise<Ran> {
  const script = readFileSync(await project.bundle("page", { platform: "browser", format: "iife" }), "utf8");
  const browser = await openBrowser();
  try {
    const context = await browser.newContext();
    // The cookie comes with the answer to the link; the chat page behind it is not needed here.
    await context.request.get(stack.signInUrl, { maxRedirects: 0 });
    const page = await context.newPage();
    await page.goto(`${stack.url}/health`);
    await page.evaluate(script);
    return await page.evaluate((told) => (globalThis as unknown as CasesPage).runSdkCases(told), { baseUrl: stack.url, model: MODEL });
  } finally {
    await browser.close();
  }
}

/** Of this machine; where it has none, one is fetched beside the project. */
async function node20({ folder }: SdkProject): Promise<string> {
  const places = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/local/bin", "/usr/bin"].map((place) => join(place, "node"));
  const known = places.find((path) => spawnSync(path, ["--version"], { encoding: "utf8" }).stdout?.startsWith("v20."));
  if (known !== undefined) return known;
  const prefix = join(folder, "..", "node20");
  await npm(["install", "--prefix", prefix, "node@20"], folder);
  return join(prefix, "node_modules", "node", "bin", "node");
}
