/** `npm run build`: the chat page, the sandbox runtime and the Worker for this machine; `-- --production` the one for Cloudflare. */
import { parseArgs } from "node:util";
import { readFileSync, statSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { buildAll, workerBundle } from "../build.ts";

const WORKER_GZIP_BYTES_MAX = 3 * 1024 * 1024;

export async function run(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { production: { type: "boolean" }, anyway: { type: "boolean" } } });
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
