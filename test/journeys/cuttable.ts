/** Connections of the SDK that can be cut as a network does: without a word. Remembers the cursor of each one. */
import type { WebSocketConstructor } from "@berth/sdk";
import { WebSocket } from "ws";

export class CuttableConnections {
  /** `after` of each stream that was opened. */
  readonly cursors: number[] = [];
  readonly #cuts = new Set<() => void>();

  readonly fetch = (url: string, init: RequestInit): Promise<Response> => {
    if (!new Headers(init.headers).get("accept")?.includes("text/event-stream")) return fetch(url, init);
    this.#opened(url);
    const own = new AbortController();
    this.#cuts.add(() => own.abort(new Error("cut")));
    return fetch(url, { ...init, signal: init.signal ? AbortSignal.any([init.signal, own.signal]) : own.signal });
  };

  readonly WebSocket: WebSocketConstructor = this.#socketClass();

  cut(): void {
    for (const cut of this.#cuts) cut();
    this.#cuts.clear();
  }

  #opened(url: string): void {
    this.cursors.push(Number(new URL(url).searchParams.get("after") ?? 0));
  }

  #socketClass(): WebSocketConstructor {
    const opened = (url: string, socket: WebSocket): void => {
      this.#opened(url);
      this.#cuts.add(() => socket.terminate());
    };
    return class extends WebSocket {
      constructor(url: string) {
        super(url);
        opened(url, this);
      }
    } as unknown as WebSocketConstructor;
  }
}
