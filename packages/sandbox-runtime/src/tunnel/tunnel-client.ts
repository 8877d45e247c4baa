/** The runtime's end of the tunnel: dialed when the session asks, and not again by itself, since whoever used it asks anew. */
import { WebSocket, type RawData } from "ws";
import { TunnelEnd, type Accept } from "../../../../src/core/tunnel/tunnel-end.ts";

export interface TunnelClientDeps {
  /** `ws://` or `wss://` address of the link, beside which the tunnel is. */
  readonly linkUrl: string;
  readonly token: string;
  readonly accept: Accept;
}

const PATH = "/v1/sandbox/tunnel";
const HANDSHAKE_TIMEOUT_MS = 10_000;
const MESSAGE_BYTES_MAX = 1024 * 1024;
const PING_EVERY_MS = 20_000;
/** A half-open connection shows itself by silence. */
const SILENT_PINGS_MAX = 3;

export class TunnelClient {
  readonly #deps: TunnelClientDeps;
  #socket: WebSocket | null = null;

  constructor(deps: TunnelClientDeps) {
    this.#deps = deps;
  }

  /** The session knows of none, whatever this end believes of an older one. */
  open(): void {
    const { linkUrl, token, accept } = this.#deps;
    this.close();
    const socket = new WebSocket(new URL(PATH, linkUrl), {
      headers: { authorization: `Bearer ${token}` },
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      maxPayload: MESSAGE_BYTES_MAX,
      perMessageDeflate: false,
    });
    this.#socket = socket;
    const send = (message: string | Uint8Array): void => {
      if (socket.readyState === WebSocket.OPEN) socket.send(message);
    };
    const end = new TunnelEnd({ send }, accept);
    let unanswered = 0;
    const pings = setInterval(() => {
      if (unanswered >= SILENT_PINGS_MAX) return socket.terminate();
      unanswered += 1;
      if (socket.readyState === WebSocket.OPEN) socket.ping();
    }, PING_EVERY_MS);
    pings.unref();
    socket.on("pong", () => {
      unanswered = 0;
    });
    socket.on("message", (data, isBinary) => {
      unanswered = 0;
      if (!end.receive(isBinary ? bytesOf(data) : bytesOf(data).toString("utf8"))) socket.terminate();
    });
    // The close that follows says the rest.
    socket.on("error", () => {});
    socket.on("close", () => {
      clearInterval(pings);
      if (this.#socket === socket) this.#socket = null;
      end.lost("the tunnel is gone");
    });
  }

  close(): void {
    this.#socket?.terminate();
    this.#socket = null;
  }
}

function bytesOf(data: RawData): Buffer {
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer);
}
