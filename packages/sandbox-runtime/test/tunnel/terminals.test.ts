/** Real shells on real pseudo-terminals, over two joined ends of a tunnel. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { verifies } from "@berth/testkit";
import { afterEach, beforeEach, expect } from "vitest";
import { TunnelEnd } from "../../../../src/core/tunnel/tunnel-end.ts";
import type { TunnelStream } from "../../../../src/core/tunnel/tunnel-stream.ts";
import { Terminals } from "../../src/tunnel/terminals.ts";

const SIZE = { cols: 91, rows: 27 };

let folder: string;
let terminals: Terminals;
let plane: TunnelEnd;
let atWork: boolean[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "berth-terminals-"));
  // Of this test alone: a shell of the one before may still end.
  const mine: boolean[] = [];
  atWork = mine;
  terminals = new Terminals({ workFolder: folder, environment: { PATH: process.env["PATH"] ?? "", HOME: folder, EXAMPLE: "of-the-agent", PS1: "$ " }, peopleAtWork: (areThey) => void mine.push(areThey) });
  const sandbox: TunnelEnd = new TunnelEnd({ send: (message) => queueMicrotask(() => expect(joined.receive(message)).toBe(true)) }, (what, stream) => terminals.accept(what, stream) ?? "unknown");
  const joined = new TunnelEnd({ send: (message) => queueMicrotask(() => expect(sandbox.receive(message)).toBe(true)) }, null);
  plane = joined;
});

afterEach(async () => {
  plane.lost("the test is over");
  terminals.close();
  await rm(folder, { recursive: true, force: true });
});

/** Somebody at a terminal. */
class Person {
  shown = "";
  bytes = 0;
  readonly words: unknown[] = [];
  head: unknown = null;
  over: string | null = null;
  /** Does not acknowledge what it is shown. */
  isStill = false;
  readonly #stream: TunnelStream;
  #wake: () => void = () => {};

  constructor(name: string, size = SIZE) {
    this.#stream = plane.open({ kind: "terminal", name, ...size }, {
      head: (head) => this.#heard(() => void (this.head = head)),
      data: (bytes) =>
        this.#heard(() => {
          this.bytes += bytes.length;
          this.shown = (this.shown + Buffer.from(bytes).toString("latin1")).slice(-200_000);
          if (!this.isStill) this.#stream.took(bytes.length);
        }),
      word: (word) => this.#heard(() => void this.words.push(word)),
      ended: () => this.#heard(() => void (this.over = "ended")),
      reset: (reason) => this.#heard(() => void (this.over = reason)),
    });
  }

  type(text: string): void {
    this.#stream.write(Buffer.from(text));
  }

  resize(cols: number, rows: number): void {
    this.#stream.sendWord({ resize: true, cols, rows });
  }

  took(): void {
    this.isStill = false;
    this.#stream.took(this.bytes);
  }

  leave(): void {
    this.#stream.reset("the page is gone");
  }

  async until(isThere: () => boolean): Promise<void> {
    while (!isThere()) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  #heard(change: () => void): void {
    change();
    this.#wake();
  }
}

verifies("TRM1", "a command that is typed runs in the work folder on a terminal of the page's size, echo and all, with the environment of the agent's programs", async () => {
  const person = new Person("a");
  person.type("echo no$((40+2))nce; pwd; stty size; echo $EXAMPLE/$BERTH_ROWS/$TERM; exit 7\n");
  await person.until(() => person.over !== null);
  expect(person.head).toEqual({ fresh: true });
  for (const text of ["echo no$((40+2))nce", "no42nce", folder, "27 91", "of-the-agent//xterm-256color"]) expect(person.shown).toContain(text);
  expect([person.words, person.over]).toEqual([[{ exit: 7 }], "ended"]);
});

