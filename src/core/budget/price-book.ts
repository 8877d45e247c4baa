/**
 * The models that are known, by the host their provider answers at. The name an organization gives a provider says nothing
 * about its prices; the address does.
 */
import type { ModelPrice, Rates } from "./price.ts";

/** Context and output limit in tokens, then the rates; a long tail for calls with much input. 0: not known. */
export type ModelRow = readonly [
  context: number,
  output: number,
  ...rates: RatesRow,
  ...long: readonly [] | readonly [aboveTokens: number, ...RatesRow],
];
type RatesRow = readonly [input: number, output: number, cacheRead: number, cacheWrite: number, reasoning: number];

export interface PriceData {
  /** `2026-09-23` */
  readonly takenOn: string;
  readonly source: string;
  readonly providers: readonly {
    readonly id: string;
    readonly host: string;
    /** JSON of `{ [model]: ModelRow }`; read when the host is first asked for. */
    readonly models: string;
  }[];
}

export interface ModelFacts {
  readonly contextTokens: number | null;
  readonly outputTokens: number | null;
  /** Null: not known. */
  readonly price: ModelPrice | null;
}

export const UNKNOWN_MODEL: ModelFacts = { contextTokens: null, outputTokens: null, price: null };

/** Vendors date their snapshots, `gpt-example-2026-04-23`; the name without it has the same price. */
const SNAPSHOT = /-(\d{4}-\d{2}-\d{2}|\d{8})$/;

export class PriceBook {
  readonly takenOn: string;
  readonly source: string;
  readonly #data: PriceData;
  readonly #hosts = new Map<string, readonly Readonly<Record<string, ModelRow>>[]>();

  constructor(data: PriceData) {
    this.takenOn = data.takenOn;
    this.source = data.source;
    this.#data = data;
  }

  /** Null for a model that is not in the data. Of several offers at one host the most of each counts, so that a cap is never passed by a guess. */
  find(baseUrl: string, given: string): ModelFacts | null {
    const offers = this.#offersAt(hostOf(baseUrl));
    const model = given.replace(/^models\//, "");
    for (const name of new Set([model, model.replace(SNAPSHOT, "")])) {
      const [first, ...others] = offers.flatMap((models) => (Object.hasOwn(models, name) ? [factsOf(models[name] as ModelRow)] : []));
      if (first) return others.reduce(mostOf, first);
    }
    return null;
  }

  #offersAt(host: string): readonly Readonly<Record<string, ModelRow>>[] {
    const known = this.#hosts.get(host);
    if (known) return known;
    const here = this.#data.providers.filter((provider) => provider.host === host);
    // Only hosts that are in the data are kept, so that addresses people type do not fill the memory.
    if (here.length === 0) return [];
    const offers = here.map(({ models }) => JSON.parse(models) as Record<string, ModelRow>);
    this.#hosts.set(host, offers);
    return offers;
  }
}

/** Where every price is stated by an owner. */
export const NO_PRICES: PriceData = { takenOn: "2026-11-20", source: "none", providers: [] };

export function hostOf(baseUrl: string): string {
  try {
    return new URL(baseUrl).host;
  } catch {
    return "";
  }
}

function factsOf([context, output, input, out, read, write, reasoning, ...long]: ModelRow): ModelFacts {
  const [aboveTokens, ...longRates] = long;
  const price: ModelPrice = { ...ratesOf([input, out, read, write, reasoning]), long: aboveTokens === undefined ? null : { aboveTokens, ...ratesOf(longRates as unknown as RatesRow) } };
  return { contextTokens: context || null, outputTokens: output || null, price: input === 0 && out === 0 ? null : price };
}

export function mostOf(a: ModelFacts, b: ModelFacts): ModelFacts {
  return { contextTokens: largest(a.contextTokens, b.contextTokens), outputTokens: largest(a.outputTokens, b.outputTokens), price: dearest(a.price, b.price) };
}

function largest(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}

/** By the most of each rate, and with the rates of long calls from where the first of them begins. */
export function dearest(a: ModelPrice | null, b: ModelPrice | null): ModelPrice | null {
  if (a === null || b === null) return a ?? b;
  const aboveTokens = Math.min(a.long?.aboveTokens ?? Infinity, b.long?.aboveTokens ?? Infinity);
  const long = aboveTokens === Infinity ? null : { aboveTokens, ...dearestRates(a.long ?? a, b.long ?? b) };
  return { ...dearestRates(a, b), long };
}

function dearestRates(a: Rates, b: Rates): Rates {
  return {
    input: Math.max(a.input, b.input),
    output: Math.max(a.output, b.output),
    cacheRead: Math.max(a.cacheRead, b.cacheRead),
    cacheWrite: Math.max(a.cacheWrite, b.cacheWrite),
    reasoning: Math.max(a.reasoning, b.reasoning),
  };
}

/** What a vendor does not price apart costs as much as what it is a kind of. */
function ratesOf([input, output, cacheRead, cacheWrite, reasoning]: RatesRow): Rates {
  return { input, output, cacheRead: cacheRead || input, cacheWrite: cacheWrite || input, reasoning: reasoning || output };
}
