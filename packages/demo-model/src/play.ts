/** Plays a plan into a sink at a human pace, counting tokens: one per streamed chunk, as providers bill them. */
import { setTimeout as delay } from "node:timers/promises";
import type { Action } from "./plan.ts";
import { wordsOf, type Sink } from "./sink.ts";

export interface PlayOptions {
  readonly inputTokens: number;
  /** Pause between chunks of ordinary text. 0 sends them back to back. */
  readonly chunkDelayMs: number;
  /** Aborted when the reader leaves. */
  readonly signal: AbortSignal;
}

export async function play(actions: readonly Action[], sink: Sink, { inputTokens, chunkDelayMs, signal }: PlayOptions): Promise<void> {
  let outputTokens = 0;
  let previous: Action["kind"] | null = null;

  const speak = async (text: string, send: (chunk: string) => Promise<void>): Promise<void> => {
    for (const chunk of wordsOf(text)) {
      await send(chunk);
      outputTokens += 1;
      if (chunkDelayMs > 0) await delay(chunkDelayMs, undefined, { signal });
    }
  };

  for (const action of actions) {
    const gap = previous === action.kind ? "\n" : "";
    switch (action.kind) {
      case "text":
        await speak(gap + action.text, (chunk) => sink.text(chunk));
        break;
      case "reasoning":
        await speak(gap + action.text, (chunk) => sink.reasoning(chunk));
        break;
      case "sleep":
        await delay(action.ms, undefined, { signal });
        continue;
      case "stream":
        outputTokens += await streamTokens(action, sink, signal);
        break;
      case "tool":
        await sink.tool(action);
        outputTokens += Math.ceil(JSON.stringify(action.input).length / 4);
        return sink.end("tool", { inputTokens, outputTokens });
      case "fail":
        return sink.fail(action.status, action.retryAfter);
      case "cut":
        return sink.cut();
    }
    previous = action.kind;
  }
  await sink.end("end", { inputTokens, outputTokens });
}

/**
 * Token n is the number n and a space, due at start + (n - 1) / rate: late timers are caught up with, so that the pace
 * holds over the whole stream, and a reader can see a gap or a repeat.
 */
async function streamTokens({ tokens, perSecond }: { readonly tokens: number; readonly perSecond: number }, sink: Sink, signal: AbortSignal): Promise<number> {
  const startedAt = performance.now();
  for (let sent = 0; sent < tokens; ) {
    signal.throwIfAborted();
    const due = Math.min(tokens, Math.floor(((performance.now() - startedAt) * perSecond) / 1000) + 1);
    for (; sent < due; sent++) await sink.text(`${sent + 1} `);
    const wait = startedAt + (sent * 1000) / perSecond - performance.now();
    if (sent < tokens && wait > 0) await delay(wait, undefined, { signal });
  }
  return tokens;
}
