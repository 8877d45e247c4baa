/** The stand-in of a Connect server on a port of its own, with what may go wrong on the way. What it answers: `onepassword/connect-answers.testkit.ts`. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { CONNECT_TOKEN, connectAnswer, newId, type StoredItem } from "./onepassword/connect-answers.testkit.ts";

export interface ConnectStandIn {
  readonly url: string;
  readonly vaultId: string;
  readonly token: string;
  readonly items: StoredItem[];
  /** Headers and bodies of every request, as it received them. */
  readonly received: readonly string[];
  /** In the place of its next answer: `lost` does what was asked first. */
  misbehave(how: "refuse" | "cut" | "lost" | "slow" | "limit"): void;
  close(): Promise<void>;
}

export async function startConnectStandIn(): Promise<ConnectStandIn> {
  const vaultId = newId();
  const items: StoredItem[] = [];
  const received: string[] = [];
  let next: Parameters<ConnectStandIn["misbehave"]>[0] | null = null;
  const server = createServer(async (request, response) => {
    // One connection a call, so that none is left open when it is down.
    response.shouldKeepAlive = false;
    const body = await bodyOf(request);
    received.push(JSON.stringify([request.method, request.url, request.headers, body]));
    const asked = { method: request.method ?? "", url: request.url ?? "", authorization: request.headers.authorization ?? "", body };
    const isWrite = asked.method !== "GET";
    const how = next === "lost" && !isWrite ? null : next;
    if (how !== null) next = null;
    if (how === "refuse") return refuse(response, 401, "Invalid token signature");
    if (how === "limit") return refuse(response, 429, "rate limit exceeded");
    if (how === "slow") await new Promise((resolve) => setTimeout(resolve, 50));
    if (how === "cut") {
      response.writeHead(200, { "content-type": "application/json" });
      return void response.write('[{"id":"', () => response.destroy());
    }
    if (how === "lost") {
      connectAnswer(asked, { items, vaultId });
      return void response.destroy();
    }
    const [status, value] = connectAnswer(asked, { items, vaultId });
    return status === 204 ? void response.writeHead(204).end() : void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ vaultId, token: CONNECT_TOKEN, items, received },
    misbehave: (how) => {
      next = how;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify({ status, message }));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
