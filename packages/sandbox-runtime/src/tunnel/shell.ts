/**
 * One shell on a pseudo-terminal, by `script` of util-linux: Node has none of its own, and a library for it would be native
 * code in every image. What the shell shows comes through a pipe, so that not reading stops the shell.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import type { Readable } from "node:stream";
import type { TerminalSize } from "@berth/protocol";

export interface ShellDeps {
  readonly workFolder: string;
  /** Of the agent's programs. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface ShellListener {
  output(bytes: Buffer): void;
  /** Once, after all output. `code` is null where it could not be started or was ended. */
  ended(code: number | null): void;
}

/** `stty` gives back what a pipe for input took away, echo first of all; `tty` says on the fourth pipe where to set a new size. */
const BEGIN = 'stty sane rows "$BERTH_ROWS" cols "$BERTH_COLS"; unset BERTH_ROWS BERTH_COLS; tty >&3; exec "$SHELL" -i 3>&-';
const TTY_PATTERN = /^\/dev\/[\w/]+$/m;

export class Shell {
  readonly #child: ChildProcess;
  readonly #environment: Record<string, string>;
  #tty: string | null = null;
  #size: TerminalSize;

  constructor({ workFolder, environment }: ShellDeps, size: TerminalSize, listener: ShellListener) {
    this.#size = size;
    this.#environment = { ...environment, TERM: "xterm-256color", COLORTERM: "truecolor", SHELL: existsSync("/bin/bash") ? "/bin/bash" : "/bin/sh" };
    const env = { ...this.#environment, BERTH_ROWS: `${size.rows}`, BERTH_COLS: `${size.cols}` };
    this.#child = spawn("script", ["-q", "-f", "-e", "-c", BEGIN, "/dev/null"], { cwd: workFolder, env, stdio: ["pipe", "pipe", "ignore", "pipe"] });
    this.#child.stdout?.on("data", (bytes: Buffer) => listener.output(bytes));
    // What is typed into a shell that just ended.
    this.#child.stdin?.on("error", () => {});
    let said = "";
    (this.#child.stdio[3] as Readable | undefined)?.on("data", (bytes: Buffer) => {
      said += bytes.toString();
      const tty = TTY_PATTERN.exec(said)?.[0];
      if (this.#tty !== null || tty === undefined || !said.includes("\n")) return;
      this.#tty = tty;
      // It may have changed while the shell began.
      if (this.#size !== size) this.#tellSize();
    });
    let isOver = false;
    const over = (code: number | null): void => {
      if (isOver) return;
      isOver = true;
      listener.ended(code);
    };
    this.#child.once("error", () => over(null));
    this.#child.once("close", (code) => over(code));
  }

  /** @param taken once the shell's pipe took it */
  write(bytes: Uint8Array, taken: () => void): void {
    if (this.#child.stdin?.writable) this.#child.stdin.write(bytes, taken);
    else taken();
  }

  resize(size: TerminalSize): void {
    this.#size = size;
    if (this.#tty !== null) this.#tellSize();
  }

  pause(): void {
    this.#child.stdout?.pause();
  }

  resume(): void {
    this.#child.stdout?.resume();
  }

  /** Closing the pseudo-terminal hangs up on all that runs on it. */
  end(): void {
    this.#child.kill("SIGKILL");
  }

  #tellSize(): void {
    const { rows, cols } = this.#size;
    // Fails when the shell just ended, and then nobody looks.
    spawn("stty", ["-F", this.#tty ?? "", "rows", `${rows}`, "cols", `${cols}`], { env: this.#environment, stdio: "ignore" }).once("error", () => {});
  }
}
