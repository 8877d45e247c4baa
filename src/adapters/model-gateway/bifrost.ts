/**
 * By way of a Bifrost gateway, called with a virtual key. Its routes, headers and error fields are those of
 * docs.getbifrost.ai: /integrations/openai-sdk, /integrations/anthropic-sdk, /integrations/genai-sdk, /features/governance/virtual-keys,
 * /providers/request-options and the API reference.
 */
import type { ModelGateway, ModelUpstream, ModelWire } from "../../ports/model-gateway/model-gateway.port.ts";
import { costMicros } from "../../ports/model-gateway/stated-cost.ts";
import { asCount, asObject } from "../../ports/model-gateway/usage-found.ts";
import { keyHeader, upstreamHeaders, upstreamUrl } from "../../ports/model-gateway/upstream-request.ts";
import { createFetchGateway, type FetchGatewayDeps } from "./fetch-gateway.ts";
import type { GatewayServer } from "./gateway-server.ts";
import { modelsOf, namedBody, namedPath, vendorOf } from "./named-model.ts";

const BASE: { readonly [W in ModelWire]: string } = {
  "openai-compatible": "/openai/v1",
  openai: "/openai/v1",
  anthropic: "/anthropic/v1",
  google: "/genai/v1beta",
};
const REFUSAL_BYTES_MAX = 256 * 1024;

export function createBifrostGateway({ url, key, keys }: GatewayServer, deps: FetchGatewayDeps): ModelGateway {
  const headersFor = (upstream: ModelUpstream, inbound: Headers): Headers => {
    const headers = upstreamHeaders({ ...upstream, key: null }, inbound);
    if (key !== null) headers.set("x-bf-vk", key);
    return headers;
  };

  return createFetchGateway(
    {
      name: () => "Bifrost",
      keyRefused: "refused the virtual key that Berth calls it with; the operator checks BIFROST_KEY",
      address: (request) => {
        const { upstream, method } = request;
        const headers = headersFor(upstream, request.headers);
        if (keys === "forward" && upstream.key !== null) {
          headers.set(...keyHeader(upstream.wire, upstream.key));
          headers.set("x-bf-direct-key", "true");
        }
        return { url: upstreamUrl({ ...upstream, baseUrl: url + BASE[upstream.wire] }, namedPath(request)), method, headers, body: namedBody(request) };
      },
      list: (upstream) => ({
        url: `${url}/v1/models?provider=${encodeURIComponent(vendorOf(upstream))}`,
        headers: headersFor({ ...upstream, wire: "openai" }, new Headers({ accept: "application/json" })),
        read: (answer) => modelsOf(upstream, answer),
      }),
      statedCost: (headers) => costMicros(headers.get("x-bifrost-cost-usd")),
      unspoken: key === null ? [] : [key],
      withHints: retryAfterOfBody,
    },
    deps,
  );
}

/** Bifrost says how long to wait in the body of its refusal, in milliseconds; clients of the vendors look for the header. */
async function retryAfterOfBody(answer: Response): Promise<Response> {
  const isRefusal = !answer.ok && answer.headers.get("content-type")?.includes("json");
  const length = Number(answer.headers.get("content-length") ?? Number.NaN);
  // Only a body whose end is known is waited for.
  if (!isRefusal || answer.headers.has("retry-after") || !(length <= REFUSAL_BYTES_MAX)) return answer;
  const text = await answer.text();
  const headers = new Headers(answer.headers);
  const seconds = Math.ceil(retryAfterMs(text) / 1_000);
  if (seconds > 0) headers.set("retry-after", String(seconds));
  return new Response(text, { status: answer.status, headers });
}

function retryAfterMs(text: string): number {
  try {
    return asCount(asObject(asObject(JSON.parse(text))?.["extra_fields"])?.["retry_after_ms"]);
  } catch {
    return 0;
  }
}
