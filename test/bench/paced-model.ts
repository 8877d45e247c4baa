/** A provider that answers each call at once and then says a token every few milliseconds: the time at which it said it. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

export const TOKENS = 50;
const PACE_MS = 10;

export interface PacedModel extends AsyncDisposable {
  /** Without the version. */
  readonly url: string;
}

export async function startPacedModel(): Promise<PacedModel> {
  const server = createServer((request, response) => {
    request.resume();
    const chunk = (delta: object, finish: string | null = null): void => {
      const choices = [{ index: 0, delta, finish_reason: finish }];
      response.write(`data: ${JSON.stringify({ id: "chatcmpl-1", object: "chat.completion.chunk", model: "demo", choices })}\n\n`);
    };
    const speak = async (): Promise<void> => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (let said = 0; said < TOKENS && !response.destroyed; said++) {
        chunk({ content: `${performance.now()} ` });
        await delay(PACE_MS);
      }
      chunk({}, "stop");
      response.end(`data: ${JSON.stringify({ id: "chatcmpl-1", object: "chat.completion.chunk", model: "demo", choices: [], usage: { prompt_tokens: 1, completion_tokens: TOKENS, total_tokens: TOKENS + 1 } })}\n\ndata: [DONE]\n\n`);
    };
    void speak();
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
