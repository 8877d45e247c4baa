/** The journey as a person reads it. Colours only on a terminal. */
import type { CheckResult } from "./check.ts";

const TITLE_WIDTH = 58;

export class Report {
  readonly #colours = process.stdout.isTTY === true && process.env["NO_COLOR"] === undefined;
  readonly #quiet: boolean;

  constructor(options: { readonly quiet: boolean }) {
    this.#quiet = options.quiet;
  }

  begin(what: string): void {
    this.#print(`\n  ${this.#paint(1, "Berth journey")}  ${this.#paint(2, what)}\n`);
  }

  running(title: string): void {
    if (process.stdout.isTTY && !this.#quiet) process.stdout.write(`  ${this.#paint(2, `· ${title} …`)}`);
  }

  check({ title, ok, ms, detail }: CheckResult): void {
    const clear = process.stdout.isTTY ? "\r\x1b[2K" : "";
    const mark = ok ? this.#paint(32, "✓") : this.#paint(31, "✗");
    const time = `${(ms / 1000).toFixed(1)} s`.padStart(7);
    this.#print(`${clear}  ${mark} ${title.padEnd(TITLE_WIDTH)} ${this.#paint(2, time)}  ${ok ? this.#paint(2, detail) : ""}`.trimEnd());
    if (!ok) this.#print(`      ${this.#paint(31, detail)}`);
  }

  end(results: readonly CheckResult[], ms: number): void {
    const passed = results.filter(({ ok }) => ok).length;
    const total = `${passed}/${results.length} checks`;
    this.#print(`\n  ${this.#paint(passed === results.length ? 32 : 31, total)} in ${(ms / 1000).toFixed(1)} s\n`);
  }

  #print(line: string): void {
    if (!this.#quiet) process.stdout.write(`${line}\n`);
  }

  #paint(code: number, text: string): string {
    return this.#colours ? `\x1b[${code}m${text}\x1b[0m` : text;
  }
}
