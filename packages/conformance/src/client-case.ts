/** A question to a client: what it does with what the stand-in gives it. It answers by not throwing. */
import { check, within } from "./check.ts";
import type { ClientHandle, ClientUnderTest } from "./client.ts";
import type { ClientNeed } from "./needs.ts";
import { StandIn } from "./stand-in.ts";
import type { Transport } from "./watcher.ts";
import type { WireEvent } from "./wire.ts";

export interface ClientCase {
  readonly id: string;
  readonly rules: readonly string[];
  readonly title: string;
  readonly transport: Transport;
  readonly needs?: readonly ClientNeed[];
  run(stage: ClientStage): Promise<void>;
}

type Rules = string | readonly string[];

const NAMES: Readonly<Record<Transport, string>> = { ws: "over WebSocket", sse: "over SSE" };

export function askClient(transport: Transport, id: string, rules: Rules, title: string, run: (stage: ClientStage) => Promise<void>, needs: readonly ClientNeed[] = []): ClientCase {
  return { id: `client.${id}.${transport}`, rules: [rules].flat(), title: `a client ${title}, ${NAMES[transport]}`, transport, run, needs };
}

/** The same question over both kinds of stream. */
export function askClientBoth(id: string, rules: Rules, title: string, run: (stage: ClientStage, transport: Transport) => Promise<void>, needs: readonly ClientNeed[] = []): ClientCase[] {
  return (["ws", "sse"] as const).map((transport) => askClient(transport, id, rules, title, (stage) => run(stage, transport), needs));
}

/** What one client did in one case. */
export class ClientStage {
  readonly standIn = new StandIn();
  readonly events: WireEvent[] = [];
  readonly texts = new Map<string, string>();
  readonly resets: number[] = [];
  waiting: readonly string[] = [];
  cards: readonly string[] = [];
  ended: { readonly code: string | null } | null = null;
  readonly client: ClientUnderTest;
  readonly transport: Transport;
  readonly patienceMs: number;
  #handle: ClientHandle | null = null;

  constructor(client: ClientUnderTest, transport: Transport, patienceMs: number) {
    this.client = client;
    this.transport = transport;
    this.patienceMs = patienceMs;
  }

  get handle(): ClientHandle {
    check(this.#handle, "the client is open");
    return this.#handle;
  }

  get seqs(): number[] {
    return this.events.map(({ seq }) => seq);
  }

  /** A time of the contract as this client takes it. */
  scaled(ms: number): number {
    return ms / this.client.timeScale;
  }

  async open(after = 0): Promise<void> {
    const url = await this.standIn.listen();
    const opening = this.client.open[this.transport];
    check(opening, "the client has this transport");
    this.#handle = opening({
      url,
      key: "example-key",
      sessionId: "ses_1",
      after,
      observer: {
        event: (event) => void this.events.push(event),
        text: (partId, text) => void this.texts.set(partId, text),
        reset: (from) => void this.resets.push(from),
        waiting: (messageIds) => void (this.waiting = messageIds),
        cards: (requestIds) => void (this.cards = requestIds),
        ended: (code) => void (this.ended ??= { code }),
      },
    });
  }

  async until<T>(what: string, found: () => T | false | null | undefined, patienceMs = this.patienceMs): Promise<T> {
    let stopped = false;
    try {
      return await within(patienceMs, what, (async () => {
        for (;;) {
          const value = found();
          if (value !== false && value !== null && value !== undefined) return value;
          if (stopped) return await new Promise<never>(() => undefined);
          await new Promise((resolve) => setTimeout(resolve, 2));
        }
      })());
    } finally {
      stopped = true;
    }
  }

  async untilSeq(seq: number): Promise<void> {
    await this.until(`event ${seq}; given were ${this.seqs.join()}`, () => this.seqs.includes(seq));
  }

  async untilConnection(number: number, patienceMs = this.patienceMs) {
    return await this.until(`connection ${number}`, () => this.standIn.connections[number - 1], patienceMs);
  }

  async untilEnded(): Promise<string | null> {
    return (await this.until("the client to end", () => this.ended)).code;
  }

  /** Long enough for it to have connected again, had it wanted to. */
  async linger(ms = 2_000): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, Math.max(60, this.scaled(ms))));
  }

  async end(): Promise<void> {
    this.#handle?.close();
    await this.standIn.close();
  }
}
