/** Feeds the bytes of one answer to its wire's usage reader. Costs little per chunk: only events that can matter are parsed. */
import { NO_USAGE } from "@berth/protocol";
import type { MeteredUsage, ModelWire } from "./model-gateway.port.ts";
import { SseSplitter } from "./sse.ts";
import { costInUsage } from "./stated-cost.ts";
import { readAnthropicUsage } from "./usage-anthropic.ts";
import { NOTHING_FOUND, type UsageReader } from "./usage-found.ts";
import { readGoogleUsage } from "./usage-google.ts";
import { readOpenAiUsage } from "./usage-openai.ts";

const READERS: { readonly [W in ModelWire]: UsageReader } = {
  "openai-compatible": readOpenAiUsage,
  openai: readOpenAiUsage,
  anthropic: readAnthropicUsage,
  google: readGoogleUsage,
};

/** A whole body larger than this is passed through and not read, in UTF-16 units. */
const BODY_UNITS_MAX = 16 * 1024 * 1024;

export class UsageMeter {
  readonly #read: UsageReader;
  readonly #decoder = new TextDecoder();
  readonly #events: SseSplitter | null;
  #body = "";
  #found = NOTHING_FOUND;
  #cost: number | null;
  readonly #believesCost: boolean;

  /** @param statedCost what the answer's headers say it cost; absent where nobody's word on cost counts, in the body neither */
  constructor(wire: ModelWire, contentType: string | null, statedCost?: number | null) {
    this.#read = READERS[wire];
    this.#cost = statedCost ?? null;
    this.#believesCost = statedCost !== undefined;
    this.#events = contentType?.includes("text/event-stream") ? new SseSplitter() : null;
  }

  push(bytes: Uint8Array): void {
    const text = this.#decoder.decode(bytes, { stream: true });
    if (this.#events) this.#readAll(this.#events.push(text));
    else if (this.#body.length <= BODY_UNITS_MAX) this.#body += text;
  }

  /** @param whole false when the answer was cut: what is known then is not the last word */
  end(whole: boolean): MeteredUsage {
    if (whole) this.#readAll(this.#events ? [...this.#events.push("\n"), ...this.#events.end()] : [this.#body]);
    const { model, usage, complete } = this.#found;
    const cost = whole && this.#cost !== null ? { costMicros: this.#cost } : {};
    return { usage: usage ?? NO_USAGE, model, source: complete && usage ? "provider" : "missing", ...cost };
  }

  #readAll(values: readonly string[]): void {
    for (const value of values) {
      if (this.#found.model !== null && !value.includes("usage")) continue;
      try {
        const json: unknown = JSON.parse(value);
        this.#found = this.#read(this.#found, json);
        if (this.#believesCost) this.#cost = costInUsage(json) ?? this.#cost;
      } catch {
        // `[DONE]`, a torn event or an HTML page: there is no usage in it.
      }
    }
  }
}
