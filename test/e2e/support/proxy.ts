/**
 * A reverse proxy as an operator puts in front of an instance: tells it the public host, the scheme that people used and who asks, and
 * hands WebSockets through. What it says of TLS it only says, since a test has no certificate.
 */
import { createServer, request, type IncomingHttpHeaders } from "node:http";
import { connect, type Socket } from "node:net";

export interface Proxy {
  /** Where it listens: what people reach as the public address. */
  readonly url: string;
  close(): Promise<void>;
}

export const CLIENT_ADDRESS = "203.0.113.7";

export async function startProxy(target: string, publicUrl: string): Promise<Proxy> {
  const { hostname, port } = new URL(target);
  const { host } = new URL(publicUrl);
  const headersOf = (headers: IncomingHttpHeaders): IncomingHttpHeaders => ({ ...headers, host, "x-forwarded-host": host, "x-forwarded-proto": "https", "x-forwarded-for": CLIENT_ADDRESS, "x-real-ip": CLIENT_ADDRESS });
  const sockets = new Set<Socket>();
  const server = createServer((incoming, outgoing) => {
    const upstream = request({ hostname, port, method: incoming.method, path: incoming.url, headers: headersOf(incoming.headers) }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    upstream.on("error", () => outgoing.destroy());
    incoming.pipe(upstream);
  });
  server.on("upgrade", (incoming, near: Socket, head: Buffer) => {
    const lines = Object.entries(headersOf(incoming.headers)).map(([name, value]) => `${name}: ${String(value)}\r\n`);
    const far = connect(Number(port), hostname, () => {
      far.write(`GET ${incoming.url ?? "/"} HTTP/1.1\r\n${lines.join("")}\r\n`);
      far.write(head);
      near.pipe(far).pipe(near);
    });
    for (const [one, other] of [[near, far], [far, near]] as const) {
      sockets.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        for (const socket of sockets) socket.destroy();
      }),
  };
}
