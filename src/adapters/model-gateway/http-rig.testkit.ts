/** The contract's rig over HTTP, for every adapter that speaks it, and its faults as a server makes them happen. */
import type { ModelGateway } from "../../ports/model-gateway/model-gateway.port.ts";
import { KEY, RIG_LINGER_MS, type ModelGatewayRig } from "../../ports/model-gateway/model-gateway-kit.contract.ts";
import type { FetchGatewayDeps } from "./fetch-gateway.ts";
import { startScriptedServer, USAGE, type Manners, type Misbehaviour } from "./scripted-server.testkit.ts";

interface HttpRig extends ModelGatewayRig {
  misbehave(how: Misbehaviour): void;
  /** Answers must begin at once from now on. */
  hurry(): void;
}

interface Served extends Pick<ModelGatewayRig, "credentials" | "passesKey"> {
  readonly manners?: Manners;
  create(serverUrl: string, deps: FetchGatewayDeps): ModelGateway;
  /** The provider's own address. Default: the server's, as there is nothing before the provider. */
  readonly providerUrl?: string;
}

export async function createHttpRig({ manners, create, credentials, passesKey, providerUrl }: Served): Promise<HttpRig> {
  const { url, seen, aborted, answer, misbehave, close } = await startScriptedServer(manners);
  const deps = { fetch: (address: string, init: RequestInit) => fetch(address, init), lingerMs: RIG_LINGER_MS };
  let gateway = create(url, deps);
  return {
    gateway: { forward: (request) => gateway.forward(request), listModels: (upstream, signal) => gateway.listModels(upstream, signal) },
    upstream: (wire) => ({ provider: "example", wire, baseUrl: `${providerUrl ?? url}/v1`, key: KEY }),
    ...{ credentials, passesKey, answer, seen, aborted, close, misbehave },
    hurry: () => {
      gateway = create(url, { ...deps, answerTimeoutMs: 20 });
    },
  };
}

const json = (status: number, headers: Record<string, string> = {}): Misbehaviour => (response) =>
  void response.writeHead(status, { "content-type": "application/json", ...headers }).end('{"error":{"message":"refused"}}');
const on = (act: (rig: HttpRig) => Promise<void> | void) => (rig: ModelGatewayRig) => act(rig as HttpRig);

export const HTTP_FAULTS: Readonly<Record<string, (rig: ModelGatewayRig) => Promise<void> | void>> = {
  "model-gateway:forward:unauthorized": on((rig) => rig.misbehave(json(401))),
  "model-gateway:forward:rate-limited": on((rig) => rig.misbehave(json(429, { "retry-after": "7" }))),
  "model-gateway:forward:overloaded": on((rig) => rig.misbehave(json(529))),
  "model-gateway:forward:cut-mid-token": on((rig) =>
    rig.misbehave((response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write('data: {"model":"m","choices":[{"delta":{"content":"hal', () => response.destroy());
    }),
  ),
  "model-gateway:forward:usage-missing": on((rig) => rig.answer({ chunks: ['{"choices":[]}'] })),
  "model-gateway:forward:slow": on((rig) => rig.misbehave((response) => void setTimeout(() => response.end(USAGE), 20))),
  "model-gateway:forward:unreachable": on((rig) => rig.close()),
  "model-gateway:forward:no-answer": on((rig) => {
    rig.misbehave(() => undefined);
    rig.hurry();
  }),
  "model-gateway:listModels:wrong-key": on((rig) => rig.misbehave(json(401))),
  "model-gateway:listModels:no-list": on((rig) => rig.misbehave(json(404))),
};
