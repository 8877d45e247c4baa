/** Waiting for something of the running turn: looked at whenever OpenCode tells anything, so nothing is asked over and over. */
import type { OpenCodeTurn } from "./opencode-turn.ts";

export class TurnWatch {
  readonly #current: () => OpenCodeTurn | null;
  readonly #watching = new Set<() => void>();

  /** @param current turn that runs */
  constructor(current: () => OpenCodeTurn | null) {
    this.#current = current;
  }

  /** OpenCode told something, somebody asked for something, or the turn is over. */
  lookAround(): void {
    for (const look of this.#watching) look();
  }

  /** True when it is so; false when the turn was over before, or the time. */
  until(turn: OpenCodeTurn, isSo: () => boolean, withinMs?: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const look = (): void => {
      if (isSo() || this.#current() !== turn) resolve(isSo());
    };
    const timer = withinMs === undefined ? undefined : setTimeout(() => resolve(isSo()), withinMs);
    this.#watching.add(look);
    look();
    return promise.finally(() => {
      clearTimeout(timer);
      this.#watching.delete(look);
    });
  }
}
