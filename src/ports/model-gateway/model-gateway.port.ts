/** The way to a model provider: adds the key, passes the stream through, counts what was used. */
import type { Usage } from "@berth/protocol";

/** Wire formats whose usage can be read. */
export type ModelWire = "openai-compatible" | "openai" | "anthropic" | "google";

export interface ModelUpstream {
  readonly provider: string;
  readonly wire: ModelWire;
  /** Without trailing slash. */
  readonly baseUrl: string;
  /** Null for a server that needs none. */
  readonly key: string | null;
}

export interface ModelRequest {
  readonly upstream: ModelUpstream;
  readonly method: "GET" | "POST";
  /** Below `baseUrl`, with a leading slash and the query. */
  readonly path: string;
  readonly headers: Headers;
  readonly body: Uint8Array | null;
  readonly signal: AbortSignal;
}

export interface MeteredUsage {
  readonly usage: Usage;
  /** `missing` when the provider said nothing; the reservation is then what counts. */
  readonly source: "provider" | "missing";
  readonly model: string | null;
  /** What the call cost in millionths of a dollar, where a gateway says so; a price list counts otherwise. */
  readonly costMicros?: number;
}

export interface ModelResponse {
  /** Status, safe headers and body, streamed without buffering. An upstream refusal is a response, not an error. */
  readonly response: Response;
  /** Settles once the upstream has ended, also when the reader left. Never rejects. */
  readonly metered: Promise<MeteredUsage>;
  /** What a refusal may quote besides the provider's key, and nobody may read: who passes it on covers it. */
  readonly unspoken?: readonly string[];
}

export interface ModelInfo {
  readonly id: string;
  readonly name: string;
}

export interface ModelGateway {
  /** @throws PortError when no answer came: `unavailable` upstream is `unknown`/`deadline-exceeded` with its outcome */
  forward(request: ModelRequest): Promise<ModelResponse>;
  /** Asks the provider which models this key may use; also how a key is tested. `permission-denied` for a wrong key. */
  listModels(upstream: ModelUpstream, signal: AbortSignal): Promise<readonly ModelInfo[]>;
}
