/** The log on a real file, with a limit on its size in the place of a full disk. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FileLog } from "../src/append-log.ts";

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "berth-log-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const MODULE = new URL("../src/append-log.ts", import.meta.url).pathname;

/** In a process that may not write files beyond a block: appends until it is refused, then does what is asked. */
function fill(path: string, then: string): { readonly taken: number; readonly code: string } {
  const program = `
    process.on("SIGXFSZ", () => {});
    const { FileLog } = await import(${JSON.stringify(MODULE)});
    const log = new FileLog(${JSON.stringify(path)});
    let taken = 0;
    let code = "";
    try {
      for (;;) { log.append(["line " + taken + " " + "x".repeat(90)]); taken += 1; }
    } catch (error) { code = error.code; }
    ${then}
    console.log(JSON.stringify({ taken, code }));`;
  const { stdout, stderr } = spawnSync("sh", ["-c", 'ulimit -f 1; exec "$@"', "sh", process.execPath, "--disable-warning=ExperimentalWarning", "--input-type=module", "-e", program], { encoding: "utf8", timeout: 30_000 });
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout) as { taken: number; code: string };
}

test("a line that did not fit leaves nothing behind, and what fits goes on after it", () => {
  const path = join(dir, "log");
  const { taken, code } = fill(path, `log.append(["end"]);`);
  expect(code).toBe("EFBIG");
  expect(taken).toBeGreaterThan(3);
  const text = readFileSync(path, "utf8");
  expect(text.endsWith("\nend\n")).toBe(true);
  expect(text.split("\n").filter((line) => line.startsWith("line ")).every((line) => line.endsWith("x".repeat(90)))).toBe(true);
  expect(new FileLog(path).lines).toHaveLength(taken + 1);
});

test("lines that replace everything and did not fit replace nothing", () => {
  const path = join(dir, "log");
  const { taken } = fill(path, `try { log.rewrite(["y".repeat(5000)]); } catch (error) { code = error.code; }`);
  expect(new FileLog(path).lines).toHaveLength(taken);
});
