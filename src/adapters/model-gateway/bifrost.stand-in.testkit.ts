/**
 * A Bifrost gateway as its own papers describe it: which routes it has, how it asks for its virtual key, what it says when it
 * refuses, which headers it adds. It is no Bifrost; what the real one does is seen by `bifrost.contract.live.test.ts`.
 *
 * - Routes: docs.getbifrost.ai /integrations/openai-sdk, /integrations/anthropic-sdk, /integrations/genai-sdk; the list of models:
 *   github maximhq/bifrost, `docs/openapi/paths/inference/models.yaml` and `schemas/inference/models.yaml` (`provider/model`).
 * - Refusals: `docs/openapi/schemas/inference/common.yaml` (`BifrostError`), with `extra_fields.retry_after_ms` of the API reference.
 * - Headers: `transports/bifrost-http/lib/responseheaders.go` (`x-bifrost-…`).
 * - Keys: `docs/providers/request-options.mdx` (`x-bf-vk`), `docs/integrations/passthrough.mdx` (`x-bf-direct-key: true` with the
 *   key in the vendor's own header, where the server allows direct keys; without it such keys are dropped).
 */
import type { ScriptedAnswer, SeenCall } from "../../ports/model-gateway/model-gateway-kit.contract.ts";
import { modelNamedIn, type Manners } from "./scripted-server.testkit.ts";

const ROUTES: readonly RegExp[] = [
  /^POST \/openai\/v1\/(chat\/completions|responses)$/,
  /^POST \/anthropic\/v1\/messages(\/count_tokens)?$/,
  /^POST \/genai\/v1beta\/models\/.+:(generateContent|streamGenerateContent|countTokens)$/,
  /^GET \/v1\/models$/,
];

interface Options {
  readonly virtualKey: string;
  /** Configured providers, each with the models it lists. */
  readonly providers: Readonly<Record<string, readonly string[]>>;
  /** Headers beside the usual ones. */
  readonly headers?: Readonly<Record<string, string>>;
}

export function bifrostManners({ virtualKey, providers, headers = {} }: Options): Manners {
  return {
    refuse(call) {
      const { pathname, searchParams } = new URL(call.path, "http://bifrost");
      if (!ROUTES.some((known) => known.test(`${call.method} ${pathname}`))) return refusal(404, "Route not found", "not_found");
      if (call.headers.get("x-bf-vk") !== virtualKey) return refusal(401, "virtual key not found", "virtual_key_not_found");
      if (call.method === "GET") return list(providers, searchParams.get("provider"));
      const [provider = "", model] = (modelOf(call) ?? "").split(/\/(.*)/s);
      if (model === undefined) return refusal(400, "model should be in provider/model format", "invalid_request");
      return provider in providers ? null : refusal(400, `provider ${provider} is not configured`, "provider_not_found");
    },
    dress: (call, script) => {
      const [provider = "", model = ""] = (modelOf(call) ?? "").split(/\/(.*)/s);
      const routed = { "x-bifrost-provider": provider, "x-bifrost-original-model": model, "x-bifrost-resolved-model": model };
      const length = script.beforeLast ? {} : { "content-length": String(Buffer.byteLength(script.chunks.join(""))) };
      return { ...script, headers: { ...routed, ...headers, ...((script.status ?? 200) < 400 ? {} : length), ...script.headers } };
    },
  };
}

function modelOf(call: SeenCall): string | null {
  return modelNamedIn(call, /^\/genai\/v1beta\/models\/(.+):\w+/);
}

function list(providers: Options["providers"], only: string | null): ScriptedAnswer {
  const data = Object.entries(providers)
    .filter(([provider]) => only === null || provider === only)
    .flatMap(([provider, models]) => models.map((model) => ({ id: `${provider}/${model}`, name: model.toUpperCase() })));
  return json(200, { data, extra_fields: { request_type: "list_models" } });
}

function json(status: number, body: unknown): ScriptedAnswer {
  const text = JSON.stringify(body);
  return { status, headers: { "content-type": "application/json", "content-length": String(Buffer.byteLength(text)) }, chunks: [text] };
}

function refusal(status: number, message: string, code: string): ScriptedAnswer {
  return json(status, { event_id: "evt-example", type: code, is_bifrost_error: true, status_code: status, error: { type: code, code, message }, extra_fields: { error_type: `caller_${code}` } });
}
