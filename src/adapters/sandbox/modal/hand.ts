/** Asks the program inside a sandbox one thing: starts it there, tells it by its input, and takes its output for the answer. */
import { setTimeout as delay } from "node:timers/promises";
import { PortError } from "../../../core/kernel/port-error.ts";
import { refusal } from "../session-folders/errors.ts";
import { chunksOf, type Account } from "./account.ts";
import { HEAD_BYTES_MAX, readAnswer, type Said } from "./answers.ts";
import { collect, type CollectLimits } from "./collect.ts";
import { classifyModal } from "./errors.ts";
import { frame } from "./frames.ts";
import { asAgent, type Asked } from "./inside/asked.ts";

export interface HandRequest {
  /** For errors. */
  readonly operation: string;
  readonly bytes?: Uint8Array;
  /** That may follow the answer; absent: none. */
  readonly bytesMax?: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** As whoever started the sandbox, who may end what it started; the agent else. */
  readonly isHost?: boolean;
}

const ENDING_MS = 2_000;

type Reached = Pick<Account, "exec" | "untilEnded">;

export class Hand {
  readonly #account: Reached;
  readonly #node: string;
  readonly #program: string;

  /** @param node path of Node in the image @param program the one that runs inside, whole */
  constructor(account: Reached, node: string, program: string) {
    this.#account = account;
    this.#node = node;
    this.#program = program;
  }

  command(name: keyof Asked | "boot"): [string, ...string[]] {
    return [this.#node, "-e", this.#program, name];
  }

  /** @throws PortError as it was refused inside; `canceled` when the sandbox ended or the signal came */
  async ask<Name extends keyof Asked>(sandbox: string, name: Name, ask: Asked[Name]["ask"], request: HandRequest): Promise<Said<Name>> {
    const { operation, bytesMax = 0, timeoutMs, signal, isHost = false } = request;
    const over = new AbortController();
    const ended = (): PortError => refusal(operation, "The sandbox ended meanwhile.", { code: "canceled", outcome: "unknown" });
    const { promise: stopped, reject } = Promise.withResolvers<never>();
    stopped.catch(() => undefined);
    const cancel = (): void => reject(ended());
    const timer = setTimeout(() => reject(refusal(operation, "The sandbox did not answer in time.", { code: "deadline-exceeded", outcome: "unknown" })), timeoutMs);
    signal?.addEventListener("abort", cancel, { once: true });
    if (signal?.aborted) cancel();
    // What cannot be looked at says nothing of the command; a sandbox that has ended does.
    this.#account.untilEnded(sandbox, over.signal).then(cancel, () => undefined);
    const command = this.command(name);
    const saying = this.#say(sandbox, isHost ? command : asAgent(command), frame(ask, request.bytes), { operation, bytesMax: bytesMax + HEAD_BYTES_MAX, signal: over.signal });
    saying.catch(() => undefined);
    try {
      const said = await Promise.race([saying, stopped]);
      return readAnswer(operation, name, said);
    } catch (error) {
      if (error instanceof PortError && error.code === "canceled") throw error;
      // The answer breaks off a moment before Modal says that the sandbox has ended.
      if (!(error instanceof PortError)) await Promise.race([stopped, delay(ENDING_MS)]);
      throw classifyModal(operation, error);
    } finally {
      over.abort();
      clearTimeout(timer);
      signal?.removeEventListener("abort", cancel);
    }
  }

  async #say(sandbox: string, command: readonly string[], said: Buffer, limits: CollectLimits): Promise<Buffer> {
    const { stdin, stdout, stderr, wait } = await this.#open(sandbox, command);
    const answer = Promise.all([collect(stdout, limits), collect(stderr, { ...limits, bytesMax: HEAD_BYTES_MAX })]);
    answer.catch(() => undefined);
    for (const chunk of chunksOf(said)) {
      limits.signal.throwIfAborted();
      await stdin.write(chunk);
    }
    await stdin.close();
    const [[out, err]] = await Promise.all([answer, wait()]);
    if (out.length === 0) throw new Error(`the program inside said nothing${err.length === 0 ? "" : `: ${err.toString("utf8").slice(0, 300)}`}`);
    return out;
  }

  async #open(sandbox: string, command: readonly string[]) {
    const process = await this.#account.exec(sandbox, command);
    return { stdin: process.stdin.getWriter(), stdout: process.stdout, stderr: process.stderr, wait: () => process.wait() };
  }
}
