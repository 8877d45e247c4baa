/**
 * `npm run image` beside a running instance: behind everything else in the line for the processors, and ended with it.
 * Sessions go on meanwhile, and get containers once it is done.
 */
import { spawn } from "node:child_process";
import { createWriteStream, mkdirSync } from "node:fs";
import { setPriority } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { BUILD_IMAGE, readImageBuild } from "../../../../src/adapters/sandbox/docker/image-build.ts";
import { IMAGE_BUILD, ROOT } from "../paths.ts";
import { endProcess } from "../process-table.ts";
import { BuildRecord } from "./build-record.ts";

export interface BackgroundBuild {
  /** Once it is over, however it ended. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

interface Where {
  readonly image: string;
  readonly dataDir: string;
  /** A line for who watches; null where nobody does. */
  readonly tell: ((line: string) => void) | null;
  /** A line that must not be missed. */
  readonly warn: (line: string) => void;
}

const LOWEST_PRIORITY = 19;
const GRACE_MS = 2_000;

export function buildImageBeside({ image, dataDir, tell, warn }: Where): BackgroundBuild {
  const began = performance.now();
  const logs = join(dataDir, "logs");
  mkdirSync(logs, { recursive: true, mode: 0o700 });
  const log = createWriteStream(join(logs, "image.log"), { flags: "a", mode: 0o600 });
  // By the channel it learns of a launcher that was killed.
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", join(ROOT, "packages", "launcher", "src", "main.ts"), "image"], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    detached: true,
    env: { ...process.env, SANDBOX_IMAGE: image },
  });
  if (child.pid !== undefined) {
    setPriority(child.pid, LOWEST_PRIORITY);
    BuildRecord.announce(IMAGE_BUILD, image, child.pid);
  }
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on("line", (line) => {
      log.write(`${line}\n`);
      if (/^ +[✓✗]/.test(line)) tell?.(`  image ${line.trimStart()}`);
    });
  }
  let stopping = false;
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const over = (isDone: boolean, why = "it ended without a word"): void => {
    log.end();
    resolve();
    if (stopping) return;
    if (isDone) return tell?.(`  image ready after ${((performance.now() - began) / 1000).toFixed(0)} s: sessions that begin from now on run in containers.`);
    const build = readImageBuild(IMAGE_BUILD, image);
    warn(`  The image of sandboxes could not be built: ${build?.state === "failed" ? build.reason : why}\n  Sessions go on in processes. To try again:  ${BUILD_IMAGE}   (log: ${join(logs, "image.log")})`);
  };
  child.once("error", (error) => over(false, error.message));
  child.once("close", (code) => over(code === 0));
  const stop = async (): Promise<void> => {
    stopping = true;
    if (child.pid !== undefined && child.exitCode === null) await endProcess(child.pid, GRACE_MS, true);
    await ended;
  };
  return { ended, stop };
}
