/**
 * Builds the package that is published, in `dist/`: one ES module without dependencies, and declarations in which the
 * protocol's types stand as plain TypeScript, made from its schemas, so that users need no schema library.
 * Run by `npm run build -- --sdk`, under a Node that reads TypeScript.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { protocolDeclarations } from "./build/declarations.ts";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "dist");
rmSync(dist, { recursive: true, force: true });

await build({
  entryPoints: [join(here, "src/index.ts")],
  outfile: join(dist, "index.js"),
  bundle: true,
  format: "esm",
  platform: "neutral",
  target: "es2022",
  sourcemap: true,
  legalComments: "none",
});

emitDeclarations();
writeFileSync(join(dist, "protocol.d.ts"), protocolDeclarations());
writeFileSync(join(dist, "package.json"), `${JSON.stringify(manifest(), null, 2)}\n`);
for (const file of ["README.md"]) cpSync(join(here, file), join(dist, file));
cpSync(join(here, "../../LICENSE"), join(dist, "LICENSE"));
console.log(`Built ${manifest().name}@${manifest().version} in ${dist}`);

/** One `.d.ts` per module; the protocol's own are left out for the generated one. */
function emitDeclarations() {
  const out = mkdtempSync(join(tmpdir(), "berth-sdk-types-"));
  const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");
  try {
    execFileSync(process.execPath, [tsc, "-p", join(here, "build/tsconfig.json"), "--outDir", out], { stdio: "inherit" });
    const from = join(out, "sdk/src");
    for (const name of readdirSync(from)) {
      const text = readFileSync(join(from, name), "utf8");
      const linked = text.replaceAll('"@berth/protocol"', '"./protocol.js"').replace(/(["'])(\.\/[\w-]+)\.ts\1/g, '"$2.js"');
      writeFileSync(join(dist, name), linked);
    }
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

function manifest() {
  const { name, version, license } = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));
  return {
    name,
    version,
    license,
    description: "Typed client of Berth, the control plane for hosted coding agents.",
    type: "module",
    sideEffects: false,
    exports: { ".": { types: "./index.d.ts", default: "./index.js" } },
    types: "./index.d.ts",
    files: ["*.js", "*.js.map", "*.d.ts", "README.md", "LICENSE"],
    engines: { node: ">=20.3" },
  };
}
