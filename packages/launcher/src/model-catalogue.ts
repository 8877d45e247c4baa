/**
 * The catalogue that prices are made of, as somebody else gives it: fetched from one address and no other, no larger than any
 * real one, and read by a schema that names what is wrong. What is not used of it is not looked at.
 */
import { z } from "zod";
import { UserError } from "./progress.ts";

const SOURCE_URL = "https://models.dev/api.json";
/** Ten times what it is. */
const BYTES_MAX = 32 * 1024 * 1024;
const TIMEOUT_MS = 60_000;
const LOOPBACK = ["127.0.0.1", "[::1]", "localhost"];

/** Dollars per million tokens; none costs as much. What is below nothing stands for a price that varies. */
const rate = z.number().max(100_000).nullish();
const amount = z.number().nullish();
const rates = { input: rate, output: rate, cache_read: rate, cacheRead: rate, cache_write: rate, cacheWrite: rate, reasoning: rate };
const Rates = z.object(rates);
const Cost = z.object({ ...rates, context_over_200k: Rates.nullish(), longContext: z.object({ ...rates, inputThreshold: amount }).nullish() });
const Model = z.object({
  limit: z.object({ context: amount, output: amount }).nullish(),
  contextWindow: amount,
  maxTokens: amount,
  baseUrl: z.string().max(1_000).nullish(),
  cost: Cost.nullish(),
});
const Models = z.record(z.string().max(500), Model);
const Layouts = z.record(z.string().max(200), z.looseObject({}));
/** models.dev's own layout names the models under a key, beside the address. */
const Described = z.object({ api: z.string().max(1_000).nullish(), models: Models });

export type CatalogueRates = z.infer<typeof Rates>;
export type CatalogueModel = z.infer<typeof Model>;

export interface CatalogueProvider {
  readonly id: string;
  /** Absent: its models may say. */
  readonly api: string | null;
  readonly models: Readonly<Record<string, CatalogueModel>>;
}

/** @throws UserError that names the place, where it is not what it should be */
export function readCatalogue(text: string): readonly CatalogueProvider[] {
  const layouts = checked([], Layouts.safeParse(parseJson(text)));
  return Object.entries(layouts).map(([id, given]) => {
    if (!("models" in given)) return { id, api: null, models: checked([id], Models.safeParse(given)) };
    const { api, models } = checked([id], Described.safeParse(given));
    return { id, api: api ?? null, models };
  });
}

/** Where it is taken from: `MODELS_URL`, or models.dev. @throws UserError */
export function catalogueUrl(env: Readonly<Record<string, string | undefined>>): string {
  const given = env["MODELS_URL"];
  if (!given) return SOURCE_URL;
  const url = URL.parse(given);
  const isSafe = url?.protocol === "https:" || (url?.protocol === "http:" && LOOPBACK.includes(url.hostname));
  if (!isSafe) throw new UserError(`  MODELS_URL is ${JSON.stringify(given)}. It has to be an address that begins with https://, or one of this machine.`);
  return given;
}

/** @throws UserError for an answer that is not 200, leads elsewhere, is too large or does not end */
export async function downloadCatalogue(url: string, { bytesMax = BYTES_MAX, timeoutMs = TIMEOUT_MS }: { readonly bytesMax?: number; readonly timeoutMs?: number } = {}): Promise<string> {
  try {
    const answer = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(timeoutMs) });
    const location = answer.headers.get("location");
    if (answer.status >= 300 && answer.status < 400 && location !== null) throw new Error(`it leads to ${location}; set MODELS_URL to that, if it is right`);
    if (!answer.ok || !answer.body) throw new Error(`it answered ${answer.status}`);
    return await readBounded(answer.body, bytesMax);
  } catch (error) {
    throw new UserError(`  ${url} could not be read (${(error as Error).message}). Give a copy of it with --from FILE.`);
  }
}

/** Counted as they come, so that neither a wrong length nor compression makes it larger. */
async function readBounded(body: ReadableStream<Uint8Array>, bytesMax: number): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let bytes = 0;
  let text = "";
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) throw new Error(`it is larger than ${bytesMax} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UserError("  That is not JSON, so nothing was written.");
  }
}

function checked<T>(place: readonly string[], result: z.ZodSafeParseResult<T>): T {
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = [...place, ...(issue?.path ?? []).map(String)].join("/");
  throw new UserError(`  That is no catalogue of models: ${path === "" ? "the whole of it" : path}: ${issue?.message ?? ""}. Nothing was written.`);
}
