/** What the programs of a sandbox and those who look at them say wrongly. */
import { createServer } from "node:http";
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { OpenPort } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { afterEach, expect } from "vitest";
import { TunnelStream } from "../../../../src/core/tunnel/tunnel-stream.ts";
import { acceptPort } from "../../src/ports/ports.ts";

const servers: Server[] = [];
const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

async function listening(server: Server): Promise<number> {
  servers.push(server);
  server.on("connection", (socket) => void sockets.push(socket));
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** A server that says so much to each connection, once it was asked, and no more. */
function says(text: string): Promise<number> {
  return listening(createTcpServer((socket) => void socket.on("error", () => undefined).once("data", () => socket.write(text))));
}

/** The words said about a stream, until one of them ends it. */
async function answerOf(what: Partial<OpenPort>): Promise<readonly unknown[]> {
  const words: { readonly type?: string }[] = [];
  return new Promise((resolve) => {
    const send = (message: string | Uint8Array): void => {
      if (typeof message !== "string") return;
      words.push(JSON.parse(message) as { readonly type?: string });
      if (["end", "reset"].includes(words.at(-1)?.type ?? "")) resolve(words);
    };
    const stream = new TunnelStream(1, { send }, () => undefined);
    const listener = acceptPort({ kind: "port", port: 1, socket: false, method: "GET", path: "/", headers: [], ...what }, stream);
    if (listener === null || typeof listener === "string") return resolve([listener]);
    stream.listen(listener);
    listener.ended?.();
  });
}

verifies("PRT5", "a request or WebSocket that cannot be sent is refused, and the runtime goes on", async () => {
  const odd: Partial<OpenPort>[] = [
    { headers: [["x-name", "日本"]] },
    { headers: [["not a name", "x"]] },
    { socket: true, headers: [["x-name", "日本"]] },
    { socket: true, headers: [["sec-websocket-protocol", "a b"]] },
    { socket: true, headers: [["sec-websocket-protocol", "a,,b"]] },
  ];
  for (const what of odd) expect(await answerOf(what)).toEqual([expect.stringContaining("cannot be passed to a port")]);
});

verifies("PRT5", "a server that changes the protocol unasked is told from one that is slow", async () => {
  const port = await says("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: other\r\n\r\n");
  expect((await answerOf({ port }))[0]).toMatchObject({ type: "head", head: { is: "refused", why: "broken" } });
  const tunnel = await says("HTTP/1.1 200 OK\r\n\r\n");
  expect((await answerOf({ port: tunnel, method: "CONNECT" }))[0]).toMatchObject({ type: "head", head: { is: "refused", why: "broken" } });
});

verifies("PRT5", "a body without a length is marked as one, whatever the method", async () => {
  const port = await listening(createServer((request, response) => void request.resume().on("end", () => response.end(String(request.headers["transfer-encoding"])))));
  for (const method of ["DELETE", "GET", "OPTIONS"]) {
    let text = "";
    const ended = Promise.withResolvers<void>();
    const send = (message: string | Uint8Array): void => {
      if (typeof message !== "string") text += Buffer.from(message.subarray(5)).toString();
      else if (message.includes('"end"')) ended.resolve();
    };
    const stream = new TunnelStream(1, { send }, () => undefined);
    const listener = acceptPort({ kind: "port", port, socket: false, method, path: "/", headers: [["host", "localhost"], ["transfer-encoding", "chunked"]] }, stream);
    if (listener === null || typeof listener === "string") throw new Error(String(listener));
    listener.data(Buffer.from("GET /smuggled HTTP/1.1\r\nhost: localhost\r\n\r\n"), 0);
    listener.ended?.();
    await ended.promise;
    expect([method, text]).toEqual([method, "chunked"]);
  }
});
