/**
 * One request to a port of the sandbox, until it is known what the sandbox answers. From there on its stream is an answer's
 * body, or a socket's messages; nothing is held here beyond the stream's window.
 */
import { CLOSE_CODES, makeProblem, PortHead, type OpenPort, type Problem } from "@berth/protocol";
import type { TunnelEnd } from "../../core/tunnel/tunnel-end.ts";
import type { StreamListener, TunnelStream } from "../../core/tunnel/tunnel-stream.ts";
import type { Guest, Underway } from "./port-guests.ts";

export type PortAnswer = Exclude<PortHead, { is: "refused" }> | { readonly is: "problem"; readonly problem: Problem };

/** Whoever has the stream once it was answered. */
export type PortListener = Omit<StreamListener, "head" | "word" | "drained" | "reset"> & {
  broken(code: number, reason: string): void;
  /** Bytes kept of what came. */
  held?(): number;
};

export class PortCall implements StreamListener {
  readonly stream: TunnelStream;
  readonly #port: number;
  readonly #underway: Underway;
  readonly #answer = Promise.withResolvers<PortAnswer>();
  #listener: PortListener | null = null;
  #drained: () => void = () => {};
  #isOver = false;

  constructor(tunnel: TunnelEnd, guest: Guest, what: Omit<OpenPort, "kind">) {
    this.#port = what.port;
    this.#underway = guest.began({ cut: (code, reason) => this.#cut(code, reason), held: () => this.stream.waitingBytes + (this.#listener?.held?.() ?? 0) });
    this.stream = tunnel.open({ kind: "port", ...what } satisfies OpenPort, this);
  }

  /** What the sandbox answered. @param listener hears of the stream from then on */
  answer(listener: PortListener): Promise<PortAnswer> {
    this.#listener = listener;
    return this.#answer.promise;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  head(words: Readonly<Record<string, unknown>>): void {
    const { data: head } = PortHead.safeParse(words);
    if (head === undefined) return this.#fail(makeProblem("upstream-failed", "The sandbox's answer is not understood."));
    if (head.is !== "refused") return this.#answer.resolve(head);
    const silent = { fix: `Start what is to be seen, so that it listens on port ${this.#port} of localhost, and reload.` };
    this.#fail(makeProblem("upstream-failed", head.detail, head.why === "silent" ? silent : {}));
  }

  data(bytes: Uint8Array): void {
    this.#underway.active();
    this.#listener?.data(bytes, 0);
  }

  ended(): void {
    this.#answer.resolve({ is: "problem", problem: makeProblem("upstream-failed", "The sandbox gave no answer.") });
    this.#listener?.ended?.();
    this.stream.end();
    this.#finish();
  }

  reset(reason: string): void {
    // A runtime that knows no ports says so.
    this.#cut(CLOSE_CODES.fenced, reason);
  }

  drained(): void {
    this.#drained();
  }

  /** Waits where the sandbox does not take it. */
  async write(bytes: Uint8Array): Promise<void> {
    this.#underway.active();
    const drained = new Promise<void>((resolve) => (this.#drained = resolve));
    if (!this.stream.write(bytes) && !this.#isOver) await drained;
  }

  /** Whoever asked is gone, or has what they need. */
  leave(reason: string): void {
    if (this.#isOver) return;
    this.#answer.resolve({ is: "problem", problem: makeProblem("upstream-failed", `Nothing came of it: ${reason}.`) });
    this.stream.reset(reason);
    this.#finish();
  }

  #fail(problem: Problem): void {
    this.#answer.resolve({ is: "problem", problem });
    this.leave("it was answered");
  }

  #cut(code: number, reason: string): void {
    if (this.#isOver) return;
    this.#answer.resolve({ is: "problem", problem: makeProblem("upstream-failed", `The sandbox broke off: ${reason}`) });
    this.#listener?.broken(code, reason);
    this.stream.reset(reason);
    this.#finish();
  }

  #finish(): void {
    this.#isOver = true;
    this.#underway.over();
    this.#drained();
  }
}
