/** What a sandbox elsewhere is started with: makes the session's folders, starts the runtime as the agent's user and ends with it. */
import { spawn } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { INSIDE } from "../../session-folders/folders.ts";
import { emptyFolder } from "../../session-folders/remove-tree.ts";
import { unframe } from "../frames.ts";
import { asAgent, BOOTED, RUNTIME, WHOSE, type Beginning } from "./asked.ts";

/** A host that died while it made this sandbox says nothing any more. */
const SILENCE_MS = 120_000;
const AGENT = { uid: 1000, gid: 1000 };

export async function boot(): Promise<void> {
  rmSync(BOOTED, { force: true });
  const timer = setTimeout(() => fail("the host did not say what to run"), SILENCE_MS);
  const { environment, spec, runtime, rest } = await beginning();
  clearTimeout(timer);
  makeFolders();
  for (const [path, content] of [[RUNTIME, runtime], [WHOSE, JSON.stringify(spec)]] as const) {
    rmSync(path, { force: true });
    writeFileSync(path, content, { mode: 0o444 });
  }
  const [file, ...args] = asAgent([process.execPath, RUNTIME, "-"]);
  const child = spawn(file, args, { cwd: INSIDE.work, env: { ...environment }, stdio: ["pipe", "inherit", "inherit"] });
  child.once("error", (error) => fail(error.message));
  child.once("exit", (code, signal) => process.exit(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => child.kill(signal));
  // A runtime that ended reads nothing.
  child.stdin.on("error", () => undefined);
  child.stdin.write(rest);
  process.stdin.pipe(child.stdin);
  writeFileSync(BOOTED, String(process.pid));
}

/** Those that a session keeps stay as they are. */
function makeFolders(): void {
  for (const folder of Object.values(INSIDE)) mkdirSync(folder, { recursive: true });
  for (const folder of [INSIDE.tmp, INSIDE.runtime]) emptyFolder(folder);
  chmodSync(INSIDE.tmp, 0o1777);
  if (process.getuid?.() === 0) for (const folder of [INSIDE.work, INSIDE.home, INSIDE.runtime]) chownSync(folder, AGENT.uid, AGENT.gid);
}

function beginning(): Promise<Pick<Beginning, "environment" | "spec"> & { readonly runtime: Buffer; readonly rest: Buffer }> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const broken = (): never => fail("the host said only a part of what to run");
    const take = (chunk: Buffer): void => {
      chunks.push(chunk);
      const said = unframe(Buffer.concat(chunks));
      if (said === null) return;
      const { environment, spec, runtimeBytes } = said.header as Beginning;
      if (said.bytes.length < runtimeBytes) return;
      process.stdin.off("data", take).off("end", broken);
      process.stdin.pause();
      resolve({ environment, spec, runtime: said.bytes.subarray(0, runtimeBytes), rest: said.bytes.subarray(runtimeBytes) });
    };
    process.stdin.on("data", take);
    process.stdin.once("end", broken);
  });
}

function fail(why: string): never {
  process.stderr.write(`${why}\n`);
  process.exit(1);
}
