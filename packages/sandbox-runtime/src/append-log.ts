/**
 * A file of lines that is only appended to, on disk when an append returns. A line cut off by a crash is dropped, and so
 * is one that did not fit on the disk: the next line would otherwise end it.
 */
import { closeSync, existsSync, fstatSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";

export class FileLog {
  readonly #path: string;
  #fd: number;

  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true });
    this.#path = path;
    const text = existsSync(path) ? readFileSync(path, "utf8") : "";
    const whole = text.slice(0, text.lastIndexOf("\n") + 1);
    this.#fd = openSync(path, "a", 0o600);
    if (whole.length < text.length) ftruncateSync(this.#fd, Buffer.byteLength(whole));
  }

  /** Read from the disk every time. */
  get lines(): readonly string[] {
    return readFileSync(this.#path, "utf8").split("\n").filter((line) => line !== "");
  }

  /** @throws the system's own error, for example of a full disk; nothing of the lines is in the file then */
  append(lines: readonly string[]): void {
    if (lines.length === 0) return;
    const { size } = fstatSync(this.#fd);
    try {
      writeWhole(this.#fd, lines);
    } catch (error) {
      ftruncateSync(this.#fd, size);
      throw error;
    }
  }

  /** Replaces everything by these lines at once: a crash leaves either the old file or the new one. */
  rewrite(lines: readonly string[]): void {
    const next = `${this.#path}.next`;
    const fd = openSync(next, "w", 0o600);
    try {
      writeWhole(fd, lines);
      renameSync(next, this.#path);
    } finally {
      closeSync(fd);
    }
    closeSync(this.#fd);
    this.#fd = openSync(this.#path, "a", 0o600);
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** A disk that is nearly full takes a part and says how much; only the next write says why. */
function writeWhole(fd: number, lines: readonly string[]): void {
  const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
  for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
  fsyncSync(fd);
}
