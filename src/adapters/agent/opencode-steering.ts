/**
 * Further messages for the turn that runs. OpenCode puts a message for a busy session into its next model request. One that
 * comes in the turn's last moment begins a loop of its own or stays unanswered; both are made part of the turn here.
 */
import { PortError, isPortError } from "../../core/kernel/port-error.ts";
import type { PromptKnowledge, SteerAnswer } from "../../ports/agent/agent.port.ts";
import type { OpenCodeCalls } from "./opencode-client.ts";
import type { OpenCodeIds } from "./opencode-ids.ts";
import type { OpenCodeTurn } from "./opencode-turn.ts";
import type { TurnWatch } from "./opencode-turn-watch.ts";

export interface Conversation {
  readonly calls: OpenCodeCalls;
  readonly sessionId: string;
}

export interface SteeringDeps {
  readonly ids: OpenCodeIds;
  readonly watch: TurnWatch;
  /** Null while OpenCode does not run. */
  conversation(): Conversation | null;
  turn(): OpenCodeTurn | null;
  /** OpenCode is idle and the end of the turn is being told. */
  isSettling(turn: OpenCodeTurn): boolean;
  lookup(messageId: string): Promise<PromptKnowledge>;
}

/** How long a message that OpenCode took may need to be stored. */
const STORE_GRACE_MS = 5_000;

export class OpenCodeSteering {
  readonly #deps: SteeringDeps;
  /** Messages on their way, and the last of them: they go one after another. */
  readonly #underWay = new Map<string, Promise<SteerAnswer>>();
  #last: Promise<unknown> = Promise.resolve();
  readonly #nudged = new Set<string>();

  constructor(deps: SteeringDeps) {
    this.#deps = deps;
  }

  /** @throws PortError with outcome `unknown` when the agent ended before it could be told */
  give(turnMessageId: string, steerId: string, text: string): Promise<SteerAnswer> {
    const known = this.#underWay.get(steerId);
    if (known) return known;
    const answer = this.#last.then(() => this.#give(turnMessageId, steerId, text));
    this.#underWay.set(steerId, answer);
    this.#last = answer.catch(() => {}).finally(() => this.#underWay.delete(steerId));
    return answer;
  }

  /** Whatever is on its way has arrived, or will not. */
  async arrived(): Promise<void> {
    await Promise.allSettled(this.#underWay.values());
  }

  /**
   * True when an idle turn is not over: OpenCode answers what came in its last moment, or has been made to.
   *
   * @param turn with all that OpenCode stored
   */
  async goesOn({ calls, sessionId }: Conversation, turn: OpenCodeTurn): Promise<boolean> {
    if (!turn.isSteered) return false;
    const isBusy = await calls.isBusy(sessionId).catch(() => false);
    const { unanswered, isEnding, model } = turn;
    if (isBusy || unanswered === null || isEnding || this.#nudged.has(unanswered)) return isBusy;
    this.#nudged.add(unanswered);
    return calls.nudge(sessionId, unanswered, model).then(() => true, () => false);
  }

  async #give(turnMessageId: string, steerId: string, text: string): Promise<SteerAnswer> {
    const { ids, lookup, watch } = this.#deps;
    if ((await lookup(steerId)) !== "unknown") return "taken";
    const turn = this.#deps.turn();
    if (turn?.messageId !== turnMessageId) return "refused";
    // OpenCode puts messages in the order in which it stored them.
    await watch.until(turn, () => turn.hasBegun || turn.isEnding);
    const conversation = this.#deps.conversation();
    if (!conversation || this.#deps.turn() !== turn || this.#deps.isSettling(turn) || turn.isEnding) return "refused";
    const openCodeId = ids.assign(steerId, turnMessageId);
    turn.expectSteer(openCodeId);
    try {
      await conversation.calls.submit(conversation.sessionId, openCodeId, text, turn.model, "steer");
    } catch (error) {
      if (isPortError(error) && error.outcome === "not-applied") return "refused";
      // It may have arrived all the same.
    }
    if (await watch.until(turn, () => turn.hasSteer(openCodeId), STORE_GRACE_MS)) return "taken";
    const known = await lookup(steerId).catch(() => null);
    if (known === null) throw untold();
    return known === "unknown" ? "refused" : "taken";
  }
}

function untold(): PortError {
  const message = "The agent ended before it said whether it has the message.";
  return new PortError({ port: "agent", operation: "steer", code: "deadline-exceeded", outcome: "unknown", retry: "never", message });
}
