/** A WebSocket as an async sequence of texts, with its end as a {@link BerthError}. */
import { clientError, closeCodeError, type BerthError } from "./errors.ts";

export interface WebSocketLike {
  readonly readyState: number;
  /** Set to `arraybuffer` where binary messages are taken. */
  binaryType?: unknown;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: "open" | "error", listener: () => void): void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: "close", listener: (event: { readonly code: number; readonly reason: string }) => void): void;
}
export type WebSocketConstructor = new (url: string) => WebSocketLike;

export interface Socket {
  /** What cannot be sent any more is dropped; the close is reported by `messages`. */
  send(text: string): void;
  close(): void;
  messages(): AsyncGenerator<string>;
  /** Why the socket is closed. */
  closeError(): BerthError;
}

const OPEN = 1;

/** Resolves when the socket is open. @throws BerthError `network` when it cannot be opened */
export async function openSocket(
  Constructor: WebSocketConstructor | undefined,
  url: string,
  signal: AbortSignal,
): Promise<Socket> {
  const Chosen = Constructor ?? (globalThis as { WebSocket?: WebSocketConstructor }).WebSocket;
  if (!Chosen) throw clientError("bad-answer", "There is no WebSocket here: pass one to new Berth({ WebSocket }), or use events()");
  const socket = new Chosen(url);
  const received: string[] = [];
  let closed: { code: number; reason: string } | null = null;
  let wake: () => void = () => undefined;
  socket.addEventListener("message", (event) => {
    if (typeof event.data !== "string") return;
    received.push(event.data);
    wake();
  });
  const close = (code: number, reason: string): void => {
    closed ??= { code, reason };
    wake();
  };
  socket.addEventListener("error", () => close(1006, ""));
  socket.addEventListener("close", (event) => close(event.code, event.reason));
  signal.addEventListener("abort", () => {
    socket.close(1000);
    close(1000, "");
  }, { once: true });

  const closeError = (): BerthError => {
    const { code, reason } = closed ?? { code: 1006, reason: "" };
    return closeCodeError(code, reason);
  };
  await new Promise<void>((resolve) => {
    socket.addEventListener("open", () => resolve());
    wake = () => {
      if (closed) resolve();
    };
    wake();
  });
  if (closed) throw closeError();
  return {
    send: (text) => {
      if (socket.readyState === OPEN) socket.send(text);
    },
    close: () => {
      socket.close(1000);
      close(1006, "");
    },
    closeError,
    async *messages() {
      for (;;) {
        const text = received.shift();
        if (text !== undefined) yield text;
        else if (closed) return;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}
