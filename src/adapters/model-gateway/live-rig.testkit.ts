/**
 * The contract's rig with a real gateway in the middle: the provider behind it is ours, on the port that the gateway's
 * configuration names, and what the gateway receives is seen where it is sent. How to set one up: docs/runbooks/gateways.md.
 */
import type { ModelGateway } from "../../ports/model-gateway/model-gateway.port.ts";
import { KEY, RIG_LINGER_MS, type ModelGatewayRig, type SeenCall } from "../../ports/model-gateway/model-gateway-kit.contract.ts";
import type { FetchGatewayDeps } from "./fetch-gateway.ts";
import { startScriptedServer } from "./scripted-server.testkit.ts";

/** Where the gateway has its providers. */
const PROVIDER_PORT = Number(process.env["GATEWAY_PROVIDER_PORT"] ?? 18_089);

interface Live extends Pick<ModelGatewayRig, "credentials" | "passesKey"> {
  create(deps: FetchGatewayDeps): ModelGateway;
}

export async function createLiveRig({ create, credentials, passesKey }: Live): Promise<ModelGatewayRig> {
  const provider = await startScriptedServer(undefined, PROVIDER_PORT);
  const seen: SeenCall[] = [];
  const gateway = create({
    lingerMs: RIG_LINGER_MS,
    fetch: (url, init) => {
      const { pathname, search } = new URL(url);
      const body = init.body instanceof Uint8Array ? new TextDecoder().decode(init.body) : "";
      seen.push({ method: init.method ?? "", path: pathname + search, headers: new Headers(init.headers), body });
      return fetch(url, init);
    },
  });
  return {
    ...{ gateway, credentials, passesKey, seen, rewrites: true },
    upstream: (wire) => ({ provider: "example", wire, baseUrl: `${provider.url}/v1`, key: KEY }),
    answer: ({ headers = {}, ...script }) => provider.answer({ headers: { "content-type": "application/json", ...headers }, ...script }),
    aborted: provider.aborted,
    close: () => provider.close(),
  };
}
