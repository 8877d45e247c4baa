/** Real servers on this machine's loopback, over two joined ends of a tunnel. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { TUNNEL_WINDOW_BYTES, type OpenPort, type PortHead } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { WebSocketServer } from "ws";
import { afterEach, beforeEach, expect } from "vitest";
import { encodeMessage, PortMessageReader, type PortMessage } from "../../../../src/core/tunnel/port-messages.ts";
import { TunnelEnd } from "../../../../src/core/tunnel/tunnel-end.ts";
import type { TunnelStream } from "../../../../src/core/tunnel/tunnel-stream.ts";
import { acceptPort } from "../../src/ports/ports.ts";

let plane: TunnelEnd;
let servers: Server[];

beforeEach(() => {
  servers = [];
  const sandbox: TunnelEnd = new TunnelEnd({ send: (message) => queueMicrotask(() => expect(joined.receive(message)).toBe(true)) }, (what, stream) => acceptPort(what, stream) ?? "unknown");
  const joined = new TunnelEnd({ send: (message) => queueMicrotask(() => expect(sandbox.receive(message)).toBe(true)) }, null);
  plane = joined;
});

afterEach(async () => {
  plane.lost("the test is over");
  for (const server of servers) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function listen(answer: (request: IncomingMessage, response: ServerResponse) => void, host = "127.0.0.1"): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => void server.listen(0, host, resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

/** Whoever asks, at the other end of the tunnel. */
class Asker {
  head: PortHead | null = null;
  bytes = 0;
  text = "";
  over: string | null = null;
  isStill = false;
  readonly messages: PortMessage[] = [];
  readonly stream: TunnelStream;
  #wake: () => void = () => {};

  constructor(port: number, what: Partial<OpenPort> = {}) {
    const reader = new PortMessageReader();
    const open = { kind: "port", port, socket: false, method: "GET", path: "/", headers: [["host", `localhost:${port}`]], ...what } satisfies OpenPort;
    this.stream = plane.open(open, {
      head: (head) => this.#heard(() => void (this.head = head as PortHead)),
      data: (bytes) =>
        this.#heard(() => {
          this.bytes += bytes.length;
          if (open.socket) this.messages.push(...(reader.read(bytes) ?? []));
          else this.text = (this.text + Buffer.from(bytes).toString()).slice(-1_000);
          if (!this.isStill) this.stream.took(bytes.length);
        }),
      drained: () => this.#wake(),
      ended: () => this.#heard(() => void (this.over = "ended")),
      reset: (reason) => this.#heard(() => void (this.over = reason)),
    });
  }

  async until(isThere: () => boolean): Promise<void> {
    while (!isThere()) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  say(message: PortMessage): void {
    this.stream.write(encodeMessage(message));
  }

  #heard(change: () => void): void {
    change();
    this.#wake();
  }
}

verifies("PRT1", "a request comes to what listens on either loopback address, and its answer goes back as it is", async () => {
  for (const host of ["127.0.0.1", "::1"]) {
    const { port } = await listen((request, response) => void request.pipe(response.writeHead(201, { "x-saw": `${request.method} ${request.url} ${String(request.headers["x-own"])} ${String(request.headers["transfer-encoding"])}` })), host);
    const asker = new Asker(port, { method: "PUT", path: "/a?b=%20", headers: [["host", `localhost:${port}`], ["x-own", "yes"]] });
    asker.stream.write(Buffer.from("what was sent"));
    asker.stream.end();
    await asker.until(() => asker.over !== null);
    expect([asker.head?.is, asker.text, asker.over]).toEqual(["answer", "what was sent", "ended"]);
    const headers = new Headers(asker.head?.is === "answer" ? asker.head.headers : []);
    expect([asker.head, headers.get("x-saw")]).toMatchObject([{ status: 201 }, "PUT /a?b=%20 yes chunked"]);
  }
});

verifies("PRT1", "where nothing listens it is refused in words, and so is what is no request", async () => {
  const { server, port } = await listen(() => undefined);
  await new Promise((resolve) => server.close(resolve));
  for (const socket of [false, true]) {
    const asker = new Asker(port, { socket });
    if (!socket) asker.stream.end();
    await asker.until(() => asker.over !== null);
    expect(asker.head).toMatchObject({ is: "refused", why: "silent", detail: `Nothing listens on port ${port}.` });
  }
  const wrong = new Asker(0);
  await wrong.until(() => wrong.over !== null);
  expect(wrong.over).toContain("no request");
});

