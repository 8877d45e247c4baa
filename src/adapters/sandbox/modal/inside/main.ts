/**
 * The program that the host runs in a sandbox elsewhere, given to it whole as an argument: once to start it, and once for
 * every command, file and look. What is asked comes by its input, what it answers goes by its output.
 */
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { buffer } from "node:stream/consumers";
import type { PortError } from "../../../../core/kernel/port-error.ts";
import { folderContained, readContained, writeContained } from "../../session-folders/contained-files.ts";
import { classify } from "../../session-folders/errors.ts";
import { INSIDE } from "../../session-folders/folders.ts";
import type { SandboxLabel } from "../../session-folders/label.ts";
import { run } from "../../session-folders/run.ts";
import { frame, unframe } from "../frames.ts";
import { BOOTED, WHOSE, type Asked, type RunAsked } from "./asked.ts";
import { boot } from "./boot.ts";
import { measureElsewhere } from "./measure.ts";

interface Answer<Name extends keyof Asked> {
  readonly done: Asked[Name]["answer"];
  readonly bytes?: Uint8Array;
}
type Doing = { readonly [Name in keyof Asked]: (ask: Asked[Name]["ask"], bytes: Buffer) => Promise<Answer<Name>> };

const LOOK_MS = 25;

const DOING: Doing = {
  async ready() {
    // Whoever asks has a deadline.
    while (!existsSync(BOOTED)) await delay(LOOK_MS);
    return { done: {} };
  },
  async run(ask, bytes) {
    const { stdout, stderr, ended, exitCode, truncated } = await ranBelow(ask, bytes);
    return { done: { ended, exitCode, truncated, stdoutBytes: stdout.length }, bytes: Buffer.concat([stdout, stderr]) };
  },
  async read({ path }) {
    const found = await readContained(INSIDE.work, path);
    return { done: { isThere: found !== null }, ...(found === null ? {} : { bytes: found }) };
  },
  async write({ path }, bytes) {
    await writeContained(INSIDE.work, path, bytes);
    return { done: {} };
  },
  async measure({ tried }) {
    return { done: await measureElsewhere(tried) };
  },
  whose() {
    return Promise.resolve({ done: JSON.parse(readFileSync(WHOSE, "utf8")) as SandboxLabel["spec"] });
  },
  quit() {
    process.kill(Number(readFileSync(BOOTED, "utf8")), "SIGTERM");
    return Promise.resolve({ done: {} });
  },
};

async function ranBelow({ command: [file, ...args], cwd, environment, ...limits }: RunAsked, input: Buffer) {
  const folder = await folderContained("exec", INSIDE.work, cwd);
  return run({ file, args, cwd: `${INSIDE.work}/${folder}`, environment }, { ...limits, input: input.toString("utf8") });
}

async function answer(name: keyof Asked): Promise<Buffer> {
  try {
    const asked = unframe(await buffer(process.stdin));
    if (asked === null) throw new Error("what was asked broke off");
    const { done, bytes } = await DOING[name](asked.header as never, asked.bytes);
    return frame({ done }, bytes);
  } catch (error) {
    const refused: PortError = classify(name === "run" ? "exec" : name, error);
    return frame({ refused: refused.toWire() });
  }
}

const [, name = ""] = process.argv;
if (name === "boot") void boot();
else void answer(name as keyof Asked).then((said) => process.stdout.write(said));
