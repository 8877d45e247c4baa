/**
 * Stands in for the sandbox runtime, also for one that waits for its session: takes the token from the link file, or from its input, as the real one does, leaves children behind that
 * try to outlive it, and waits. It never links.
 */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";

const folder = process.env.BERTH_RUN_DIR;
const path = join(folder, "link.json");
const byInput = process.argv[2] === "-";
const [waits, , home = ""] = process.argv.slice(3);
if (waits === "waits") {
  mkdirSync(join(home, ".berth-runtime"));
  writeFileSync(join(home, ".berth-runtime", "waiting-ready"), "");
}
const told = byInput ? await text(process.stdin) : readFileSync(path, "utf8");
if (told === "") process.exit(0);
const link = JSON.parse(told);
if (!byInput) rmSync(path);
spawn("sleep", ["1000"], { detached: true, stdio: "ignore" }).unref();
spawn("sh", ["-c", "trap '' TERM HUP; while :; do sleep 1000; done"], { detached: true, stdio: "ignore" }).unref();
writeFileSync(join(folder, "started.json"), JSON.stringify({ ...link, token: link.token.length, cwd: process.cwd(), pid: process.pid }));
setInterval(() => undefined, 60_000);
