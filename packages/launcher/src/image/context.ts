/**
 * What the image is built from: Node, npm and OpenCode as npm has them for Linux, laid out as they lie in the image, and
 * the runtime's bundle. Fetched by this machine's npm, so that the build itself needs the distribution alone.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { IMAGE_NODE, IMAGE_NPM } from "@berth/sandbox-runtime/image-name";
import { DIST, ROOT, RUNTIME_BUNDLE } from "../paths.ts";
import { UserError } from "../progress.ts";

export interface ImageContext {
  readonly folder: string;
  /** Of everything that the image is made of here. */
  readonly fingerprint: string;
}

/** @throws UserError with what npm said */
export async function gatherContext(dockerfile: string): Promise<ImageContext> {
  const folder = join(DIST, "image", "context");
  const fetched = join(DIST, "image", "fetched");
  const { devDependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { readonly devDependencies: Readonly<Record<string, string>> };
  const platform = `linux-${process.arch === "arm64" ? "arm64" : "x64"}`;
  const [node, opencode] = [`node-${platform}`, `opencode-${platform}`];
  const packages = [`${node}@${IMAGE_NODE}`, `npm@${IMAGE_NPM}`, `${opencode}@${devDependencies["opencode-ai"]}`];
  await fetchPackages(fetched, packages);

  rmSync(folder, { recursive: true, force: true });
  const [bin, lib] = [join(folder, "opt", "bin"), join(folder, "opt", "lib", "node_modules")];
  mkdirSync(bin, { recursive: true });
  mkdirSync(lib, { recursive: true });
  const from = (...parts: readonly string[]): string => join(fetched, "node_modules", ...parts);
  cpSync(from(node, "bin", "node"), join(bin, "node"));
  cpSync(from(opencode, "bin", "opencode"), join(bin, "opencode"));
  cpSync(from("npm"), join(lib, "npm"), { recursive: true });
  for (const name of ["npm", "npx"]) symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, join(bin, name));
  cpSync(RUNTIME_BUNDLE, join(folder, "runtime.mjs"));
  const made = [packages.join(" "), readFileSync(dockerfile, "utf8"), readFileSync(RUNTIME_BUNDLE, "utf8")];
  return { folder, fingerprint: createHash("sha256").update(JSON.stringify(made)).digest("hex") };
}

/** Once for each set of versions. */
async function fetchPackages(folder: string, packages: readonly string[]): Promise<void> {
  const marker = join(folder, ".fetched");
  const wanted = packages.join(" ");
  if (existsSync(marker) && readFileSync(marker, "utf8") === wanted) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true }));
  const cli = process.env["npm_execpath"];
  const [file, before] = cli && /\.c?js$/.test(cli) ? [process.execPath, [cli]] : ["npm", []];
  // For Linux, whatever this machine is; they have nothing to run.
  const args = [...before, "install", "--prefix", folder, "--no-save", "--ignore-scripts", "--force", "--no-audit", "--no-fund", ...packages];
  try {
    await promisify(execFile)(file, args, { cwd: folder, env: { ...process.env, npm_config_loglevel: "error" }, maxBuffer: 16 * 1024 * 1024 });
  } catch (error) {
    throw new UserError(`npm could not fetch what the image needs.\n${String((error as { readonly stderr?: unknown }).stderr ?? error).trim()}`);
  }
  writeFileSync(marker, wanted);
}
