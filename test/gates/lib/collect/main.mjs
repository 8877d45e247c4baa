/**
 * Prints the titles that test files register, as JSON on file descriptor 3: `main.mjs <root> <file>…`. Files are imported
 * with stand-ins for the test runner, the platform and the databases, so that loops, conditions and helpers make their titles as in a
 * real run, and no test runs.
 */
import { writeSync } from "node:fs";
import { registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beginFile, endFile, recorded } from "./vitest-recorder.mjs";

const RECORDER = new URL("./vitest-recorder.mjs", import.meta.url).href;
const DATABASE = new URL("./database-stub.mjs", import.meta.url).href;
const PLATFORM = new URL("./platform-stub.mjs", import.meta.url).href;

registerHooks({
  resolve(specifier, context, next) {
    if (specifier === "vitest") return { url: RECORDER, shortCircuit: true };
    if (specifier === "@berth/testkit/test-database") return { url: DATABASE, shortCircuit: true };
    if (specifier.startsWith("cloudflare:")) return { url: PLATFORM, shortCircuit: true };
    return next(specifier, context);
  },
});

const [root = "", ...files] = process.argv.slice(2);
const unreadable = [];
for (const file of files) {
  beginFile(file);
  try {
    await import(pathToFileURL(join(root, file)).href);
    await endFile();
  } catch (error) {
    unreadable.push({ file, why: String(error instanceof Error ? error.message : error) });
  }
}
writeSync(3, JSON.stringify({ titles: recorded, unreadable }));
process.exit(0);
