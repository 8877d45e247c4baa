/**
 * A shell in memory, enough to tell one provider from a wrong one: `;`, `&&`, `( … ) &`, redirections, quotes, `$NAME`. Time
 * passes only in the sense that `sleep` counts: what would overrun is reported at once.
 */
import { runProgram, type Process } from "./fake-commands.ts";
import { below, PathError, type FakeTree } from "./fake-tree.ts";

export interface ShellRequest {
  readonly command: readonly string[];
  /** A folder of the tree, without links. */
  readonly cwd: string;
  readonly timeoutMs: number;
  readonly tree: FakeTree;
}

export interface ShellResult {
  readonly ended: "exited" | "timed-out" | "goes-on";
  readonly exitCode: number;
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  /** It slept. */
  readonly paused: boolean;
}

/** Whoever sleeps as long is not waited for: it goes on until the sandbox ends. */
const ENDLESS_MS = 60_000;
const ENVIRONMENT: Readonly<Record<string, string>> = { HOME: "/home/agent", PATH: "/usr/local/bin:/usr/bin:/bin", USER: "agent" };
const SIGNALS: Readonly<Record<string, number>> = { "-KILL": 9, "-TERM": 15 };

/** A word in quotes keeps what it is made of; an operator never was one. */
type Token = { readonly word: string } | { readonly operator: string };

class Stop extends Error {
  readonly how: "exited" | "timed-out" | "goes-on";
  readonly exitCode: number;

  constructor(how: Stop["how"], exitCode = 0) {
    super(how);
    this.how = how;
    this.exitCode = exitCode;
  }
}

export function runInShell({ command, cwd, timeoutMs, tree }: ShellRequest): ShellResult {
  const shell = new Shell(tree, timeoutMs);
  const at: Process = { tree, cwd, environment: ENVIRONMENT, out: [], err: [] };
  let ended: ShellResult["ended"] = "exited";
  let exitCode = 0;
  try {
    exitCode = shell.start(command, at);
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    ended = error.how;
    exitCode = error.exitCode;
  }
  shell.endChildren(at);
  return { ended, exitCode, stdout: joined(at.out), stderr: joined(at.err), paused: shell.elapsedMs > 0 };
}

class Shell {
  elapsedMs = 0;
  readonly #tree: FakeTree;
  readonly #limitMs: number;
  /** What was put in the background, and when. */
  readonly #children: { readonly body: readonly Token[]; readonly atMs: number }[] = [];

  constructor(tree: FakeTree, limitMs: number) {
    this.#tree = tree;
    this.#limitMs = limitMs;
  }

  start([name = "", ...args]: readonly string[], at: Process): number {
    if (name === "sleep") return this.#sleep(Number(args[0]) * 1000);
    if (name === "sh") return this.#script(args[0] === "-c" ? (args[1] ?? "") : this.#text(args[0] ?? "", at), at);
    if (name === "exit") throw new Stop("exited", Number(args[0] ?? 0));
    if (name === "kill" && args[1] === "$$") throw new Stop("exited", 128 + (SIGNALS[args[0] ?? ""] ?? 15));
    if (name.includes("/")) return this.#file(name, at);
    return runProgram([name, ...args], at);
  }

  /** A child has as long as the command that it belongs to. */
  endChildren(at: Process): void {
    for (const { body, atMs } of this.#children.splice(0)) {
      const child = new Shell(this.#tree, this.elapsedMs - atMs);
      try {
        child.#list(body, at);
      } catch (error) {
        if (!(error instanceof Stop)) throw error;
      }
    }
  }

  #sleep(ms: number): number {
    if (this.elapsedMs + ms > this.#limitMs) throw new Stop("timed-out");
    if (ms >= ENDLESS_MS) throw new Stop("goes-on");
    this.elapsedMs += ms;
    return 0;
  }

  /** A shell of its own: `exit` leaves it and nothing else. */
  #script(text: string, at: Process): number {
    try {
      return this.#list(tokens(text), at);
    } catch (error) {
      if (error instanceof Stop && error.how === "exited") return error.exitCode;
      throw error;
    }
  }

