/** What is known of an organization's models: what its owner states of them, else what the shipped price list says. */
import type { ModelPrice as StatedPrice } from "@berth/protocol";
import { dearest, hostOf, mostOf, UNKNOWN_MODEL, type PriceBook, type ModelFacts } from "../core/budget/price-book.ts";
import type { ModelPrice } from "../core/budget/price.ts";
import type { ProviderConnection } from "../ports/catalog/catalog.port.ts";

type Offer = Pick<ProviderConnection, "baseUrl" | "models">;
type OwnedOffer = Offer & Pick<ProviderConnection, "userId">;

/** As its connection states it. */
export function modelFacts(prices: PriceBook, { baseUrl, models }: Offer, model: string): ModelFacts {
  const known = prices.find(baseUrl, model) ?? UNKNOWN_MODEL;
  const stated = models.find(({ id }) => id === model);
  return {
    contextTokens: stated?.contextTokens ?? known.contextTokens,
    outputTokens: stated?.outputTokens ?? known.outputTokens,
    price: stated?.price ? priceOf(stated.price) : known.price,
  };
}

/**
 * What counts against caps. Of a person's own connection that is what the organization states of the model at that host, or
 * else the price list: caps are set over that person, whose words may raise it and never lower it.
 * @param all the organization's connections are taken from these
 */
export function countedFacts(prices: PriceBook, connection: OwnedOffer, all: readonly OwnedOffer[], model: string): ModelFacts {
  const stated = modelFacts(prices, connection, model);
  if (connection.userId === null) return stated;
  const [first, ...others] = all
    .filter(({ userId, baseUrl, models }) => userId === null && hostOf(baseUrl) === hostOf(connection.baseUrl) && models.some(({ id }) => id === model))
    .map((shared) => modelFacts(prices, shared, model));
  const known = first ? others.reduce(mostOf, first) : (prices.find(connection.baseUrl, model) ?? UNKNOWN_MODEL);
  return {
    contextTokens: known.contextTokens && Math.max(known.contextTokens, stated.contextTokens ?? 0),
    outputTokens: known.outputTokens && Math.max(known.outputTokens, stated.outputTokens ?? 0),
    price: known.price && dearest(known.price, stated.price),
  };
}

/** Whether the model may be called: one of the connection's own list, or of what is known of its provider. */
export function isOffered(prices: PriceBook, { baseUrl, models }: Offer, model: string): boolean {
  return models.some(({ id }) => id === model) || prices.find(baseUrl, model) !== null;
}

const MICROS = 1_000_000;

/** Dollars per million tokens, as people write them. A fraction of a millionth is rounded up. */
function priceOf({ input, output, cacheRead = input, cacheWrite = input, reasoning = output }: StatedPrice): ModelPrice {
  const rate = (dollars: number): number => Math.ceil(dollars * MICROS - 1e-6);
  return { input: rate(input), output: rate(output), cacheRead: rate(cacheRead), cacheWrite: rate(cacheWrite), reasoning: rate(reasoning), long: null };
}

/** The same in dollars per million tokens. */
export function shownPrice({ input, output, cacheRead, cacheWrite, reasoning }: ModelPrice): StatedPrice {
  return { input: input / MICROS, output: output / MICROS, cacheRead: cacheRead / MICROS, cacheWrite: cacheWrite / MICROS, reasoning: reasoning / MICROS };
}
