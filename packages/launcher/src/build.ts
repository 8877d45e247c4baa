/** Builds what runs: the chat page, the sandbox runtime and the Worker. Skips what is newer than all of its sources. */
import { execFile } from "node:child_process";
import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { CHAT_DIST, ROOT, RUNTIME_BUNDLE, WORKER_DIST } from "./paths.ts";
import { step, UserError } from "./progress.ts";

const run = promisify(execFile);

/** Which composition root the Worker is built with. */
export type WorkerTarget = "local" | "production";

export type BuiltPart = "chat" | "runtime" | "worker";

interface Target {
  readonly part: BuiltPart;
  readonly title: string;
  readonly output: string;
  readonly sources: readonly string[];
  build(): Promise<void>;
}

const SHARED = ["package-lock.json", "packages/protocol/src", "src"];

function chat(): Target {
  return {
    part: "chat",
    title: "Building the chat page",
    output: join(CHAT_DIST, "index.html"),
    sources: ["package-lock.json", "packages/protocol/src", "packages/sdk/src", "packages/chat"],
    build: async () => {
      const { build } = await import("vite");
      await build({ root: join(ROOT, "packages", "chat"), logLevel: "error" });
    },
  };
}

function runtime(): Target {
  return {
    part: "runtime",
    title: "Building the sandbox runtime",
    output: RUNTIME_BUNDLE,
    sources: [...SHARED, "packages/sandbox-runtime"],
    build: async () => {
      const { buildRuntime, buildInside } = (await import(join(ROOT, "packages", "sandbox-runtime", "build.mjs"))) as {
        buildRuntime(): Promise<unknown>;
        buildInside(): Promise<unknown>;
      };
      await buildRuntime();
      await buildInside();
    },
  };
}

/** Tests, contracts and pages are no part of what runs. */
const IN_NO_BUILD = /\.(test|contract)\.ts$|\.md$/;

export function workerBundle(target: WorkerTarget): string {
  return join(WORKER_DIST, target, "worker.js");
}

function worker(target: WorkerTarget): Target {
  const output = workerBundle(target);
  return {
    part: "worker",
    title: target === "local" ? "Building the Worker" : "Building the Worker for Cloudflare",
    output,
    sources: [...SHARED, "routes", "wrangler.jsonc", "packages/sandbox-host/src"],
    build: async () => {
      const wrangler = join(ROOT, "node_modules", "wrangler", "bin", "wrangler.js");
      const args = [wrangler, "deploy", "--dry-run", "--outdir", join(WORKER_DIST, target), "--alias", `#compose:./src/compose/${target}.ts`];
      await run(process.execPath, args, {
        cwd: ROOT,
        env: { ...process.env, WRANGLER_SEND_METRICS: "false", CI: "true", NO_COLOR: "1" },
        maxBuffer: 16 * 1024 * 1024,
      });
    },
  };
}

interface BuildChoice {
  /** Also what is up to date. */
  readonly anyway?: boolean;
  readonly only?: BuiltPart;
}

/**
 * Builds what is out of date, one after the other, since the tools use both cores themselves. Answers what was built.
 * @throws UserError with what the tool said
 */
export async function buildAll(workerTarget: WorkerTarget = "local", { anyway = false, only }: BuildChoice = {}): Promise<readonly BuiltPart[]> {
  const built: BuiltPart[] = [];
  for (const target of [chat(), runtime(), worker(workerTarget)]) {
    if ((only !== undefined && target.part !== only) || (!anyway && isFresh(target))) continue;
    await build(target);
    built.push(target.part);
  }
  return built;
}

/** The package that is published, under this Node, which reads the build's TypeScript whatever Node the user has. @returns its folder */
export async function buildSdk(): Promise<string> {
  await told("Building the SDK's package", () => run(process.execPath, [join(ROOT, "packages", "sdk", "build.mjs")], { cwd: ROOT }));
  return join(ROOT, "packages", "sdk", "dist");
}

/** @throws UserError with what the tool said */
async function told(title: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await step(title, work);
  } catch (error) {
    const { stderr = "", stdout = "", message } = error as Error & { stderr?: string; stdout?: string };
    throw new UserError(`${title} failed.\n${`${stdout}\n${stderr}`.trim() || message}`);
  }
}

async function build(target: Target): Promise<void> {
  const began = new Date();
  await told(target.title, () => target.build());
  // As old as its beginning: what changed while it was built is built again.
  writeFileSync(`${target.output}.built`, "");
  utimesSync(`${target.output}.built`, began, began);
}

function isFresh({ output, sources }: Target): boolean {
  const marker = `${output}.built`;
  if (!existsSync(output) || !existsSync(marker)) return false;
  const built = statSync(marker).mtimeMs;
  return sources.every((source) => newestChange(join(ROOT, source)) < built);
}

function newestChange(path: string): number {
  const entry = statSync(path);
  if (!entry.isDirectory()) return entry.mtimeMs;
  return readdirSync(path, { withFileTypes: true })
    .filter(({ name }) => name !== "node_modules" && name !== "dist" && !IN_NO_BUILD.test(name))
    .reduce((newest, { name }) => Math.max(newest, newestChange(join(path, name))), entry.mtimeMs);
}
