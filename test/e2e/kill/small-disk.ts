/** A small disk of its own under a folder, which can be filled to the last byte and emptied again. Linux, as root. */
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, closeSync, cpSync, fsyncSync, mkdtempSync, openSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const CHUNK_BYTES = 64 * 1024;

export class SmallDisk {
  readonly #folder: string;
  readonly #filler: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#filler = join(folder, ".filler");
  }

  /** What is in the folder is on the small disk from here on, for all who open it anew. */
  static under(folder: string, megabytes: number): SmallDisk {
    const { uid, gid, mode } = statSync(folder);
    const before = mkdtempSync(join(tmpdir(), "berth-disk-"));
    const copy = join(before, "copy");
    cpSync(folder, copy, { recursive: true, verbatimSymlinks: true });
    mount(["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder]);
    cpSync(copy, folder, { recursive: true, verbatimSymlinks: true });
    rmSync(before, { recursive: true, force: true });
    chownSync(folder, uid, gid);
    chmodSync(folder, mode);
    return new SmallDisk(folder);
  }

  /** Until not one more byte goes in. */
  fill(): void {
    // Renamed last, so that whoever lists the folder does not meet half of it.
    const fd = openSync(`${this.#filler}.new`, "w");
    try {
      for (let bytes = CHUNK_BYTES; bytes >= 1; ) {
        try {
          writeSync(fd, Buffer.alloc(bytes));
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
          bytes = Math.floor(bytes / 2);
        }
      }
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(`${this.#filler}.new`, this.#filler);
  }

  makeRoom(): void {
    rmSync(this.#filler, { force: true });
  }

  /** Also while a process still has a file of it open. */
  remove(): void {
    execFileSync("/usr/bin/umount", ["--lazy", this.#folder]);
  }
}

function mount(args: readonly string[]): void {
  execFileSync("/usr/bin/mount", [...args], { stdio: ["ignore", "ignore", "pipe"] });
}
