/**
 * Runs one command in a container to its end, with a time limit and a limit on what is kept of its output. The engine
 * cannot end a command, so every process of it carries the command's id, by which a second command finds and kills them.
 * Nor does a connection that is cut look other than one that came to its end, so the command's last words say that it did.
 */
import { randomUUID } from "node:crypto";
import { writeSync } from "node:fs";
import { Writable, type Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { refusal } from "../session-folders/errors.ts";
import { commandMarker, INSIDE } from "../session-folders/folders.ts";
import { Kept, type RunOptions, type RunResult } from "../session-folders/run.ts";
import type { Engine } from "./engine.ts";
import { classifyEngine } from "./errors.ts";

export interface ContainerCommand {
  readonly container: string;
  readonly command: readonly string[];
  /** Below the work folder, already checked. */
  readonly cwd: string;
}

/** Kills whoever carries `$marker`, but `$spared`, until a look finds nobody. */
const KILL_MARKED = `
looks=0
while [ $looks -lt 50 ]; do
  found=
  for process in /proc/[0-9]*; do
    pid=\${process#/proc/}
    [ "$pid" = "$spared" ] && continue
    grep -qzxF "$marker" "$process/environ" 2>/dev/null && kill -KILL "$pid" 2>/dev/null && found=1
  done
  [ -z "$found" ] && break
  looks=$((looks + 1))
done`;

/** What a command leaves running would keep its outputs open. */
const RUN = `marker=$1 spared=$$ folder=$2; shift 2; cd "$folder" || exit 1; "$@"; code=$?${KILL_MARKED}\nprintf '%s %s' "$marker" "$code" >&2`;
const END = `marker=$1 spared=${KILL_MARKED}`;

/** After everything of the command was killed, its outputs close at once. */
const CLOSE_MS = 5_000;
const KILLED = 137;

/** @throws the engine's own error when the container does not run: see `isNotRunning`; else PortError */
export async function runInContainer(engine: Engine, { container, command, cwd }: ContainerCommand, options: Omit<RunOptions, "marker" | "inputPath">): Promise<RunResult> {
  const marker = commandMarker(randomUUID());
  const folder = cwd === "" ? INSIDE.work : `${INSIDE.work}/${cwd}`;
  const stream = await engine.exec(container, { command: ["/bin/sh", "-c", RUN, "sh", marker, folder, ...command], environment: [marker] });
  const stdout = new Kept(options.outputBytesMax);
  const stderr = new Kept(options.outputBytesMax);
  const words = new LastWords(marker, stderr);
  const { outputFd } = options;
  engine.demux(stream, sink((chunk) => (outputFd === undefined ? stdout.push(chunk) : void writeSync(outputFd, chunk))), sink((chunk) => words.push(chunk)));
  const closed = closeOf(stream);
  stream.end(options.input ?? "");

  let ended: RunResult["ended"] = "exited";
  const end = (why: RunResult["ended"]): void => {
    ended = why;
    void killMarked(engine, container, marker)
      .catch(() => undefined)
      .finally(() => setTimeout(() => stream.destroy(), CLOSE_MS).unref());
  };
  const cancel = (): void => end("canceled");
  const timer = setTimeout(() => end("timed-out"), options.timeoutMs);
  options.signal?.addEventListener("abort", cancel, { once: true });
  if (options.signal?.aborted) cancel();
  try {
    await closed;
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", cancel);
  }
  const exitCode = words.end();
  const isUnknown = exitCode === null && ended === "exited";
  if (isUnknown && !(await hasEnded(engine, container))) {
    throw refusal("exec", "The container engine's answer was cut.", { code: "unknown", outcome: "unknown" });
  }
  return { ended: isUnknown ? "canceled" : ended, exitCode: exitCode ?? KILLED, stdout: stdout.bytes(), stderr: stderr.bytes(), truncated: stdout.truncated || stderr.truncated };
}

/** A container's outputs close a moment before the engine says that it has ended. */
async function hasEnded(engine: Engine, container: string): Promise<boolean> {
  for (let looks = 0; looks < LOOKS_MAX; looks += 1) {
    if ((await engine.inspect(container))?.State.Running !== true) return true;
    await delay(LOOK_MS);
  }
  return false;
}

const LOOKS_MAX = 10;
const LOOK_MS = 100;
const EXIT_CODE_DIGITS = 3;

/** Holds back the end of an output, which may be the word that the command has ended. */
class LastWords {
  readonly #marker: string;
  readonly #kept: Kept;
  #held: Buffer = Buffer.alloc(0);

  constructor(marker: string, kept: Kept) {
    this.#marker = marker;
    this.#kept = kept;
  }

  push(chunk: Buffer): void {
    const all = Buffer.concat([this.#held, chunk]);
    const cut = Math.max(0, all.length - this.#marker.length - 1 - EXIT_CODE_DIGITS);
    this.#kept.push(all.subarray(0, cut));
    this.#held = all.subarray(cut);
  }

  /** The exit code; null when the command never said that it ended. */
  end(): number | null {
    const text = this.#held.toString("latin1");
    const at = text.lastIndexOf(this.#marker);
    this.#kept.push(this.#held.subarray(0, at < 0 ? undefined : at));
    return at < 0 ? null : Number(text.slice(at + this.#marker.length));
  }
}

async function killMarked(engine: Engine, container: string, marker: string): Promise<void> {
  try {
    const stream = await engine.exec(container, { command: ["/bin/sh", "-c", END, "sh", marker], environment: [] });
    stream.resume();
    stream.end();
    await closeOf(stream);
  } catch (error) {
    throw classifyEngine("exec", error);
  }
}

function sink(take: (chunk: Buffer) => void): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      take(chunk);
      done();
    },
  });
}

/** An output that breaks off has come to its end too; the engine is asked what became of the command. */
function closeOf(stream: Duplex): Promise<void> {
  return new Promise((resolve) => {
    stream.once("end", resolve);
    stream.once("close", resolve);
    stream.once("error", () => resolve());
  });
}
