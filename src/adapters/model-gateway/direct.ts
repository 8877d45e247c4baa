/** Straight to the provider, with its key. */
import { toProvider } from "../../ports/model-gateway/forward-metered.ts";
import type { ModelGateway } from "../../ports/model-gateway/model-gateway.port.ts";
import { MODELS_PATH, readModels } from "../../ports/model-gateway/model-list.ts";
import { upstreamHeaders, upstreamUrl } from "../../ports/model-gateway/upstream-request.ts";
import { createFetchGateway, type FetchGatewayDeps } from "./fetch-gateway.ts";

export function createDirectModelGateway(deps: FetchGatewayDeps): ModelGateway {
  return createFetchGateway(
    {
      name: ({ provider }) => provider,
      address: toProvider,
      list: (upstream) => ({
        url: upstreamUrl(upstream, MODELS_PATH[upstream.wire]),
        headers: upstreamHeaders(upstream, new Headers({ accept: "application/json" })),
        read: (answer) => readModels(upstream.wire, answer),
      }),
    },
    deps,
  );
}
