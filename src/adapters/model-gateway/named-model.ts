/**
 * How a call reads to a gateway that serves many vendors: the model is `vendor/model`, as both LiteLLM and Bifrost write it,
 * and nothing in the body steers the gateway itself. Pure.
 */
import type { ModelInfo, ModelRequest, ModelUpstream, ModelWire } from "../../ports/model-gateway/model-gateway.port.ts";
import { readModels } from "../../ports/model-gateway/model-list.ts";
import { upstreamBody } from "../../ports/model-gateway/upstream-request.ts";

/** Both gateways call Google's own service so; a server that only speaks OpenAI's wire has the name its provider has here. */
const VENDORS: { readonly [W in ModelWire]: string | null } = { "openai-compatible": null, openai: "openai", anthropic: "anthropic", google: "gemini" };

/**
 * Fields that gateways read for themselves and no vendor knows: where to call, with which key, at which price, what to do
 * instead. A sandbox writes the body, so none of them passes.
 */
const STEERING =
  /^(api_key|api_base|api_version|api_type|base_url|user_config|model_list|custom_llm_provider|headers|extra_headers|extra_body|extra_params|(\w+_)?fallbacks|fallback_\w+|num_retries|max_retries|router_settings_override|deployment_id|specific_deployment|model_info|drop_params|allowed_openai_params|guardrails|guardrail_config|tags|cache|caching|no-log|ttl|s-maxage|mock_\w+|litellm\w*|\w+_cost_per_\w+|vertex_\w+|aws_\w+|azure_\w+)$/;

export function vendorOf({ wire, provider }: ModelUpstream): string {
  return VENDORS[wire] ?? provider;
}

/** The query that vendors know; in a query too a gateway would read another model's name. */
const QUERY: readonly string[] = ["alt", "beta", "limit", "after_id", "before_id", "pageSize", "pageToken"];

/** On Google's wire the model stands in the path. */
export function namedPath({ upstream, path }: ModelRequest): string {
  const [before = "", query = ""] = path.split(/\?(.*)/s);
  const kept = new URLSearchParams([...new URLSearchParams(query)].filter(([name]) => QUERY.includes(name))).toString();
  const named = upstream.wire === "google" ? before.replace(/^\/models\/(?=[^/]+)/, `/models/${vendorOf(upstream)}/`) : before;
  return kept === "" ? named : `${named}?${kept}`;
}

/** @param more fields for the gateway that the operator wants there */
export function namedBody(request: ModelRequest, more: Readonly<Record<string, string>> = {}): Uint8Array | null {
  const body = upstreamBody(request);
  const json = body && parsed(body);
  if (!json) return body;
  const kept = Object.entries(json).filter(([name]) => !STEERING.test(name));
  const isSteering = kept.length < Object.keys(json).length;
  const { model } = json;
  // On Google's wire the path names the model, and one in the body would overrule it.
  const names = request.upstream.wire !== "google" && typeof model === "string";
  const strays = request.upstream.wire === "google" && model !== undefined;
  if (!isSteering && !names && !strays && Object.keys(more).length === 0) return body;
  const { model: _, ...rest } = Object.fromEntries(kept);
  const named = names ? { model: `${vendorOf(request.upstream)}/${model}` } : strays || model === undefined ? {} : { model };
  return new TextEncoder().encode(JSON.stringify({ ...named, ...rest, ...more }));
}

/** Of a gateway's list those that this provider's calls can name. Wildcards are no models. */
export function modelsOf(upstream: ModelUpstream, answer: unknown): readonly ModelInfo[] | null {
  const prefix = `${vendorOf(upstream)}/`;
  const models = readModels("openai", answer)?.filter(({ id }) => id.startsWith(prefix) && !id.includes("*"));
  return models?.map(({ id, name }) => ({ id: id.slice(prefix.length), name: name === id ? id.slice(prefix.length) : name })) ?? null;
}

function parsed(body: Uint8Array): Record<string, unknown> | null {
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(body));
    return typeof json === "object" && json !== null && !Array.isArray(json) ? (json as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
