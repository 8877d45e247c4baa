/** The contract's rig on workerd's own streams, responses and timers; the next hop is a function, since there is no port to bind. */
import { KEY, RIG_LINGER_MS, scriptedBody, type ModelGatewayRig, type ScriptedAnswer, type SeenCall } from "../../ports/model-gateway/model-gateway-kit.contract.ts";
import type { ModelGateway } from "../../ports/model-gateway/model-gateway.port.ts";
import type { FetchGatewayDeps } from "./fetch-gateway.ts";

type Provider = (init: RequestInit) => Response | Promise<Response>;
interface WorkerRig extends ModelGatewayRig {
  misbehave(how: Provider): void;
}

const refusing = (status: number, headers: Record<string, string> = {}): Provider => () => Response.json({ error: { message: "refused" } }, { status, headers });
const json = { "content-type": "application/json" };
const USAGE = '{"model":"m","usage":{"prompt_tokens":1,"completion_tokens":1}}';

interface Made extends Pick<ModelGatewayRig, "credentials" | "passesKey"> {
  create(deps: FetchGatewayDeps): ModelGateway;
}

export function createWorkerRig({ create, credentials, passesKey }: Made): WorkerRig {
  let script: ScriptedAnswer = { headers: json, chunks: [USAGE] };
  let misbehaviour: Provider | null = null;
  const seen: SeenCall[] = [];
  const aborted = Promise.withResolvers<void>();
  const gateway = create({
    lingerMs: RIG_LINGER_MS,
    fetch: async (url, init) => {
      const { pathname, search } = new URL(url);
      const body = init.body instanceof Uint8Array ? new TextDecoder().decode(init.body) : "";
      seen.push({ method: init.method ?? "", path: pathname + search, headers: new Headers(init.headers), body });
      init.signal?.addEventListener("abort", () => aborted.resolve(), { once: true });
      if (misbehaviour) return misbehaviour(init);
      return new Response(scriptedBody(script), { status: script.status ?? 200, headers: { ...script.headers } });
    },
  });
  return {
    gateway,
    upstream: (wire) => ({ provider: "example", wire, baseUrl: "https://models.example/v1", key: KEY }),
    credentials,
    passesKey,
    answer: (next) => {
      script = next;
    },
    seen,
    aborted: aborted.promise,
    close: async () => undefined,
    misbehave: (how) => {
      misbehaviour = how;
    },
  };
}

const on = (how: Provider) => (rig: ModelGatewayRig) => (rig as WorkerRig).misbehave(how);

export const WORKER_FAULTS: Readonly<Record<string, (rig: ModelGatewayRig) => void>> = {
  "model-gateway:forward:unauthorized": on(refusing(401)),
  "model-gateway:forward:rate-limited": on(refusing(429, { "retry-after": "7" })),
  "model-gateway:forward:overloaded": on(refusing(529)),
  "model-gateway:forward:cut-mid-token": on(() => {
    const bytes = new TextEncoder().encode('data: {"model":"m","choices":[{"delta":{"content":"hal');
    const chunks = [() => bytes, () => Promise.reject(new Error("Network connection lost."))];
    const body = new ReadableStream<Uint8Array>({ pull: async (controller) => controller.enqueue((await chunks.shift()?.()) ?? new Uint8Array()) });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  }),
  "model-gateway:forward:usage-missing": on(() => Response.json({ choices: [] })),
  "model-gateway:forward:slow": on(async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return new Response(USAGE, { headers: json });
  }),
  "model-gateway:forward:no-answer": on(() => Promise.reject(new DOMException("No answer in time.", "TimeoutError"))),
  "model-gateway:listModels:wrong-key": on(refusing(401)),
  "model-gateway:listModels:no-list": on(refusing(404)),
};
