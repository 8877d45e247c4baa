/** Which model gateway carries the calls of models: the operator's choice, once for all organizations. */
import { createBifrostGateway } from "../adapters/model-gateway/bifrost.ts";
import { createDirectModelGateway } from "../adapters/model-gateway/direct.ts";
import type { GatewayServer } from "../adapters/model-gateway/gateway-server.ts";
import { createLiteLlmGateway } from "../adapters/model-gateway/litellm.ts";
import { DEMO_PROVIDER } from "../app/providers.ts";
import type { ModelGateway } from "../ports/model-gateway/model-gateway.port.ts";
import type { WorkerVars } from "./env.ts";

type Fetch = (url: string, init: RequestInit) => Promise<Response>;
type GatewayVars = Pick<WorkerVars, "MODEL_GATEWAY" | "MODEL_GATEWAY_KEYS" | "LITELLM_URL" | "LITELLM_KEY" | "BIFROST_URL" | "BIFROST_KEY">;

/** The operator's gateway, or null when providers are called directly. */
export function gatewayServer(vars: GatewayVars): GatewayServer | null {
  const [url, key] = vars.MODEL_GATEWAY === "litellm" ? [vars.LITELLM_URL, vars.LITELLM_KEY] : vars.MODEL_GATEWAY === "bifrost" ? [vars.BIFROST_URL, vars.BIFROST_KEY] : [];
  return url === undefined ? null : { url: url.replace(/\/+$/, ""), key: key ?? null, keys: vars.MODEL_GATEWAY_KEYS };
}

/** Whether the gateway calls with keys of its own, so that those of organizations are kept and not used. */
export function stripsProviderKeys(vars: GatewayVars): boolean {
  return gatewayServer(vars)?.keys === "strip";
}

/** @param fetches for addresses that organizations name, and for the operator's own gateway, which they cannot name */
export function modelGatewayOf(vars: GatewayVars, fetches: { readonly forUsers: Fetch; readonly own: Fetch }): ModelGateway {
  const direct = createDirectModelGateway({ fetch: fetches.forUsers });
  const server = gatewayServer(vars);
  if (!server) return direct;
  const create = vars.MODEL_GATEWAY === "litellm" ? createLiteLlmGateway : createBifrostGateway;
  const gateway = create(server, { fetch: fetches.own });
  // The demo model is Berth's own; no gateway knows of it.
  const to = (provider: string): ModelGateway => (provider === DEMO_PROVIDER ? direct : gateway);
  return {
    forward: (request) => to(request.upstream.provider).forward(request),
    listModels: (upstream, signal) => to(upstream.provider).listModels(upstream, signal),
  };
}
