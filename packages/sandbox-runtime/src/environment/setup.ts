/**
 * The setup script of the session's environment: once in a fresh work folder, before its first prompt. Whatever becomes of
 * it the session goes on, so nothing here fails; it says what happened.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Failure, UpMessage } from "@berth/protocol";
import { Masker } from "../masking/masker.ts";
import { Family } from "../processes/family.ts";
import { identify } from "../processes/process-table.ts";
import { SetupOutput } from "./setup-output.ts";

export interface SetupDeps {
  readonly workFolder: string;
  /** What every program of the sandbox has; without secrets. */
  readonly environment: Readonly<Record<string, string>>;
  /** Over all epochs of this work folder. */
  readonly folder: string;
  /** Of this sandbox alone: what the script starts is known by it. */
  readonly owner: string;
  readonly token: string;
  /** For tests. */
  readonly timeoutMs?: number;
}

export interface SetupRequest {
  readonly script: string;
  /** The folder holds saved work, which was set up when it was new. */
  readonly isRestored: boolean;
  readonly variables: Readonly<Record<string, string>>;
  /** Before variables of the same name; covered in what is printed. */
  readonly secrets: Readonly<Record<string, string>>;
  post(message: UpMessage): void;
}

/** Never rejects. */
export type SetUp = (request: SetupRequest, stopping: AbortSignal) => Promise<void>;

const TIMEOUT_MS = 600_000;
const LOOK_MS = 1_000;
const END_MS = 5_000;
const MARKER = "BERTH_SETUP";

export function createSetup(deps: SetupDeps): SetUp {
  const marker = join(deps.folder, "set-up");
  return async (request, stopping) => {
    if (existsSync(marker)) return;
    if (request.script.trim() !== "" && !request.isRestored) {
      request.post({ type: "setup-started" });
      const failure = await runScript(deps, request, stopping).catch(unexpected);
      // The sandbox ends, and nobody listens any more.
      if (stopping.aborted) return;
      request.post({ type: "setup-ended", ...(failure && { failure }) });
    }
    mkdirSync(deps.folder, { recursive: true });
    writeFileSync(marker, "");
  };
}

async function runScript({ workFolder, environment, folder, owner, token, timeoutMs = TIMEOUT_MS }: SetupDeps, { script, variables, secrets, post }: SetupRequest, stopping: AbortSignal): Promise<Failure | null> {
  // One that a runtime began which died since.
  await new Family({ leader: null, marker: `${MARKER}=${owner}` }).end(END_MS);
  const [scriptFile, logFile] = [join(folder, "setup.sh"), join(folder, "setup.log")];
  mkdirSync(folder, { recursive: true });
  writeFileSync(scriptFile, script, { mode: 0o600 });
  // A file, not a pipe: what it leaves running may go on printing.
  const log = openSync(logFile, "w", 0o600);
  const child = spawn("bash", ["-e", scriptFile], { cwd: workFolder, env: { ...environment, ...variables, ...secrets, [MARKER]: owner }, detached: true, stdio: ["ignore", log, log] });
  closeSync(log);
  const leader = child.pid === undefined ? null : identify(child.pid);
  const known = [{ name: "sandbox token", value: token }, ...Object.entries(secrets).map(([name, value]) => ({ name, value }))];
  const output = new SetupOutput(logFile, new Masker(known), (text) => post({ type: "setup-output", text }));
  const timer = setInterval(() => output.look(), LOOK_MS);
  const enough = new AbortController();
  const deadline = AbortSignal.any([stopping, enough.signal]);
  try {
    const outcome = await Promise.race([endOf(child), delay(timeoutMs, "late" as const, { signal: deadline, ref: false }).catch(() => "stopped" as const)]);
    if (outcome === "late" || outcome === "stopped") await new Family({ leader, marker: `${MARKER}=${owner}` }).end(END_MS);
    return outcome === "late" ? tookTooLong(timeoutMs) : outcome === "stopped" ? null : failureOf(outcome);
  } finally {
    enough.abort();
    clearInterval(timer);
    if (!stopping.aborted) output.end();
  }
}

type End = { readonly code: number | null; readonly signal: NodeJS.Signals | null } | { readonly error: NodeJS.ErrnoException };

function endOf(child: ChildProcess): Promise<End> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve({ error }));
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
}

const FIX = "Change the environment's setup script; the next new session runs it.";

function failureOf(end: End): Failure | null {
  if ("error" in end) return end.error.code === "ENOENT" ? { code: "setup-failed", message: "There is no bash in this sandbox, by which the setup script is run.", fix: "Use an image that has bash." } : unexpected(end.error);
  if (end.code === 0) return null;
  const how = end.signal === null ? `ended with code ${end.code}` : `was ended by ${end.signal}`;
  return { code: "setup-failed", message: `The setup script ${how}. The session goes on with what it had done.`, fix: FIX };
}

function tookTooLong(timeoutMs: number): Failure {
  return { code: "setup-timeout", message: `The setup script was ended after ${Math.round(timeoutMs / 1_000)} s, with all that it had started. The session goes on with what it had done.`, fix: FIX };
}

function unexpected(error: unknown): Failure {
  return { code: "setup-failed", message: `The setup script could not be run: ${error instanceof Error ? error.message : String(error)}` };
}
