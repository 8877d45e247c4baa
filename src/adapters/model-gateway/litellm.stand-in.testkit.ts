/**
 * A LiteLLM proxy as its own papers describe it: which routes it has, how it asks for its key, what it says when it refuses,
 * which headers it adds. It is no LiteLLM; what the real one does is seen by `litellm.contract.live.test.ts`.
 *
 * - Routes: github BerriAI/litellm, `litellm/proxy/google_endpoints/endpoints.py` (`/v1beta/models/{model_name:path}:…`);
 *   docs.litellm.ai /anthropic_unified (`/v1/messages`), /response_api (`/v1/responses`), /proxy/model_discovery (`/v1/models`).
 * - Refusals: docs.litellm.ai /proxy/error_diagnosis and /exception_mapping; a model that is not in its list is a 400
 *   (BadRequestError), a rate limit of its own a 429 with `retry-after` (/proxy/load_balancing).
 * - Headers: docs.litellm.ai /proxy/response_headers; a provider's own come back as `llm_provider-…`.
 * - Keys that callers bring: docs.litellm.ai /proxy/clientside_auth (`api_key`, `api_base` in the body) and
 *   /proxy/forward_client_headers (`x-api-key`, `x-goog-api-key`; `Authorization` is the proxy's alone).
 */
import type { ScriptedAnswer, SeenCall } from "../../ports/model-gateway/model-gateway-kit.contract.ts";
import { modelNamedIn, type Manners } from "./scripted-server.testkit.ts";

const ROUTES: readonly RegExp[] = [
  /^POST \/v1\/(chat\/completions|responses|messages|messages\/count_tokens)$/,
  /^POST \/v1beta\/models\/.+:(generateContent|streamGenerateContent|countTokens)$/,
  /^GET \/v1\/models$/,
];

interface Options {
  readonly key: string;
  /** `model_list`: names by which clients ask, with `*` for whatever follows. */
  readonly models: readonly string[];
  /** Headers beside the usual ones. */
  readonly headers?: Readonly<Record<string, string>>;
}

export function liteLlmManners({ key, models, headers = {} }: Options): Manners {
  return {
    refuse(call) {
      const route = `${call.method} ${new URL(call.path, "http://litellm").pathname}`;
      if (!ROUTES.some((known) => known.test(route))) return json(404, { detail: "Not Found" });
      if (call.headers.get("authorization") !== `Bearer ${key}`) return error(401, "Authentication Error, Invalid proxy server token passed.", "auth_error");
      if (call.method === "GET") return json(200, { object: "list", data: models.map((id) => ({ id, object: "model", created: 1_677_610_602, owned_by: "openai" })) });
      const model = modelOf(call);
      if (model === null) return error(400, "litellm.BadRequestError: model is required", "invalid_request_error");
      return models.some((name) => isCovered(name, model)) ? null : error(400, `Invalid model name passed in model=${model}. Call \`/v1/models\` to view available models for your key.`, "invalid_request_error");
    },
    dress: (call, script) => ({
      ...script,
      headers: { "x-litellm-call-id": "019b2c4d-e5f6-7890-abcd-ef1234567890", "x-litellm-version": "1.82.0", "x-litellm-model-group": modelOf(call) ?? "", ...headers, ...script.headers },
    }),
  };
}

function modelOf(call: SeenCall): string | null {
  return modelNamedIn(call, /^\/v1beta\/models\/(.+):\w+/);
}

function isCovered(name: string, model: string): boolean {
  return name.endsWith("*") ? model.startsWith(name.slice(0, -1)) : name === model;
}

function json(status: number, body: unknown): ScriptedAnswer {
  return { status, headers: { "content-type": "application/json" }, chunks: [JSON.stringify(body)] };
}

function error(status: number, message: string, type: string): ScriptedAnswer {
  return json(status, { error: { message, type, param: null, code: String(status) } });
}
