/** Actions sent over a stream that wait for their result. */
import type { ClientFrame } from "@berth/protocol";
import type { BerthError } from "./errors.ts";

type Action = Exclude<ClientFrame, { type: "ack" }>;
/** An action without the request id, which is given here. */
export type ActionFrame = { [T in Action["type"]]: Omit<Extract<Action, { type: T }>, "requestId"> }[Action["type"]];

interface Pending {
  readonly frame: Action;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: BerthError) => void;
}

export class PendingActions {
  readonly #pending = new Map<string, Pending>();
  #counter = 0;

  add(action: ActionFrame): { readonly frame: Action; readonly result: Promise<unknown> } {
    const requestId = `r${++this.#counter}`;
    const frame = { ...action, requestId } as Action;
    const result = new Promise<unknown>((resolve, reject) => this.#pending.set(requestId, { frame, resolve, reject }));
    return { frame, result };
  }

  /** What a new connection has to send again. */
  unanswered(): Action[] {
    return [...this.#pending.values()].map(({ frame }) => frame);
  }

  /** Only a prompt may be sent twice, by its key. A second stop could stop the next turn. */
  connectionLost(error: BerthError): void {
    for (const [requestId, pending] of this.#pending) {
      if (pending.frame.type !== "prompt") this.reject(requestId, error);
    }
  }

  resolve(requestId: string, value: unknown): void {
    this.#take(requestId)?.resolve(value);
  }

  reject(requestId: string, error: BerthError): void {
    this.#take(requestId)?.reject(error);
  }

  rejectAll(error: BerthError): void {
    for (const requestId of [...this.#pending.keys()]) this.reject(requestId, error);
  }

  #take(requestId: string): Pending | undefined {
    const pending = this.#pending.get(requestId);
    this.#pending.delete(requestId);
    return pending;
  }
}
