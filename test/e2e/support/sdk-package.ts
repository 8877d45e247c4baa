/** The SDK as a user gets it: built, packed, and installed without network in an empty project of its own. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build, type BuildOptions } from "esbuild";

const execute = promisify(execFile);
const SDK = fileURLToPath(new URL("../../../packages/sdk", import.meta.url));
const CASES = join(SDK, "test", "runtimes");

export interface SdkProject {
  /** Nothing is in it but the package. */
  readonly folder: string;
  /** The cases for a runtime, in one file of the project, around the installed package. Answers its path. */
  bundle(entry: "node" | "page" | "worker", options: BuildOptions): Promise<string>;
  end(): void;
}

export async function installSdk(): Promise<SdkProject> {
  const work = mkdtempSync(join(tmpdir(), "berth-sdk-"));
  const folder = join(work, "project");
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "empty", private: true, type: "module" }));
  await execute(process.execPath, [fileURLToPath(new URL("../../../packages/launcher/src/main.ts", import.meta.url)), "build", "--sdk"]);
  await npm(["pack", join(SDK, "dist"), "--pack-destination", work], folder);
  const tarball = readdirSync(work).find((name) => name.endsWith(".tgz")) ?? "";
  await npm(["install", "--prefix", folder, "--offline", "--cache", join(work, "cache"), join(work, tarball)], folder);
  return {
    folder,
    bundle: async (entry, options) => {
      const outfile = join(folder, `${entry}.mjs`);
      await build({ entryPoints: [join(CASES, `${entry}.ts`)], outfile, bundle: true, format: "esm", target: "es2022", logLevel: "error", plugins: [fromProject(folder)], ...options });
      return outfile;
    },
    end: () => rmSync(work, { recursive: true, force: true }),
  };
}

/** Here `@berth/sdk` names the sources; the project's own is meant. */
function fromProject(folder: string): NonNullable<BuildOptions["plugins"]>[number] {
  return {
    name: "installed-sdk",
    setup: ({ onResolve, resolve }) => {
      onResolve({ filter: /^@berth\/sdk$/ }, ({ kind, pluginData }) => (pluginData === folder ? undefined : resolve("@berth/sdk", { kind, resolveDir: folder, pluginData: folder })));
    },
  };
}

export async function npm(args: readonly string[], cwd: string): Promise<void> {
  await execute("npm", [...args, "--no-audit", "--no-fund"], { cwd, env: { ...process.env, npm_config_update_notifier: "false" } });
}
