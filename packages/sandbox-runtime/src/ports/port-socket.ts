/** One WebSocket to a port, message by message. What is not taken on either side stops the other. */
import { WebSocket, type RawData } from "ws";
import { PORT_MESSAGE_BYTES_MAX, type OpenPort, type PortHead } from "@berth/protocol";
import { encodeMessage, PortMessageReader, type PortMessage } from "../../../../src/core/tunnel/port-messages.ts";
import type { StreamListener, TunnelStream } from "../../../../src/core/tunnel/tunnel-stream.ts";
import { LOOPBACK } from "./loopback.ts";
import { sendAnswer } from "./port-request.ts";
import { refusalOf } from "./refused.ts";

const HANDSHAKE_TIMEOUT_MS = 30_000;
const PROTOCOLS = "sec-websocket-protocol";

export class PortSocket implements StreamListener {
  readonly #stream: TunnelStream;
  readonly #socket: WebSocket;
  readonly #reader = new PortMessageReader();
  #resume: () => void = () => {};

  constructor({ port, path, headers }: OpenPort, stream: TunnelStream) {
    this.#stream = stream;
    const protocols = headers.filter(([name]) => name === PROTOCOLS).flatMap(([, value]) => value.split(",").map((word) => word.trim()));
    const socket = new WebSocket(`ws://localhost:${port}${path}`, protocols, {
      ...LOOPBACK,
      headers: Object.fromEntries(headers.filter(([name]) => name !== PROTOCOLS)),
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      maxPayload: PORT_MESSAGE_BYTES_MAX,
      perMessageDeflate: false,
    });
    this.#socket = socket;
    this.#resume = () => socket.resume();
    let isAnswered = false;
    const answer = (head: PortHead): void => {
      isAnswered = true;
      stream.sendHead(head);
    };
    socket.on("open", () => answer({ is: "socket", protocol: socket.protocol }));
    socket.on("unexpected-response", (_request, response) => {
      isAnswered = true;
      this.#resume = () => response.resume();
      sendAnswer(response, stream);
    });
    socket.on("message", (data, isBinary) => this.#send(isBinary ? { is: "binary", bytes: bytesOf(data) } : { is: "text", text: Buffer.from(bytesOf(data)).toString() }));
    socket.on("error", (error) => {
      if (!isAnswered) answer(refusalOf(port, error));
    });
    socket.on("close", (code, reason) => {
      this.#send({ is: "close", code, reason: reason.toString() });
      stream.end();
    });
  }

  data(bytes: Uint8Array): void {
    const messages = this.#reader.read(bytes);
    if (messages === null) return this.#stream.reset("that is no message");
    // Of a message that is not whole yet the rest has to come.
    const took = (): void => this.#stream.took(bytes.length);
    if (messages.length === 0) return took();
    for (const [i, message] of messages.entries()) this.#pass(message, i === messages.length - 1 ? took : () => {});
  }

  ended(): void {
    this.#socket.close();
  }

  drained(): void {
    this.#resume();
  }

  reset(): void {
    this.#socket.terminate();
  }

  #pass(message: PortMessage, done: () => void): void {
    if (message.is === "close") {
      done();
      return maySay(message.code) ? this.#socket.close(message.code, message.reason) : this.#socket.close();
    }
    if (this.#socket.readyState !== WebSocket.OPEN) return done();
    this.#socket.send(message.is === "text" ? message.text : message.bytes, done);
  }

  #send(message: PortMessage): void {
    if (!this.#stream.write(encodeMessage(message)) && this.#socket.readyState === WebSocket.OPEN) this.#socket.pause();
  }
}

/** Codes that only say how a socket ended are never sent. */
function maySay(code: number): boolean {
  return (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code <= 4999);
}

function bytesOf(data: RawData): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Array.isArray(data) ? Buffer.concat(data) : data instanceof ArrayBuffer ? data : data);
}
