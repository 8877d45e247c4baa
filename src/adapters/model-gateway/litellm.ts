/**
 * By way of a LiteLLM proxy, called with a key of its own. Its routes, headers and ways to bring a key are those of
 * docs.litellm.ai: /proxy/response_headers, /generateContent, /anthropic_unified, /proxy/clientside_auth and
 * /proxy/forward_client_headers.
 */
import type { ModelGateway, ModelRequest, ModelUpstream, ModelWire } from "../../ports/model-gateway/model-gateway.port.ts";
import { costMicros } from "../../ports/model-gateway/stated-cost.ts";
import { keyHeader, upstreamHeaders, upstreamUrl } from "../../ports/model-gateway/upstream-request.ts";
import { createFetchGateway, type FetchGatewayDeps } from "./fetch-gateway.ts";
import type { GatewayServer } from "./gateway-server.ts";
import { modelsOf, namedBody, namedPath } from "./named-model.ts";

const BASE: { readonly [W in ModelWire]: string } = { "openai-compatible": "/v1", openai: "/v1", anthropic: "/v1", google: "/v1beta" };

export function createLiteLlmGateway({ url, key, keys }: GatewayServer, deps: FetchGatewayDeps): ModelGateway {
  const headersFor = (upstream: ModelUpstream, inbound: Headers): Headers => {
    const headers = upstreamHeaders({ ...upstream, key: null }, inbound);
    if (key !== null) headers.set("authorization", `Bearer ${key}`);
    return headers;
  };

  /** Keys of Anthropic and Google go in the vendor's own header, all others in the body, with the address they are meant for. */
  const broughtKey = ({ upstream, body }: ModelRequest): { readonly header: readonly [string, string] | null; readonly fields: Readonly<Record<string, string>> } => {
    const { wire, baseUrl, key: own } = upstream;
    if (keys === "strip" || own === null) return { header: null, fields: {} };
    if (wire === "anthropic" || wire === "google") return { header: keyHeader(wire, own), fields: {} };
    return { header: null, fields: body === null ? {} : { api_key: own, api_base: baseUrl } };
  };

  return createFetchGateway(
    {
      name: () => "LiteLLM",
      keyRefused: "refused the key that Berth calls it with; the operator checks LITELLM_KEY",
      address: (request) => {
        const { upstream, method } = request;
        const { header, fields } = broughtKey(request);
        const headers = headersFor(upstream, request.headers);
        if (header) headers.set(...header);
        return { url: upstreamUrl({ ...upstream, baseUrl: url + BASE[upstream.wire] }, namedPath(request)), method, headers, body: namedBody(request, fields) };
      },
      list: (upstream) => ({
        url: `${url}/v1/models`,
        headers: headersFor({ ...upstream, wire: "openai" }, new Headers({ accept: "application/json" })),
        read: (answer) => modelsOf(upstream, answer),
      }),
      statedCost: (headers) => costMicros(headers.get("x-litellm-response-cost")),
      unspoken: key === null ? [] : [key],
      withHints: providersRetryAfter,
    },
    deps,
  );
}

/** Headers of the provider come back with a prefix. */
function providersRetryAfter(answer: Response): Response {
  const retryAfter = answer.headers.get("llm_provider-retry-after");
  if (retryAfter === null || answer.headers.has("retry-after")) return answer;
  const headers = new Headers(answer.headers);
  headers.set("retry-after", retryAfter);
  return new Response(answer.body, { status: answer.status, headers });
}
