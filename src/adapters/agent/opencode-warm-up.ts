/**
 * A throw-away turn right after the start: OpenCode loads most of itself at its first prompt, which then takes seconds
 * instead of a fraction of one. It talks to a model of our own in this process, so it costs nobody a token.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface WarmUpModel {
  readonly provider: Record<string, unknown>;
  close(): void;
}

export const WARM_UP_PROVIDER = "berth-warm-up";
export const WARM_UP_MODEL = `${WARM_UP_PROVIDER}/none`;

const CHUNKS = [
  { choices: [{ index: 0, delta: { role: "assistant", content: "ok" }, finish_reason: null }] },
  { choices: [{ index: 0, delta: {}, finish_reason: "stop" }], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } },
];
const ANSWER = CHUNKS.map((chunk) => `data: ${JSON.stringify({ id: "warm-up", object: "chat.completion.chunk", created: 0, model: "none", ...chunk })}\n\n`);

/** Listens on loopback until it is closed. */
export async function startWarmUpModel(): Promise<WarmUpModel> {
  const server: Server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { "content-type": "text/event-stream" }).end(`${ANSWER.join("")}data: [DONE]\n\n`);
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    provider: {
      npm: "@ai-sdk/openai-compatible",
      options: { baseURL: `http://127.0.0.1:${port}`, apiKey: "none" },
      models: { none: { name: "Warm-up" } },
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