  #file(path: string, at: Process): number {
    const inside = below(at.cwd, path);
    const mode = this.#tree.mode(inside);
    if (mode === null) {
      at.err.push(`sh: ${path}: not found\n`);
      return 127;
    }
    if ((mode & 0o100) === 0) {
      at.err.push(`sh: ${path}: Permission denied\n`);
      return 126;
    }
    return this.#script(this.#text(path, at), at);
  }

  #text(path: string, { cwd }: Process): string {
    return new TextDecoder().decode(this.#tree.read(below(cwd, path)) ?? new Uint8Array());
  }

  #list(all: readonly Token[], at: Process): number {
    let code = 0;
    let words: string[] = [];
    let skips = false;
    const run = (): void => {
      if (words.length > 0 && !skips) code = this.#simple(words, at);
      words = [];
    };
    for (let next = 0; next < all.length; next += 1) {
      const token = all[next];
      if (token === undefined) break;
      if ("word" in token) words.push(token.word);
      else if (token.operator === "(") {
        const end = all.findIndex((each, index) => index > next && "operator" in each && each.operator === ")");
        const body = all.slice(next + 1, end);
        const after = all[end + 1];
        const inBackground = after !== undefined && "operator" in after && after.operator === "&";
        if (inBackground) this.#children.push({ body, atMs: this.elapsedMs });
        else code = this.#list(body, at);
        next = inBackground ? end + 1 : end;
      } else if (token.operator === ";" || token.operator === "&&") {
        run();
        skips = token.operator === "&&" && code !== 0;
      } else words.push(token.operator);
    }
    run();
    return code;
  }

  /** A command with its redirections. */
  #simple(words: readonly string[], at: Process): number {
    const out: (string | Uint8Array)[] = [];
    const args: string[] = [];
    let target: string | null = null;
    let appends = false;
    let toErrors = false;
    for (let next = 0; next < words.length; next += 1) {
      const word = words[next] ?? "";
      if (word === ">&2") toErrors = true;
      else if (word === ">" || word === ">>") {
        appends = word === ">>";
        next += 1;
        target = words[next] ?? "";
      } else args.push(expanded(word, at));
    }
    const code = this.start(args, { ...at, out: toErrors ? at.err : target === null ? at.out : out });
    if (target === null) return code;
    const path = below(at.cwd, target);
    try {
      const before = appends ? (this.#tree.read(path) ?? new Uint8Array()) : new Uint8Array();
      this.#tree.write(path, joined([before, ...out]));
    } catch (error) {
      if (!(error instanceof PathError)) throw error;
      at.err.push(`sh: cannot create ${target}\n`);
      return 2;
    }
    return code;
  }
}

function joined(pieces: readonly (string | Uint8Array)[]): Uint8Array {
  const bytes = new TextEncoder();
  const all = pieces.map((piece) => (typeof piece === "string" ? bytes.encode(piece) : piece));
  const whole = new Uint8Array(all.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of all) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function expanded(word: string, { environment }: Process): string {
  return word.replaceAll(/\$([A-Za-z_]\w*)/g, (_all, name: string) => environment[name] ?? "");
}

const TOKEN = /(?:[^\S\n]|#[^\n]*)*(?:'([^']*)'|"([^"]*)"|(>&2|>>|&&|[;\n()&>])|([^\s'";()&>]+))/y;

function tokens(text: string): Token[] {
  const found: Token[] = [];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match; match = TOKEN.exec(text)) {
    const [, single, double, operator, bare] = match;
    const word = single ?? double ?? bare;
    found.push(word === undefined ? { operator: operator === "\n" ? ";" : (operator ?? "") } : { word });
  }
  return found;
}
