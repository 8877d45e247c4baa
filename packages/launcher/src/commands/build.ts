/**
 * `npm run build`: the chat page, the sandbox runtime and the Worker for this machine; `-- --production` the one for Cloudflare;
 * `-- --sdk` the SDK's package instead.
 */
import { parseArgs } from "node:util";
import { readFileSync, statSync } from "node:fs";
import { relative } from "node:path";
import { gzipSync } from "node:zlib";
import { buildAll, buildSdk, workerBundle } from "../build.ts";
import { ROOT } from "../paths.ts";

const WORKER_GZIP_BYTES_MAX = 3 * 1024 * 1024;

export async function run(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { production: { type: "boolean" }, anyway: { type: "boolean" }, sdk: { type: "boolean" } } });
  if (values.sdk) {
    const folder = relative(ROOT, await buildSdk());
    console.log(`  The SDK's package is in ${folder}. Pack or publish it:  npm pack ./${folder}`);
    return 0;
  }
  const target = values.production ? "production" : "local";
  const built = await buildAll(target, { anyway: values.anyway ?? false });
  const bundle = workerBundle(target);
  const gzip = gzipSync(readFileSync(bundle)).length;
  console.log(`  ${built.length === 0 ? "Everything was up to date" : `Built ${built.join(", ")}`}. The Worker is ${megabytes(statSync(bundle).size)} (${megabytes(gzip)} gzip).`);
  if (target === "local" || gzip <= WORKER_GZIP_BYTES_MAX) return 0;
  console.error(`  That is over the ${megabytes(WORKER_GZIP_BYTES_MAX)} that Cloudflare takes.`);
  return 1;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(2)} MB`;
}
