/**
 * Sees to it that a submitted prompt's turn begins. OpenCode takes a prompt before it stores it, and one it could not store,
 * as on a full disk, it forgets: it tells of an error, and nothing more comes. What became of the prompt is then looked up by
 * its id, so that it runs, and runs once.
 */
import type { Failure } from "@berth/protocol";
import { isPortError } from "../../core/kernel/port-error.ts";
import { NOT_STORED } from "./opencode-classify.ts";
import type { OpenCodeCalls } from "./opencode-client.ts";
import type { OpenCodeTurn } from "./opencode-turn.ts";
import type { TurnWatch } from "./opencode-turn-watch.ts";

export interface BeginningDeps {
  readonly watch: TurnWatch;
  turn(): OpenCodeTurn | null;
  /** Null while OpenCode does not run. */
  conversation(): { readonly calls: OpenCodeCalls; readonly sessionId: string } | null;
  /** Ends the turn by what is known of it, unless OpenCode is at work. */
  settle(turn: OpenCodeTurn): Promise<void>;
  /** Ends OpenCode, and the turn with it. */
  stop(): Promise<void>;
  /** After so long without a word of the turn it is looked up; after three times that it is given up. */
  readonly silenceMs: number;
  /** Before the prompt is given to it again: a disk is seldom full for long. */
  readonly pausesMs: readonly number[];
}

export const SILENCE_MS = 20_000;
export const PAUSES_MS: readonly number[] = [1_000, 2_000, 4_000, 8_000];
const SILENCES = 3;

const NOT_BEGUN: Failure = {
  code: "agent-silent",
  message: "The agent took the message and did not begin. Whether it would have is not known, so it was ended.",
  fix: "Send the message again to go on.",
};

/**
 * `begun`: it is at work or has answered. `stored`: it has the whole prompt and does nothing. `absent`: it has nothing, or an
 * empty message that the prompt's text would be put into.
 */
type Knowledge = "begun" | "stored" | "absent" | "untold";

export class OpenCodeBeginning {
  readonly #deps: BeginningDeps;

  constructor(deps: BeginningDeps) {
    this.#deps = deps;
  }

  /** Goes on in the background until the turn has begun or is over. @param turn whose prompt was submitted, or may be */
  async see(turn: OpenCodeTurn, text: string): Promise<void> {
    const { watch, silenceMs, pausesMs } = this.#deps;
    const pauses = [...pausesMs];
    for (let silences = 0; silences < SILENCES; ) {
      const isTold = await watch.until(turn, () => turn.hasBegun || turn.isEnding, silenceMs);
      if (this.#isOver(turn)) return;
      if (!isTold) {
        silences++;
        await this.#rouse(turn);
        continue;
      }
      const { failure } = turn;
      const pauseMs = failure?.code === NOT_STORED && !turn.stopRequested ? pauses.shift() : undefined;
      if (failure === null || pauseMs === undefined) {
        await this.#deps.settle(turn);
        silences++;
        await watch.until(turn, () => turn.hasBegun, silenceMs);
        if (this.#isOver(turn)) return;
        continue;
      }
      await watch.until(turn, () => turn.hasBegun || turn.stopRequested, pauseMs);
      if (this.#isOver(turn)) return;
      if (!turn.stopRequested) await this.#giveAgain(turn, text, failure);
    }
    turn.interrupt(NOT_BEGUN);
    await this.#deps.stop();
  }

  /** It said that it failed, and does nothing of its own accord after that: what it does not have by now it never will. */
  async #giveAgain(turn: OpenCodeTurn, text: string, failure: Failure): Promise<void> {
    const known = await this.#lookUp(turn);
    const conversation = this.#deps.conversation();
    if (known === "begun") return this.#deps.settle(turn);
    if (known === "untold" || !conversation || this.#isOver(turn) || turn.stopRequested) return;
    turn.forgetFailure();
    try {
      if (known === "stored") await conversation.calls.nudge(conversation.sessionId, turn.openCodeId, turn.model);
      else await conversation.calls.submit(conversation.sessionId, turn.openCodeId, text, turn.model);
    } catch (error) {
      // It may have arrived all the same: then the turn begins, or the silence tells.
      if (isPortError(error) && error.outcome === "not-applied") turn.fail(failure);
    }
  }

  /** What OpenCode has and nobody works on may be begun at any time; it does not answer twice. */
  async #rouse(turn: OpenCodeTurn): Promise<void> {
    const known = await this.#lookUp(turn);
    if (this.#deps.turn() !== turn) return;
    if (known === "begun") return this.#deps.settle(turn);
    if (known !== "stored") return;
    const conversation = this.#deps.conversation();
    await conversation?.calls.nudge(conversation.sessionId, turn.openCodeId, turn.model).catch(() => {});
  }

  async #lookUp(turn: OpenCodeTurn): Promise<Knowledge> {
    const conversation = this.#deps.conversation();
    if (!conversation) return "untold";
    const { calls, sessionId } = conversation;
    try {
      if (await calls.isBusy(sessionId)) turn.noteBegun();
      const messages = await calls.messagesFrom(sessionId, turn.openCodeId);
      if (messages?.some(({ info }) => info.role === "assistant")) turn.noteBegun();
      if (turn.hasBegun) {
        // Its events may have been missed, and then nothing else makes those look who wait for it.
        this.#deps.watch.lookAround();
        return "begun";
      }
      return messages === null ? "absent" : "stored";
    } catch {
      return "untold";
    }
  }

  #isOver(turn: OpenCodeTurn): boolean {
    return turn.hasBegun || this.#deps.turn() !== turn;
  }
}