verifies("TRM2", "a new size reaches the program that runs, and one that came too early is not lost", async () => {
  const person = new Person("a");
  person.resize(100, 30);
  person.type(`while ! stty size | grep '30 100'; do :; done; bash -c "trap 'echo to''ld' WINCH; echo rea''dy; while ! stty size | grep '40 120'; do :; done"\n`);
  await person.until(() => person.shown.includes("ready"));
  person.resize(120, 40);
  await person.until(() => person.shown.includes("\n40 120") && person.shown.includes("told"));
});

verifies("TRM3", "a shell goes on without anybody, and whoever opens its name again sees what it showed last and has it alone", async () => {
  const first = new Person("a");
  first.type("kept=so''mething; echo be''gun\n");
  await first.until(() => first.shown.includes("begun"));
  first.leave();
  const second = new Person("a");
  await second.until(() => second.shown.includes("begun"));
  expect(second.head).toEqual({ fresh: false });
  second.type("echo [$kept]\n");
  await second.until(() => second.shown.includes("[something]"));
  const third = new Person("a");
  await second.until(() => second.over !== null);
  expect(second.over).toBe("it was opened elsewhere");
  third.type("exit\n");
  await third.until(() => third.over === "ended");
  const anew = new Person("a");
  await anew.until(() => anew.head !== null);
  expect(anew.head).toEqual({ fresh: true });
});

verifies("CHK5", "people are at work from the first shell to the end of the last, whoever looks at them", async () => {
  const people = [new Person("a"), new Person("b")];
  for (const person of people) await person.until(() => person.shown !== "");
  people[0]?.leave();
  expect(new Set(atWork)).toEqual(new Set([true]));
  const back = new Person("a");
  back.type("exit\n");
  await back.until(() => back.over === "ended");
  expect(atWork.at(-1)).toBe(true);
  people[1]?.type("exit\n");
  await people[1]?.until(() => people[1]?.over === "ended");
  expect(atWork.at(-1)).toBe(false);
});

verifies("TRM4", "a page that does not read stops the program, which goes on from there when it does", async () => {
  const person = new Person("a");
  await person.until(() => person.head !== null);
  person.isStill = true;
  person.type("seq 1 300000; echo al''l\n");
  await person.until(() => person.bytes >= 256 * 1024 - person.shown.indexOf("1\r\n2"));
  const stopped = person.bytes;
  expect(stopped).toBeLessThanOrEqual(256 * 1024);
  expect(person.shown).not.toContain("300000\r\nall");
  person.took();
  await person.until(() => person.shown.includes("300000\r\nall"));
});

verifies("TRM4", "a shell that a page held up goes on for the next who opens it", async () => {
  const still = new Person("a");
  await still.until(() => still.head !== null);
  still.isStill = true;
  still.type("seq 1 300000; echo al''l\n");
  await still.until(() => still.bytes >= 256 * 1024);
  const next = new Person("a");
  await next.until(() => next.shown.includes("300000\r\nall"));
  expect(next.head).toEqual({ fresh: false });
});

verifies("TRM5", "the ninth shell ends the one that nobody has had longest, and is refused with what to do where somebody has each", async () => {
  const people = Array.from({ length: 8 }, (_, i) => new Person(`t${i}`));
  for (const person of people) await person.until(() => person.shown !== "");
  const refused = new Person("ninth");
  await refused.until(() => refused.over !== null);
  expect(refused.over).toContain("end one");
  people[5]?.leave();
  people[2]?.leave();
  const ninth = new Person("ninth");
  await ninth.until(() => ninth.head !== null);
  const [kept, ended] = [new Person("t2"), new Person("t5")];
  await kept.until(() => kept.head !== null);
  expect([kept.head, people[0]?.over]).toEqual([{ fresh: false }, null]);
  await ended.until(() => ended.over !== null);
  expect(ended.over).toContain("end one");
  people[0]?.type("exit\n");
  await people[0]?.until(() => people[0]?.over === "ended");
  const again = new Person("t5");
  await again.until(() => again.head !== null);
  expect(again.head).toEqual({ fresh: true });
});
