/** The two ends of an accepted upgrade in one object, as workerd would hand out one of them. */
import type { ServerFrame } from "@berth/protocol";
import type { FrameSocket } from "../../src/app/http/sse.ts";

type Listeners = { message: ((event: { data: unknown }) => void)[]; close: ((event: { code: number; reason: string }) => void)[]; error: (() => void)[] };

export class MemorySocket implements FrameSocket {
  readonly sent: unknown[] = [];
  closed: { readonly code: number | undefined; readonly reason: string | undefined } | null = null;
  onAccept: () => void = () => {};
  readonly #listeners: Listeners = { message: [], close: [], error: [] };

  accept(): void {
    this.onAccept();
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(code?: number, reason?: string): void {
    this.closed ??= { code, reason };
  }

  addEventListener<T extends keyof Listeners>(type: T, listener: Listeners[T][number]): void {
    (this.#listeners[type] as Listeners[T][number][]).push(listener);
  }

  deliver(frame: ServerFrame): void {
    this.deliverText(JSON.stringify(frame));
  }

  deliverText(data: string): void {
    for (const listener of this.#listeners.message) listener({ data });
  }

  closeFromSession(code: number, reason: string): void {
    for (const listener of this.#listeners.close) listener({ code, reason });
  }

  fail(): void {
    for (const listener of this.#listeners.error) listener();
  }
}

/** Node's `Response` refuses status 101, which workerd's has. */
export function upgraded(socket: MemorySocket): Response {
  return Object.defineProperties(new Response(null), { status: { value: 101 }, webSocket: { value: socket } });
}
