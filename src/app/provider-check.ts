/** Checks a provider before it is stored: its address, and its key by asking for the models. Refusals name the field. */
import { ModelId, type CreateProviderKey } from "@berth/protocol";
import { isPortError } from "../core/kernel/port-error.ts";
import type { ProviderModel } from "../ports/catalog/catalog.port.ts";
import type { ModelGateway } from "../ports/model-gateway/model-gateway.port.ts";
import { escapePointer } from "./http/body.ts";
import { refuse, refuseField } from "./http/problem-error.ts";
import { checkedAddress } from "./outside-address.ts";

const VENDOR_URLS: { readonly [K in CreateProviderKey["kind"]]: string | null } = {
  "openai-compatible": null,
  openai: "https://api.openai.com/v1",
  anthropic: "https://api.anthropic.com/v1",
  google: "https://generativelanguage.googleapis.com/v1beta",
};
const LIST_TIMEOUT_MS = 20_000;

/** @param operatorOrigins origins the operator runs or allows: these may be inside, and plain http */
export function baseUrlOf({ kind, baseUrl }: CreateProviderKey, operatorOrigins: readonly string[]): string {
  const given = baseUrl ?? VENDOR_URLS[kind];
  if (given === null) return refuseField("/baseUrl", "An address is needed for openai-compatible.", "Give the address that ends in /v1, for example http://127.0.0.1:11434/v1.");
  return checkedAddress(given, operatorOrigins, { pointer: "/baseUrl", credentials: "the key in `key`", shown: "the key" });
}

type Checked = Omit<CreateProviderKey, "baseUrl"> & { readonly baseUrl: string };

/** The models to offer: those the person named, or else those the provider lists. */
export async function testedModels(gateway: ModelGateway, { provider, kind, baseUrl, key, models: named = [], details = {} }: Checked, signal: AbortSignal): Promise<readonly ProviderModel[]> {
  const upstream = { provider, wire: kind, baseUrl, key: key ?? null };
  const listed = await gateway
    .listModels(upstream, AbortSignal.any([signal, AbortSignal.timeout(LIST_TIMEOUT_MS)]))
    .catch((error: unknown) => (hasNoList(error) && named.length > 0 ? [] : refuseUntested(error)));
  const names = new Map(listed.map(({ id, name }) => [id, name]));
  const chosen = named.length === 0 ? listed : named.map((id) => ({ id, name: names.get(id) ?? id }));
  const usable = chosen.filter(({ id }) => ModelId.safeParse(`${provider}/${id}`).success);
  const models = usable.map((model) => ({ ...model, ...(Object.hasOwn(details, model.id) ? details[model.id] : {}) }));
  if (models.length === 0) refuseField("/models", "The provider lists no model that can be used.", "Name the models in `models`.");
  const stray = Object.keys(details).find((name) => !models.some(({ id }) => id === name));
  if (stray !== undefined) refuseField(`/details/${escapePointer(stray)}`, `The provider has no model named ${stray}.`, "Use the name that the provider lists.");
  return models;
}

function hasNoList(error: unknown): boolean {
  return isPortError(error) && (error.code === "not-found" || error.code === "failed-precondition");
}

function refuseUntested(error: unknown): never {
  if (!isPortError(error)) throw error;
  if (error.code === "permission-denied") return refuseField("/key", error.message, "Check the key at the provider and paste it again.");
  if (hasNoList(error)) return refuseField("/baseUrl", error.message, "Check the address, or name the models in `models`.");
  const isUnreachable = error.code === "unknown" && error.outcome === "not-applied";
  if (isUnreachable) return refuseField("/baseUrl", error.message, "Check that the server runs and that the address is right.");
  return refuse("upstream-failed", `The key could not be tested: ${error.message}`, { fix: "Try once more in a moment." });
}
