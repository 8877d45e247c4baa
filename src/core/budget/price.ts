/**
 * What a model call costs: whole millionths of a US dollar, rounded up once per call. Prices are millionths of a dollar per
 * million tokens, so that no fraction is ever kept.
 */
import type { Usage } from "@berth/protocol";

export interface Rates {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  /** Of those output tokens that were reasoning. */
  readonly reasoning: number;
}

export interface ModelPrice extends Rates {
  /** Other rates for a call whose input is larger than so many tokens. */
  readonly long: (Rates & { readonly aboveTokens: number }) | null;
}

export const FREE: ModelPrice = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0, long: null };

const MILLION = 1_000_000n;

/** `inputTokens` leaves out what was read from or written to a cache; `outputTokens` includes reasoning. */
export function costOf(price: ModelPrice, usage: Usage): number {
  const { inputTokens, outputTokens, reasoningTokens, cacheReadTokens, cacheWriteTokens } = usage;
  const rates = ratesFor(price, inputTokens + cacheReadTokens + cacheWriteTokens);
  const reasoning = Math.min(reasoningTokens, outputTokens);
  return charge([
    [inputTokens, rates.input],
    [cacheReadTokens, rates.cacheRead],
    [cacheWriteTokens, rates.cacheWrite],
    [outputTokens - reasoning, rates.output],
    [reasoning, rates.reasoning],
  ]);
}

/** The most that a call of at most this size costs, whatever of it comes from a cache, is written to one, or is reasoning. */
export function costAtMost(price: ModelPrice, inputTokens: number, outputTokens: number): number {
  // A call that turns out smaller has the other rates, which may be the dearer ones.
  const possible = [price, ratesFor(price, inputTokens)];
  return charge([
    [inputTokens, Math.max(...possible.flatMap(({ input, cacheRead, cacheWrite }) => [input, cacheRead, cacheWrite]))],
    [outputTokens, Math.max(...possible.flatMap(({ output, reasoning }) => [output, reasoning]))],
  ]);
}

/**
 * What such a call is likely to cost at most. An agent sends its whole conversation again with every call, so half of it is
 * taken to come from the provider's cache, which costs less at those that have one; as a rule it is much more than half.
 */
export function costLikely(price: ModelPrice, inputTokens: number, outputTokens: number): number {
  const { input, cacheRead, output, reasoning } = ratesFor(price, inputTokens);
  const fromCache = Math.floor(inputTokens / 2);
  return charge([
    [inputTokens - fromCache, input],
    [fromCache, cacheRead],
    [outputTokens, Math.max(output, reasoning)],
  ]);
}

export function isFree({ input, output, cacheRead, cacheWrite, reasoning, long }: ModelPrice): boolean {
  return long === null && [input, output, cacheRead, cacheWrite, reasoning].every((rate) => rate === 0);
}

function ratesFor({ long, ...rates }: ModelPrice, inputTokens: number): Rates {
  return long !== null && inputTokens > long.aboveTokens ? long : rates;
}

function charge(parts: readonly (readonly [tokens: number, rate: number])[]): number {
  const sum = parts.reduce((total, [tokens, rate]) => total + BigInt(tokens) * BigInt(rate), 0n);
  return Number((sum + MILLION - 1n) / MILLION);
}
