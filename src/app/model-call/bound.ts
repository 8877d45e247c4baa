/** What a call is likely to take, and the most that it can: no honest provider counts more than that. */
import type { ModelFacts } from "../../core/budget/price-book.ts";
import { costAtMost, costLikely, isFree } from "../../core/budget/price.ts";
import type { AskedCall } from "./read-call.ts";

/** What providers add of their own to a call that has tools. */
export const HIDDEN_TOKENS = 1_024;
/** A guess for caps on tokens, where nobody knows a limit; no cap on money goes by it. */
const OUTPUT_TOKENS_GUESS = 8_192;

/** Code, prose and JSON have three to four bytes to a token. */
const BYTES_PER_TOKEN = 3;

/** Why no figure holds the call. */
export type OpenEnd = { readonly of: "price" } | { readonly of: "input" } | { readonly of: "output" } | { readonly of: "setting"; readonly name: string };

interface Size {
  readonly tokens: number;
  /** Null: no price is known. */
  readonly costMicros: number | null;
}

export interface Bound extends Size {
  /** What it is likely to take, and never more than the most. */
  readonly likely: Size;
  /** Null: it costs no more than that. */
  readonly openEnd: OpenEnd | null;
}

export function boundOf(call: AskedCall, facts: ModelFacts): Bound {
  const { bytes, hasTools, isText, isInline, outputTokens, isLimited, copies } = call;
  const { contextTokens, price } = facts;
  const text = bytes + (hasTools ? HIDDEN_TOKENS : 0);
  const input = isText ? Math.min(text, contextTokens ?? Infinity) : (contextTokens ?? text);
  const each = isLimited ? outputTokens : Math.max(outputTokens, facts.outputTokens ?? contextTokens ?? OUTPUT_TOKENS_GUESS);
  const output = copies * each;
  // A picture in the body is fewer tokens than it has bytes as a rule; what is kept elsewhere says nothing of its size.
  const likelyInput = isInline ? Math.min(Math.ceil(bytes / BYTES_PER_TOKEN) + (text - bytes), input) : input;
  const likelyOutput = copies * Math.min(each, facts.outputTokens ?? each);
  return {
    tokens: input + output,
    costMicros: price && costAtMost(price, input, output),
    likely: { tokens: likelyInput + likelyOutput, costMicros: price && costLikely(price, likelyInput, likelyOutput) },
    openEnd: price !== null && isFree(price) ? null : openEndOf(call, facts),
  };
}

function openEndOf({ isText, isLimited, endless }: AskedCall, { contextTokens, outputTokens: modelLimit, price }: ModelFacts): OpenEnd | null {
  if (price === null) return { of: "price" };
  if (endless !== null) return { of: "setting", name: endless };
  if (!isText && contextTokens === null) return { of: "input" };
  return !isLimited && modelLimit === null && contextTokens === null ? { of: "output" } : null;
}
