/**
 * The shells that people opened, by name. A shell goes on without anybody: whoever opens its name again is shown what it
 * showed last and takes it over. While nobody has it, what it shows is read and only the end of it kept.
 */
import { OpenTerminal, TerminalResize } from "@berth/protocol";
import type { Accept } from "../../../../src/core/tunnel/tunnel-end.ts";
import type { StreamListener, TunnelStream } from "../../../../src/core/tunnel/tunnel-stream.ts";
import { Shell, type ShellDeps } from "./shell.ts";

/** Within the tunnel's window, so that showing it again never waits. */
const SHOWN_BYTES_MAX = 128 * 1024;
const SHELLS_MAX = 8;
const NO_SCRIPT = "This sandbox has no program named script (of util-linux), by which a terminal is made.";

export interface TerminalsDeps extends ShellDeps {
  /** Called when the first shell opens, and when the last one ended. */
  peopleAtWork(areThey: boolean): void;
}

interface Opened {
  readonly shell: Shell;
  shown: Buffer[];
  shownBytes: number;
  stream: TunnelStream | null;
  /** How many were left before it was; of one that somebody has it says nothing. */
  leftAs: number;
}

export class Terminals {
  readonly #deps: TerminalsDeps;
  readonly #opened = new Map<string, Opened>();
  #left = 0;

  constructor(deps: TerminalsDeps) {
    this.#deps = deps;
  }

  /** Takes the streams that are for a terminal; null for others. */
  accept(what: Parameters<Accept>[0], stream: TunnelStream): ReturnType<Accept> | null {
    if (what["kind"] !== "terminal") return null;
    const parsed = OpenTerminal.safeParse(what);
    if (!parsed.success) return "That is no terminal this sandbox can open.";
    const { name, cols, rows } = parsed.data;
    const known = this.#opened.get(name);
    if (!known && this.#opened.size >= SHELLS_MAX && !this.#endLongestLeft()) return `There are ${SHELLS_MAX} shells in this sandbox, and somebody is at each: end one.`;
    const opened = known ?? this.#start(name, { cols, rows });
    opened.stream?.sendWord({ moved: true });
    opened.stream?.reset("it was opened elsewhere");
    opened.stream = stream;
    stream.sendHead({ fresh: known === undefined });
    for (const bytes of opened.shown) stream.write(bytes);
    // Whoever had it before may have held it up.
    opened.shell.resume();
    if (known) opened.shell.resize({ cols, rows });
    return listener(opened, stream, () => {
      opened.leftAs = this.#left += 1;
    });
  }

  /** Ends every shell. */
  close(): void {
    for (const { shell } of this.#opened.values()) shell.end();
  }

  #start(name: string, size: { readonly cols: number; readonly rows: number }): Opened {
    const shell = new Shell(this.#deps, size, {
      output: (bytes) => {
        keep(opened, bytes);
        if (opened.stream?.write(bytes) === false) shell.pause();
      },
      ended: (code) => {
        if (this.#opened.get(name) === opened) this.#opened.delete(name);
        if (this.#opened.size === 0) this.#deps.peopleAtWork(false);
        if (code === null && opened.shownBytes === 0) opened.stream?.reset(NO_SCRIPT);
        opened.stream?.sendWord({ exit: code ?? 1 });
        opened.stream?.end();
      },
    });
    const opened: Opened = { shell, shown: [], shownBytes: 0, stream: null, leftAs: 0 };
    this.#opened.set(name, opened);
    this.#deps.peopleAtWork(true);
    return opened;
  }

  /** Tabs that are gone leave shells that nobody comes back to. False when somebody has each. */
  #endLongestLeft(): boolean {
    const left = [...this.#opened].filter(([, { stream }]) => stream === null);
    const longest = left.toSorted(([, a], [, b]) => a.leftAs - b.leftAs)[0];
    if (longest === undefined) return false;
    this.#opened.delete(longest[0]);
    longest[1].shell.end();
    return true;
  }
}

function listener(opened: Opened, stream: TunnelStream, left: () => void): StreamListener {
  const { shell } = opened;
  const leave = (): void => {
    if (opened.stream !== stream) return;
    opened.stream = null;
    left();
    shell.resume();
  };
  return {
    data: (bytes) => shell.write(Buffer.from(bytes), () => stream.took(bytes.length)),
    word: (word) => {
      const resize = TerminalResize.safeParse(word);
      if (resize.success) shell.resize(resize.data);
    },
    drained: () => shell.resume(),
    ended: leave,
    reset: leave,
  };
}

function keep(opened: Opened, bytes: Buffer): void {
  opened.shown.push(bytes);
  opened.shownBytes += bytes.length;
  while (opened.shownBytes > SHOWN_BYTES_MAX) opened.shownBytes -= opened.shown.shift()?.length ?? 0;
}
