/**
 * A sandbox's one way out: a socket in a folder that its container sees, behind which the host answers for the control
 * plane. Only what sandboxes have there, the link and the brokers, is passed on; everything else is refused here already.
 * What is asked for by a whole address, or by a tunnel, is another host's, and the proxy's business.
 */
import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { createServer, request as requestHttp, type IncomingMessage, type OutgoingHttpHeaders, type Server, type ServerResponse } from "node:http";
import { request as requestHttps } from "node:https";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream";
import type { Egress } from "./egress.ts";
import { withoutHop } from "./hop.ts";

const PASSED = ["/v1/sandbox/", "/v1/broker/"];
const SOCKET = "socket";
const WHOLE_ADDRESS = /^[a-z][a-z\d+.-]*:\/\//i;
const HEADER_BYTES_MAX = 16 * 1024;

/** Null for what is no sandbox's business. Dots are resolved before it is judged. */
export function passedPath(target: string | undefined): string | null {
  const url = URL.parse(target ?? "", "http://control-plane");
  if (url === null || url.host !== "control-plane" || !PASSED.some((prefix) => url.pathname.startsWith(prefix))) return null;
  return `${url.pathname}${url.search}`;
}

export class Relay {
  readonly #folder: string;
  readonly #upstream: URL;
  readonly #egress: Egress;
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();
  #handle: FileHandle | null = null;

  /** @param folder made here @param upstream any address of the control plane */
  constructor(folder: string, upstream: string, egress: Egress) {
    this.#folder = folder;
    this.#upstream = new URL(upstream.replace(/^ws/, "http"));
    this.#egress = egress;
    this.#server = createServer({ maxHeaderSize: HEADER_BYTES_MAX }, (request, response) => {
      if (WHOLE_ADDRESS.test(request.url ?? "")) egress.pass(request, response).catch(() => response.destroy());
      else this.#pass(request, response);
    });
    // A stream of a model may be silent for minutes, and a push take as long as it takes.
    this.#server.requestTimeout = 0;
    this.#server.on("upgrade", (request, socket, head) => this.#passUpgrade(request, socket, head));
    this.#server.on("connect", (request, socket, head) => void egress.tunnel(request, head).catch(() => socket.destroy()));
    this.#server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
  }

  /** Hosts beyond the control plane that it leads to. */
  get allowed(): readonly string[] {
    return this.#egress.allowed;
  }

  async open(): Promise<void> {
    mkdirSync(this.#folder, { recursive: true, mode: 0o755 });
    rmSync(`${this.#folder}/${SOCKET}`, { force: true });
    this.#handle = await open(this.#folder);
    // The name of a socket is short by law, and the folder's need not be.
    const path = `/proc/self/fd/${this.#handle.fd}/${SOCKET}`;
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(path, resolve);
    });
    // Who the sandbox's user is to this machine does not matter: only its container sees the folder.
    chmodSync(path, 0o666);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    await this.#handle?.close();
    this.#handle = null;
    rmSync(this.#folder, { recursive: true, force: true });
    this.#egress.close();
  }

  #pass(request: IncomingMessage, response: ServerResponse): void {
    const path = passedPath(request.url);
    if (path === null) return refuse(response);
    const outgoing = this.#request(request, path, withoutHop(request.headers));
    outgoing.once("response", (answer) => {
      response.writeHead(answer.statusCode ?? 502, withoutHop(answer.headers));
      pipeline(answer, response, () => undefined);
    });
    outgoing.once("error", () => {
      if (response.headersSent) response.destroy();
      else response.writeHead(502, { "content-type": "text/plain" }).end("The control plane cannot be reached.\n");
    });
    response.once("close", () => outgoing.destroy());
    // What breaks off ends the other side too, by the listeners above.
    pipeline(request, outgoing, () => undefined);
  }

  #passUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => undefined);
    const path = passedPath(request.url);
    if (path === null) return void socket.end("HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    const outgoing = this.#request(request, path, request.headers);
    socket.once("close", () => outgoing.destroy());
    outgoing.once("upgrade", (answer, other, otherHead) => {
      socket.write(headOf(answer));
      other.on("error", () => undefined);
      if (otherHead.length > 0) other.unshift(otherHead);
      if (head.length > 0) other.write(head);
      pipeline(socket, other, () => socket.destroy());
      pipeline(other, socket, () => other.destroy());
    });
    // It said no, in words.
    outgoing.once("response", (answer) => {
      socket.write(headOf(answer));
      pipeline(answer, socket, () => undefined);
    });
    outgoing.once("error", () => socket.destroy());
    outgoing.end();
  }

  #request(request: IncomingMessage, path: string, headers: OutgoingHttpHeaders) {
    const { protocol, hostname, port, host } = this.#upstream;
    const options = { hostname, port, path, headers: { ...headers, host }, ...(request.method === undefined ? {} : { method: request.method }) };
    return protocol === "https:" ? requestHttps(options) : requestHttp(options);
  }
}

function refuse(response: ServerResponse): void {
  response.writeHead(403, { "content-type": "text/plain", connection: "close" }).end("A sandbox reaches its link and its brokers here, and nothing else of the control plane.\n");
}

/** As it came, without a length of what is read to its end anyway. */
function headOf({ statusCode, statusMessage, rawHeaders }: IncomingMessage): string {
  const lines = [`HTTP/1.1 ${statusCode ?? 502} ${statusMessage ?? ""}`];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.toLowerCase() !== "transfer-encoding") lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
  }
  return `${lines.join("\r\n")}\r\n\r\n`;
}
