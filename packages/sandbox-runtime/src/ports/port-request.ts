/** One HTTP request on its way to a port and its answer on the way back, neither faster than it is taken. */
import { request, type ClientRequest, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { OpenPort, PortHead } from "@berth/protocol";
import type { StreamListener, TunnelStream } from "../../../../src/core/tunnel/tunnel-stream.ts";
import { LOOPBACK } from "./loopback.ts";
import { refusalOf } from "./refused.ts";

export class PortRequest implements StreamListener {
  readonly #stream: TunnelStream;
  readonly #request: ClientRequest;
  #answer: IncomingMessage | null = null;

  constructor({ port, method, path, headers }: OpenPort, stream: TunnelStream) {
    this.#stream = stream;
    this.#request = request({ ...LOOPBACK, host: "localhost", port, method, path, headers: headers.flat(), agent: false });
    this.#request.on("response", (answer) => {
      this.#answer = answer;
      sendAnswer(answer, stream);
    });
    const refuse = (error: unknown): void => {
      if (this.#answer !== null) return stream.reset("what listens on the port broke off");
      stream.sendHead(refusalOf(port, error));
      stream.end();
    };
    this.#request.on("error", refuse);
    // Nobody asked for another protocol; without a listener it would only fall silent.
    for (const event of ["upgrade", "connect"]) {
      this.#request.on(event, (_answer, socket: Duplex) => {
        socket.destroy();
        refuse(new Error("it speaks another protocol"));
      });
    }
  }

  data(bytes: Uint8Array): void {
    this.#request.write(Buffer.from(bytes), () => this.#stream.took(bytes.length));
  }

  ended(): void {
    this.#request.end();
  }

  drained(): void {
    this.#answer?.resume();
  }

  reset(): void {
    this.#request.destroy();
  }
}

export function sendAnswer(answer: IncomingMessage, stream: TunnelStream): void {
  stream.sendHead({ is: "answer", status: answer.statusCode ?? 502, headers: pairs(answer.rawHeaders) } satisfies PortHead);
  answer.on("data", (bytes: Buffer) => {
    if (!stream.write(bytes)) answer.pause();
  });
  answer.on("end", () => stream.end());
  answer.on("error", () => stream.reset("what listens on the port broke off"));
}

function pairs(raw: readonly string[]): [string, string][] {
  return Array.from({ length: raw.length / 2 }, (_, i) => [raw[2 * i] ?? "", raw[2 * i + 1] ?? ""]);
}
