/** The demo model behind a key, as a provider's own server would be: OpenAI-compatible, and closed without the key. */
import { createServer, request as httpRequest, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { startDemoModel } from "../../../packages/demo-model/src/server.ts";

export interface KeyedModel {
  readonly origin: string;
  /** Requests with the key that asked for an answer. */
  answered(): number;
  /** Header values of every request, to look for what must not arrive. */
  readonly headers: readonly string[];
  close(): Promise<void>;
}

export async function startKeyedModel(key: string): Promise<KeyedModel> {
  const model = await startDemoModel();
  const headers: string[] = [];
  let answered = 0;
  const server: Server = createServer((incoming, outgoing) => {
    headers.push(JSON.stringify(incoming.headers));
    if (incoming.headers.authorization !== `Bearer ${key}`) {
      outgoing.writeHead(401, { "content-type": "application/json" });
      outgoing.end(JSON.stringify({ error: { message: "Incorrect API key provided.", type: "invalid_request_error" } }));
      return;
    }
    if (incoming.method === "POST") answered += 1;
    const upstream = httpRequest(model.url + (incoming.url ?? "/"), { method: incoming.method, headers: { "content-type": "application/json" } }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    upstream.on("error", () => outgoing.destroy());
    outgoing.on("close", () => upstream.destroy());
    incoming.pipe(upstream);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answered: () => answered,
    headers,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await model.close();
    },
  };
}
