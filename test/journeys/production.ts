/**
 * The composition for Cloudflare, booted: the bundle that `wrangler deploy` would upload, in workerd with the bindings of `wrangler.jsonc`, and
 * PostgreSQL through the Hyperdrive binding. Refuses a bundle that is too large to upload.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { buildAll, workerBundle } from "../../packages/launcher/src/build.ts";
import { ROOT } from "../../packages/launcher/src/paths.ts";
import { UserError } from "../../packages/launcher/src/progress.ts";
import { startOwnInstance, type OwnInstance } from "./instance.ts";

/** What the free plan of Workers takes, compressed. */
export const BUNDLE_GZIP_BYTES_MAX = 3 * 1024 * 1024;

export interface BundleSize {
  readonly bytes: number;
  readonly gzipBytes: number;
}

/** Builds it, as `wrangler deploy --dry-run` does, and weighs what came out. */
export async function buildProduction(): Promise<BundleSize> {
  await buildAll("production");
  const bundle = readFileSync(workerBundle("production"));
  return { bytes: bundle.length, gzipBytes: gzipSync(bundle).length };
}

/** @throws UserError when the bundle is over the limit */
export async function startProductionInstance(signal?: AbortSignal): Promise<OwnInstance> {
  const { bytes, gzipBytes } = await buildProduction();
  const kib = (count: number): string => `${Math.ceil(count / 1024)} KiB`;
  process.stderr.write(`  ✓ Bundle for Cloudflare: ${kib(bytes)}, gzip ${kib(gzipBytes)} of ${kib(BUNDLE_GZIP_BYTES_MAX)}\n`);
  if (gzipBytes > BUNDLE_GZIP_BYTES_MAX) throw new UserError(`The Worker's bundle is ${kib(gzipBytes)} compressed; the limit is ${kib(BUNDLE_GZIP_BYTES_MAX)}.`);
  return startOwnInstance("production", () => ({
    ...(signal === undefined ? {} : { signal }),
    workerTarget: "production",
    workerProgram: join(ROOT, "test", "journeys", "production-process.ts"),
  }));
}