verifies("PRT1", "one that breaks off before or in the middle of its answer is told from one that ends", async () => {
  const { port } = await listen((request, response) => {
    if (request.url === "/none") return request.socket.destroy();
    response.write("half");
    return void setImmediate(() => request.socket.destroy());
  });
  const none = new Asker(port, { path: "/none" });
  const half = new Asker(port);
  for (const asker of [none, half]) {
    asker.stream.end();
    await asker.until(() => asker.over !== null);
  }
  expect(none.head).toMatchObject({ is: "refused", why: "broken" });
  expect([half.head?.is, half.over]).toEqual(["answer", "what listens on the port broke off"]);
});

verifies("PRT2", "an answer that is not read stops the server, and whoever leaves ends it there", async () => {
  const ended = Promise.withResolvers<void>();
  let sent = 0;
  const { port } = await listen((_request, response) => {
    const more = (): void => {
      for (let fits = true; fits && !response.destroyed; sent += 64 * 1024) fits = response.write(Buffer.alloc(64 * 1024));
      response.once("drain", more);
    };
    more();
    response.on("close", () => ended.resolve());
  });
  const asker = new Asker(port);
  asker.isStill = true;
  asker.stream.end();
  await asker.until(() => asker.bytes === TUNNEL_WINDOW_BYTES);
  asker.isStill = false;
  asker.stream.took(asker.bytes);
  await asker.until(() => asker.bytes >= 4 * TUNNEL_WINDOW_BYTES);
  asker.isStill = true;
  asker.stream.reset("nobody reads it any more");
  await ended.promise;
  // What the two sockets hold between them is the system's.
  expect(sent - asker.bytes).toBeLessThan(32 * 1024 * 1024);
});

verifies("PRT2", "a request that is not read waits where it is sent", async () => {
  const read = Promise.withResolvers<void>();
  const { port } = await listen((request, response) => {
    request.pause();
    void read.promise.then(() => {
      request.resume();
      request.on("end", () => response.end("read"));
    });
  });
  const asker = new Asker(port, { method: "POST" });
  while (asker.stream.write(Buffer.alloc(64 * 1024))) await new Promise(setImmediate);
  asker.stream.end();
  read.resolve();
  await asker.until(() => asker.over !== null);
  expect([asker.text, asker.over]).toEqual(["read", "ended"]);
});

verifies("PRT3", "a WebSocket has its protocol, its messages whole either way, and ends with its code", async () => {
  const { server, port } = await listen(() => undefined);
  const sockets = new WebSocketServer({ server, handleProtocols: (offered) => [...offered].at(-1) ?? false });
  const closes: number[] = [];
  sockets.on("connection", (socket) => {
    socket.on("close", (code) => closes.push(code));
    socket.on("message", (data, isBinary) => {
      if (!isBinary && (data as Buffer).toString() === "end") socket.close(4321, "as asked");
      else socket.send(isBinary ? data : `saw ${(data as Buffer).toString()}`);
    });
  });
  const asker = new Asker(port, { socket: true, headers: [["host", `localhost:${port}`], ["sec-websocket-protocol", "one, two"]] });
  await asker.until(() => asker.head !== null);
  expect(asker.head).toEqual({ is: "socket", protocol: "two" });
  const long = Uint8Array.from({ length: 700_000 }, (_, i) => i % 253);
  asker.say({ is: "text", text: "hé" });
  asker.say({ is: "binary", bytes: long });
  asker.say({ is: "text", text: "end" });
  await asker.until(() => asker.over !== null);
  const [text, binary, close] = asker.messages;
  expect([text, close]).toEqual([{ is: "text", text: "saw hé" }, { is: "close", code: 4321, reason: "as asked" }]);
  expect(binary?.is === "binary" && Buffer.from(long).equals(binary.bytes)).toBe(true);

  const leaver = new Asker(port, { socket: true });
  await leaver.until(() => leaver.head !== null);
  leaver.say({ is: "close", code: 3001, reason: "gone" });
  await leaver.until(() => leaver.over !== null);
  expect(closes.at(-1)).toBe(3001);
  sockets.close();
});

verifies("PRT3", "a WebSocket that is refused is answered as a request", async () => {
  const { server, port } = await listen(() => undefined);
  server.on("upgrade", (_request, socket) => socket.end("HTTP/1.1 403 Forbidden\r\nx-why: no\r\ncontent-length: 4\r\n\r\nstop"));
  const asker = new Asker(port, { socket: true });
  await asker.until(() => asker.over !== null);
  expect(asker.head).toMatchObject({ is: "answer", status: 403 });
  expect(asker.bytes).toBe(4);
});
