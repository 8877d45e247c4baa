/**
 * What a push says before its pack: which references move from which commit to which. Read as `git receive-pack` reads it
 * and stricter, so that a name cannot mean one thing here and another there.
 */
import { joined, readPkt } from "./pkt-line.ts";

export interface RefCommand {
  readonly before: string;
  /** All zeros deletes the reference. */
  readonly after: string;
  readonly ref: string;
}

export interface PushHead {
  readonly commands: readonly RefCommand[];
  readonly capabilities: readonly string[];
}

/** Far more than a push of thousands of references needs. */
export const PUSH_HEAD_BYTES_MAX = 1024 * 1024;

export type PushRead =
  | { readonly kind: "more" }
  | { readonly kind: "broken"; readonly why: string }
  | { readonly kind: "head"; readonly head: PushHead };

const COMMAND = /^([0-9a-f]{40}|[0-9a-f]{64}) ([0-9a-f]{40}|[0-9a-f]{64}) ([!-~]+)$/;
const SHALLOW = /^shallow ([0-9a-f]{40}|[0-9a-f]{64})$/;

/** Takes the body as it comes. */
export class PushReader {
  #held: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #at = 0;
  readonly #commands: RefCommand[] = [];
  #capabilities: readonly string[] | null = null;

  /** Everything taken so far, as it came. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#held;
  }

  take(chunk: Uint8Array): PushRead {
    this.#held = joined(this.#held, chunk);
    for (;;) {
      const read = readPkt(this.#held, this.#at);
      if (read.kind === "broken") return broken("a line of it has no valid length");
      if (read.kind === "more") return this.#held.length > PUSH_HEAD_BYTES_MAX ? broken("it names too many references") : { kind: "more" };
      this.#at = read.end;
      if (read.kind === "flush") return { kind: "head", head: { commands: this.#commands, capabilities: this.#capabilities ?? [] } };
      if (this.#at > PUSH_HEAD_BYTES_MAX) return broken("it names too many references");
      const wrong = this.#line(read.content);
      if (wrong !== null) return broken(wrong);
    }
  }

  /** Null when it was understood. */
  #line(content: Uint8Array): string | null {
    const [words = "", ...rest] = latin1(content).split("\0");
    if (words.startsWith("push-cert")) return "signed pushes are not passed on";
    if (rest.length > 1 || (rest.length === 1 && this.#capabilities !== null)) return "a line of it holds more than a command";
    const line = rest.length === 0 ? words.replace(/\n$/, "") : words;
    if (SHALLOW.test(line) && rest.length === 0) return null;
    const [, before, after, ref] = COMMAND.exec(line) ?? [];
    if (before === undefined || after === undefined || ref === undefined || before.length !== after.length) return "a line of it is no command";
    this.#capabilities ??= (rest[0] ?? "").trim().split(" ").filter((word) => word !== "");
    this.#commands.push({ before, after, ref });
    return null;
  }
}

function broken(why: string): PushRead {
  return { kind: "broken", why };
}

/** Byte for byte, so that what is no ASCII is seen and refused. */
function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
