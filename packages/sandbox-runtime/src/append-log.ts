/** A file of lines that is only appended to, on disk when an append returns. A line cut off by a crash is dropped. */
import { closeSync, existsSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";

export class FileLog {
  readonly #path: string;
  #fd: number;
  readonly lines: readonly string[];

  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true });
    this.#path = path;
    const text = existsSync(path) ? readFileSync(path, "utf8") : "";
    const whole = text.slice(0, text.lastIndexOf("\n") + 1);
    this.lines = whole.split("\n").filter((line) => line !== "");
    this.#fd = openSync(path, "a", 0o600);
    if (whole.length < text.length) ftruncateSync(this.#fd, Buffer.byteLength(whole));
  }

  append(lines: readonly string[]): void {
    if (lines.length === 0) return;
    writeSync(this.#fd, lines.map((line) => `${line}\n`).join(""));
    fsyncSync(this.#fd);
  }

  /** Replaces everything by these lines at once: a crash leaves either the old file or the new one. */
  rewrite(lines: readonly string[]): void {
    const next = `${this.#path}.next`;
    const fd = openSync(next, "w", 0o600);
    writeSync(fd, lines.map((line) => `${line}\n`).join(""));
    fsyncSync(fd);
    renameSync(next, this.#path);
    closeSync(this.#fd);
    this.#fd = openSync(this.#path, "a", 0o600);
    closeSync(fd);
  }

  close(): void {
    closeSync(this.#fd);
  }
}
