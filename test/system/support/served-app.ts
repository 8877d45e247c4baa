/** An app behind Node's own HTTP server, for programs that speak HTTP themselves. Bodies stream both ways. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

export interface ServedApp {
  readonly origin: string;
  close(): Promise<void>;
}

export async function serveApp(handle: (request: Request) => Response | Promise<Response>): Promise<ServedApp> {
  const server = createServer((request, response) => void answer(handle, request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(handle: (request: Request) => Response | Promise<Response>, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const left = new AbortController();
  outgoing.on("close", () => left.abort());
  const hasBody = incoming.method !== "GET" && incoming.method !== "HEAD";
  const init: RequestInit & { duplex: "half" } = {
    method: incoming.method ?? "GET",
    headers: Object.entries(incoming.headers).map(([name, value]) => [name, String(value)] as [string, string]),
    body: hasBody ? (Readable.toWeb(incoming) as unknown as BodyInit) : null,
    signal: left.signal,
    duplex: "half",
  };
  const response = await handle(new Request(`http://${incoming.headers.host ?? ""}${incoming.url ?? ""}`, init));
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  if (!response.body) return void outgoing.end();
  await pipeline(Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]), outgoing).catch(() => undefined);
}
