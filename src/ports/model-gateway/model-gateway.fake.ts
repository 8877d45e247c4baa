/** A model gateway whose provider is a function in memory. Requests are prepared and answers counted as on the real way. */
import { FaultScript, type Fault } from "../../core/kernel/fault.ts";
import { PortError } from "../../core/kernel/port-error.ts";
import { forwardMetered, type UpstreamCall } from "./forward-metered.ts";
import { MODEL_GATEWAY_FAULTS } from "./model-gateway.faults.ts";
import type { ModelGateway, ModelInfo, ModelRequest, ModelResponse, ModelUpstream } from "./model-gateway.port.ts";

export type InMemoryProvider = (call: UpstreamCall) => Response | Promise<Response>;

export interface InMemoryModelGatewayOptions {
  readonly faults?: FaultScript;
  readonly provider?: InMemoryProvider;
  readonly models?: readonly ModelInfo[];
  /** The only key that is right; absent: any is. */
  readonly validKey?: string;
  readonly lingerMs?: number;
  /** How long a slow answer takes. */
  readonly slowMs?: number;
}

const REFUSALS: Readonly<Record<string, readonly [status: number, headers: Record<string, string>]>> = {
  "model-gateway:forward:unauthorized": [401, {}],
  "model-gateway:forward:rate-limited": [429, { "retry-after": "7" }],
  "model-gateway:forward:overloaded": [529, {}],
};

/** A short chat completion with usage. */
const sayHello: InMemoryProvider = () =>
  Response.json({
    model: "memory",
    choices: [{ index: 0, message: { role: "assistant", content: "hello" }, finish_reason: "stop" }],
    usage: { prompt_tokens: 5, completion_tokens: 1 },
  });

export class InMemoryModelGateway implements ModelGateway {
  readonly #options: Required<Omit<InMemoryModelGatewayOptions, "validKey" | "lingerMs">> & InMemoryModelGatewayOptions;
  /** Every call as the provider saw it, keys included. */
  readonly calls: UpstreamCall[] = [];

  constructor(options: InMemoryModelGatewayOptions = {}) {
    const defaults = { faults: new FaultScript(MODEL_GATEWAY_FAULTS), provider: sayHello, models: [{ id: "memory", name: "Memory" }], slowMs: 5 };
    this.#options = { ...defaults, ...options };
  }

  get faults(): FaultScript {
    return this.#options.faults;
  }

  forward(request: ModelRequest): Promise<ModelResponse> {
    const { lingerMs } = this.#options;
    return forwardMetered(request, { send: (call) => this.#send(call), ...(lingerMs === undefined ? {} : { lingerMs }) });
  }

  async listModels(upstream: ModelUpstream, signal: AbortSignal): Promise<readonly ModelInfo[]> {
    signal.throwIfAborted();
    this.faults.strike("listModels", "before-send");
    const { validKey, models } = this.#options;
    if (validKey !== undefined && upstream.key !== validKey) {
      throw new PortError({
        port: "model-gateway",
        operation: "listModels",
        code: "permission-denied",
        outcome: "not-applied",
        retry: "never",
        message: `${upstream.provider} refused the key.`,
      });
    }
    return models;
  }

  async #send(call: UpstreamCall): Promise<Response> {
    const before = this.faults.strike("forward", "before-send");
    this.calls.push(call);
    if (before && before.id in REFUSALS) return refusal(before);
    if (before) await pause(this.#options.slowMs, call.signal);
    const answer = await this.#options.provider(call);
    this.faults.strike("forward", "after-apply");
    const during = this.faults.strike("forward", "mid-stream");
    if (during?.id === "model-gateway:forward:usage-missing") return Response.json({ choices: [] });
    const body = answer.body && endWith(call.signal, during ? cutAfterFirst(answer.body) : answer.body);
    return new Response(body, answer);
  }
}

function refusal(fault: Fault): Response {
  const [status, headers] = REFUSALS[fault.id] ?? [500, {}];
  return Response.json({ error: { message: fault.id } }, { status, headers });
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason as Error)), { once: true });
  });
}

function cutAfterFirst(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  let chunks = 0;
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        controller.enqueue(chunk.subarray(0, Math.ceil(chunk.length / 2)));
        if (chunks++ === 0) controller.error(new TypeError("the connection was cut"));
      },
    }),
  );
}

/** An aborted call ends its body, as a real connection would. */
function endWith(signal: AbortSignal, body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const pipe = new TransformStream<Uint8Array, Uint8Array>();
  void body.pipeTo(pipe.writable, { signal }).catch(() => undefined);
  return pipe.readable;
}
