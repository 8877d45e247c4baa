/**
 * Makes the price list that ships with a release out of models.dev's `api.json`, or of a catalogue that a package made of
 * it (`provider → model → {baseUrl, cost, contextWindow, maxTokens}`). Pure: a catalogue in, the text of a source file out.
 */
import type { ModelRow, PriceData } from "../../../src/core/budget/price-book.ts";
import type { CatalogueModel, CatalogueProvider, CatalogueRates } from "./model-catalogue.ts";

/** models.dev names an address only for providers that have no client package of their own. */
const VENDOR_HOSTS: Readonly<Record<string, string>> = {
  anthropic: "api.anthropic.com",
  cerebras: "api.cerebras.ai",
  cohere: "api.cohere.com",
  deepinfra: "api.deepinfra.com",
  google: "generativelanguage.googleapis.com",
  groq: "api.groq.com",
  mistral: "api.mistral.ai",
  openai: "api.openai.com",
  openrouter: "openrouter.ai",
  perplexity: "api.perplexity.ai",
  togetherai: "api.together.xyz",
  vercel: "ai-gateway.vercel.sh",
  xai: "api.x.ai",
};
/** models.dev gives the rates of long calls under a name that holds this threshold. */
const LONG_ABOVE_TOKENS = 200_000;
const MICROS = 1_000_000;

export interface TrimmedProvider {
  readonly id: string;
  readonly host: string;
  readonly models: Readonly<Record<string, ModelRow>>;
}

/** Providers with a fixed address and a price per token, by id; everything else is left out. */
export function trimModels(catalogue: readonly CatalogueProvider[]): readonly TrimmedProvider[] {
  const trimmed: TrimmedProvider[] = [];
  for (const { id, api, models: given } of catalogue.toSorted((a, b) => byName([a.id], [b.id]))) {
    const entries = Object.entries(given).toSorted(byName);
    const host = VENDOR_HOSTS[id] ?? hostOf(api ?? entries.map(([, { baseUrl }]) => baseUrl).find(Boolean));
    const models = Object.fromEntries(entries.flatMap(([name, model]) => rowOf(model).map((row) => [name, row] as const)));
    if (host !== null && Object.keys(models).length > 0) trimmed.push({ id, host, models });
  }
  return trimmed;
}

export function renderModelData(providers: readonly TrimmedProvider[], { takenOn, source }: Pick<PriceData, "takenOn" | "source">): string {
  const rows = providers.map(({ id, host, models }) => `    { id: ${JSON.stringify(id)}, host: ${JSON.stringify(host)}, models: ${JSON.stringify(JSON.stringify(models))} },`);
  return [
    "/** Made by `npm run models:refresh`; not edited by hand. Limits in tokens, prices in millionths of a dollar per million tokens. */",
    'import type { PriceData } from "../core/budget/price-book.ts";',
    "",
    "export const MODEL_DATA: PriceData = {",
    `  takenOn: ${JSON.stringify(takenOn)},`,
    `  source: ${JSON.stringify(source)},`,
    "  providers: [",
    ...rows,
    "  ],",
    "};",
    "",
  ].join("\n");
}

/** None for a model whose price per token is not given, or is said to be nothing: that is a subscription or a gap in the data. */
function rowOf({ cost, limit, contextWindow, maxTokens }: CatalogueModel): readonly ModelRow[] {
  const rates = ratesOf(cost ?? {});
  if (rates[0] === 0 && rates[1] === 0) return [];
  const base = [count(limit?.context ?? contextWindow), count(limit?.output ?? maxTokens), ...rates] as const;
  const { context_over_200k: over, longContext } = cost ?? {};
  const long = over ?? longContext;
  if (!long || Object.keys(long).length === 0) return [base];
  return [[...base, count(longContext?.inputThreshold) || LONG_ABOVE_TOKENS, ...ratesOf(long)]];
}

type Rates = readonly [number, number, number, number, number];

function ratesOf({ input, output, cache_read, cacheRead, cache_write, cacheWrite, reasoning }: CatalogueRates): Rates {
  const rate = (...given: readonly (number | null | undefined)[]): number => {
    const value = given.find((each) => typeof each === "number" && each > 0);
    return value ? Math.ceil(value * MICROS - 1e-6) : 0;
  };
  return [rate(input), rate(output), rate(cache_read, cacheRead), rate(cache_write, cacheWrite), rate(reasoning)];
}

/** Of a fixed https address; one with a placeholder in it is none. */
function hostOf(address: string | null | undefined): string | null {
  if (!address?.startsWith("https://") || /[{}$]/.test(address)) return null;
  return URL.canParse(address) ? new URL(address).host : null;
}

function count(value: number | null | undefined): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : 0;
}

function byName([a]: readonly [string, ...unknown[]], [b]: readonly [string, ...unknown[]]): number {
  return a < b ? -1 : 1;
}
