/** Runs one command to its end, with a time limit and a limit on what is kept of its output, and leaves nothing behind. */
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import type { Writable } from "node:stream";
import { Family } from "@berth/sandbox-runtime/processes/family";
import { identify } from "@berth/sandbox-runtime/processes/process-table";

export interface CommandLine {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface RunOptions {
  readonly timeoutMs: number;
  /** Bytes kept of each stream. */
  readonly outputBytesMax: number;
  readonly input?: string;
  /** File read as input instead. */
  readonly inputPath?: string;
  /** Open file that takes the output instead of memory. */
  readonly outputFd?: number;
  readonly signal?: AbortSignal;
  /** `NAME=value` every process of the command carries. */
  readonly marker: string;
}

export interface RunResult {
  /** `canceled` when the caller's signal ended it. */
  readonly ended: "exited" | "timed-out" | "canceled";
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly truncated: boolean;
}

const SIGNALS: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGABRT: 6, SIGKILL: 9, SIGSEGV: 11, SIGTERM: 15 };
/** How long a pipe may stay open after the command ended and everything it started was killed. */
const PIPE_GRACE_MS = 500;
const KILL_MS = 5_000;

/** The beginning of what comes, up to a limit. */
export class Kept {
  readonly #chunks: Buffer[] = [];
  readonly #max: number;
  #bytes = 0;
  truncated = false;

  constructor(max: number) {
    this.#max = max;
  }

  push(chunk: Buffer): void {
    const room = this.#max - this.#bytes;
    if (chunk.length > room) this.truncated = true;
    if (room <= 0) return;
    this.#chunks.push(chunk.subarray(0, room));
    this.#bytes += Math.min(room, chunk.length);
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

/** @throws the system's own error when the command cannot be started */
export function run({ file, args, cwd, environment }: CommandLine, options: RunOptions): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const input = options.inputPath === undefined ? null : openSync(options.inputPath, "r");
    const stdio = [input ?? "pipe", options.outputFd ?? "pipe", "pipe"] as const;
    const child = spawn(file, args, { cwd, env: { ...environment }, stdio: [...stdio], detached: true });
    if (input !== null) closeSync(input);
    const stdout = new Kept(options.outputBytesMax);
    const stderr = new Kept(options.outputBytesMax);
    let ended: RunResult["ended"] = "exited";
    let pipeTimer: NodeJS.Timeout | undefined;

    const family = child.pid === undefined ? null : new Family({ leader: identify(child.pid), marker: options.marker });
    let clearing: Promise<unknown> | undefined;
    const clear = (): Promise<unknown> => (clearing ??= Promise.resolve(family?.end(KILL_MS)));
    const end = (why: RunResult["ended"]): void => {
      ended = why;
      void clear();
    };
    const cancel = (): void => end("canceled");
    const timer = setTimeout(() => end("timed-out"), options.timeoutMs);
    options.signal?.addEventListener("abort", cancel, { once: true });
    const release = (): void => {
      clearTimeout(timer);
      clearTimeout(pipeTimer);
      options.signal?.removeEventListener("abort", cancel);
    };

    child.stdout?.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr?.on("data", (chunk: Buffer) => stderr.push(chunk));
    if (child.stdin) feed(child.stdin, options.input);
    child.once("error", (error) => {
      release();
      reject(error);
    });
    child.once("exit", () => {
      clearTimeout(timer);
      void clear();
      pipeTimer = setTimeout(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
      }, PIPE_GRACE_MS);
    });
    child.once("close", (code, name) => {
      release();
      const exitCode = code ?? 128 + (SIGNALS[name ?? ""] ?? 0);
      const result = { ended, exitCode, stdout: stdout.bytes(), stderr: stderr.bytes(), truncated: stdout.truncated || stderr.truncated };
      void clear().then(() => resolve(result));
    });
    if (options.signal?.aborted) cancel();
  });
}

/** A command that does not read its input closes the pipe early, which is its right. */
function feed(stdin: Writable, input: string | undefined): void {
  stdin.on("error", () => undefined);
  stdin.end(input ?? "");
}
