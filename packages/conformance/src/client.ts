/** A client under test: how the kit opens it, and what it is told by it. */
import type { ClientNeed } from "./needs.ts";
import type { Transport } from "./watcher.ts";
import type { WireEvent } from "./wire.ts";

export interface ClientObserver {
  /** An event, as it is given to the client's user. */
  event(event: WireEvent): void;
  /** Text of a part as the user sees it now. */
  text(partId: string, text: string): void;
  /** Events before `from` were passed over. */
  reset(from: number): void;
  /** Messages that wait, as the user sees them: in the order in which they will run. */
  waiting(messageIds: readonly string[]): void;
  /** What was asked and is not answered, as the user sees it. */
  cards(requestIds: readonly string[]): void;
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

/** What it can be asked to do, over the WebSocket. Each throws an Error whose `code` is the problem's slug. */
export interface ClientHandle {
  close(): void;
  prompt?(text: string, options?: { readonly steers?: boolean }): Promise<{ readonly id: string }>;
  stop?(): Promise<unknown>;
  cancel?(messageId: string): Promise<unknown>;
  answer?(requestId: string, answer: { readonly kind: "question"; readonly answers: readonly (readonly string[])[] }): Promise<unknown>;
  /** Over whatever it likes: the whole of a big output, of which an event has the reference. */
  output?(ref: { readonly name: string; readonly address: string; readonly bytes: number }): Promise<string>;
}

export interface ClientUnderTest {
  readonly name: string;
  /** By how much its waits are shortened for the kit. 1: they are as they are, and some cases take a minute. */
  readonly timeScale: number;
  /** What it does not have. Default: nothing. */
  readonly lacks?: readonly ClientNeed[];
  readonly open: Partial<Readonly<Record<Transport, (options: ClientOptions) => ClientHandle>>>;
}
