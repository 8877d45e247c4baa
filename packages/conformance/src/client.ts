/** A client under test: how the kit opens it, and what it is told by it. */
import type { Transport } from "./watcher.ts";
import type { WireEvent } from "./wire.ts";

export interface ClientObserver {
  /** An event, as it is given to the client's user. */
  event(event: WireEvent): void;
  /** Text of a part as the user sees it now. */
  text(partId: string, text: string): void;
  /** Events before `from` were passed over. */
  reset(from: number): void;
  /** It gave up or was closed. The problem's slug, or the code it ended with; null when all was well. */
  ended(code: string | null): void;
}

export interface ClientOptions {
  readonly url: string;
  readonly key: string;
  readonly sessionId: string;
  readonly after: number;
  readonly observer: ClientObserver;
}

export interface ClientHandle {
  close(): void;
  /** Over the WebSocket. @throws Error whose `code` is the problem's slug */
  prompt?(text: string): Promise<{ readonly id: string }>;
  stop?(): Promise<unknown>;
}

export interface ClientUnderTest {
  readonly name: string;
  /** By how much its waits are shortened for the kit. 1: they are as they are, and some cases take a minute. */
  readonly timeScale: number;
  readonly open: Partial<Readonly<Record<Transport, (options: ClientOptions) => ClientHandle>>>;
}
