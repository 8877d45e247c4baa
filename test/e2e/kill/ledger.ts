/**
 * What really happened in a sandbox: a file that each command appends one line to, `key nanoseconds`. The same file has a
 * second name outside of every sandbox, so that it is neither replaced nor lost with one.
 */
import { existsSync, linkSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const NAME = "ledger.txt";

export class Ledger {
  readonly #inside: string;
  readonly #outside: string;

  /** @param workFolder of the session, on this machine. @param folder on the same disk, outside of every sandbox */
  constructor(workFolder: string, folder: string, sessionId: string) {
    this.#inside = join(workFolder, NAME);
    this.#outside = join(folder, `${sessionId}.ledger`);
  }

  /** Once the work folder is there. */
  open(): this {
    mkdirSync(join(this.#outside, ".."), { recursive: true });
    if (!existsSync(this.#inside)) writeFileSync(this.#inside, "", { mode: 0o666 });
    linkSync(this.#inside, this.#outside);
    return this;
  }

  /** The shell command whose effect is counted. `pauseS` is what a kill may fall into, after the effect. */
  static command(key: string, pauseS: number): string {
    return `echo "${key} $(date +%s%N)" >> ${NAME}; sleep ${pauseS}; echo done`;
  }

  /** Keys in the order of their effects. @throws Error when the file is not the one that was opened, or a line is torn */
  read(): string[] {
    if (!existsSync(this.#outside)) return existsSync(this.#inside) ? keysOf(this.#inside) : [];
    if (existsSync(this.#inside) && statSync(this.#inside).ino !== statSync(this.#outside).ino) throw new Error(`${this.#inside} was replaced`);
    return keysOf(this.#outside);
  }
}

function keysOf(path: string): string[] {
  const lines = readFileSync(path, "utf8").split("\n");
  if (lines.pop() !== "") throw new Error(`${path} ends in the middle of a line`);
  return lines.map((line) => {
    const key = /^(\S+) \d{19}$/.exec(line)?.[1];
    if (key === undefined) throw new Error(`${path} has a line that nobody wrote: ${line}`);
    return key;
  });
}
