/** Bundles what runs in a sandbox, each into one file: the runtime, which needs Node and OpenCode beside it, and the program by which a host works in a sandbox elsewhere, which needs Node alone. */
import { fileURLToPath } from "node:url";
import { dirname, join, resolve } from "node:path";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));

/**
 * @param {{ outfile?: string }} [options] `outfile` defaults to dist/runtime/runtime.mjs of the repository
 * @returns {Promise<string>} absolute path of the bundle
 */
export async function buildRuntime({ outfile = resolve(here, "../../dist/runtime/runtime.mjs") } = {}) {
  await build({
    entryPoints: [join(here, "src/main.ts")],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    // ws and OpenCode's SDK ask for Node's own modules by require, which an ES module does not have.
    banner: { js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' },
    legalComments: "none",
    logLevel: "warning",
  });
  return outfile;
}

/**
 * @param {{ outfile?: string }} [options] `outfile` defaults to dist/runtime/inside.cjs of the repository
 * @returns {Promise<string>} absolute path of the bundle, small enough to be an argument and run by `node -e`
 */
export async function buildInside({ outfile = resolve(here, "../../dist/runtime/inside.cjs") } = {}) {
  await build({
    entryPoints: [resolve(here, "../../src/adapters/sandbox/modal/inside/main.ts")],
    outfile,
    bundle: true,
    minify: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    legalComments: "none",
    logLevel: "warning",
  });
  return outfile;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(`${await buildRuntime()}\n`);
