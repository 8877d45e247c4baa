/** One viewer of a session as a case sees it, over either transport: what came, in its order, and how it ended. */
import { within } from "./check.ts";
import type { WireDelta, WireEvent, WireProblem } from "./wire.ts";

export type Transport = "ws" | "sse";

export type Item =
  | { readonly kind: "event"; readonly event: WireEvent; readonly sseId?: string | undefined; readonly sseType?: string }
  | { readonly kind: "delta"; readonly delta: WireDelta; readonly sseId?: string | undefined }
  | { readonly kind: "synced"; readonly seq: number; readonly sseId?: string | undefined }
  | { readonly kind: "reset"; readonly from: number; readonly archive?: string; readonly sseId?: string | undefined }
  | { readonly kind: "result"; readonly requestId: string; readonly value: unknown }
  | { readonly kind: "problem"; readonly requestId?: string; readonly problem: WireProblem }
  | { readonly kind: "comment" }
  | { readonly kind: "text"; readonly text: string };

export interface Closed {
  readonly code: number;
  readonly reason: string;
}

export abstract class Watcher {
  readonly items: Item[] = [];
  closed: Closed | null = null;
  readonly #patienceMs: number;
  #waiting: (() => void)[] = [];

  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  abstract close(): void;

  get events(): WireEvent[] {
    return this.items.flatMap((item) => (item.kind === "event" ? [item.event] : []));
  }

  get deltas(): WireDelta[] {
    return this.items.flatMap((item) => (item.kind === "delta" ? [item.delta] : []));
  }

  get synced(): number[] {
    return this.items.flatMap((item) => (item.kind === "synced" ? [item.seq] : []));
  }

  get resets() {
    return this.items.filter((item) => item.kind === "reset");
  }

  protected take(item: Item): void {
    this.items.push(item);
    this.changed();
  }

  protected changed(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  /** @throws Error when it does not come in time, or the stream ends before */
  async until<T>(what: string, found: () => T | false | null | undefined | "" | 0, patienceMs = this.#patienceMs): Promise<T> {
    const wait = async (): Promise<T> => {
      for (;;) {
        const value = found();
        if (value !== false && value !== null && value !== undefined && value !== "" && value !== 0) return value;
        if (this.closed) throw new Error(`${what}: the stream ended before (${this.closed.code} ${this.closed.reason})`);
        await new Promise<void>((resolve) => this.#waiting.push(resolve));
      }
    };
    return await within(patienceMs, what, wait());
  }

  untilSynced(): Promise<true> {
    return this.until("synced", () => this.synced.length > 0 && true);
  }

  /**
   * Waits for a count, for as long as it goes on growing: how fast is the machine's matter.
   *
   * @throws Error when it stops before
   */
  async untilCount(what: string, wanted: number, count: () => number): Promise<void> {
    for (let reached = count(); reached < wanted; ) {
      const before = reached;
      reached = await this.until(`${wanted} ${what} (${before} came)`, () => count() > before && count());
    }
  }

  untilSeq(seq: number): Promise<void> {
    return this.untilCount(`as the newest event's seq`, seq, () => this.events.at(-1)?.seq ?? 0);
  }

  /** Until so many units of a part's text came as deltas. Answers the part's id. */
  async untilText(units: number): Promise<string> {
    const ends = (): number[] => this.deltas.map(({ offset, text }) => offset + text.length);
    await this.untilCount("units of text", units, () => Math.max(0, ...ends()));
    return this.deltas.find(({ offset, text }) => offset + text.length >= units)?.partId ?? "";
  }

  /** Until a part's text came in so many deltas. */
  untilDeltas(count: number): Promise<void> {
    return this.untilCount("deltas", count, () => this.deltas.length);
  }

  async untilClosed(patienceMs = this.#patienceMs): Promise<Closed> {
    return await within(patienceMs, "the end of the stream", (async () => {
      while (!this.closed) await new Promise<void>((resolve) => this.#waiting.push(resolve));
      return this.closed;
    })());
  }
}
