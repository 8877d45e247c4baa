/** Lists of models as each wire answers them. */
import type { ModelInfo, ModelWire } from "./model-gateway.port.ts";
import { asName, asObject } from "./usage-found.ts";

export const MODELS_PATH: { readonly [W in ModelWire]: string } = {
  "openai-compatible": "/models",
  openai: "/models",
  anthropic: "/models?limit=1000",
  google: "/models?pageSize=1000",
};

/** Null when it is no list of models. */
export function readModels(wire: ModelWire, value: unknown): readonly ModelInfo[] | null {
  const body = asObject(value);
  const entries = Array.isArray(value) ? value : wire === "google" ? body?.["models"] : body?.["data"];
  if (!Array.isArray(entries)) return null;
  const models = entries.map(wire === "google" ? googleModel : otherModel).filter((model) => model !== null);
  return [...new Map(models.map((model) => [model.id, model])).values()];
}

function otherModel(entry: unknown): ModelInfo | null {
  const model = asObject(entry);
  const id = asName(model?.["id"]);
  return id === null ? null : { id, name: asName(model?.["display_name"]) ?? asName(model?.["name"]) ?? id };
}

/** Names come as `models/x`; those that only embed are left out. */
function googleModel(entry: unknown): ModelInfo | null {
  const model = asObject(entry);
  const name = asName(model?.["name"]);
  const methods = model?.["supportedGenerationMethods"];
  if (name === null || (Array.isArray(methods) && !methods.includes("generateContent"))) return null;
  const id = name.replace(/^models\//, "");
  return { id, name: asName(model?.["displayName"]) ?? id };
}
