/** The demo model's HTTP server. Loopback only, no key, no state between requests. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { anthropicStream, anthropicWhole } from "./anthropic.ts";
import { fromAnthropic, fromOpenAi, type Conversation } from "./conversation.ts";
import { openAiStream, openAiWhole } from "./openai.ts";
import { planAnswer } from "./plan.ts";
import { play } from "./play.ts";
import { Reply } from "./reply.ts";
import type { Sink } from "./sink.ts";

export interface DemoModelOptions {
  /** 0 takes a free one. */
  readonly port?: number;
  readonly host?: string;
  /** Pause between chunks of ordinary text, in milliseconds; `!stream` keeps its own pace. */
  readonly chunkDelayMs?: number;
}

export interface DemoModel {
  /** Origin without a path; the OpenAI and Anthropic base addresses are `${url}/v1`. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

const BODY_BYTES_MAX = 32 * 1024 * 1024;
const CHARACTERS_PER_TOKEN = 4;
const MODEL = {
  id: "demo",
  object: "model",
  type: "model",
  display_name: "Demo model",
  name: "Demo model",
  created: 1_767_225_600,
  created_at: "2026-01-01T00:00:00Z",
  owned_by: "berth",
};

export async function startDemoModel({ port = 0, host = "127.0.0.1", chunkDelayMs = 12 }: DemoModelOptions = {}): Promise<DemoModel> {
  const server = createServer((request, response) => {
    void answer(request, response, chunkDelayMs).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, host, resolve));
  const address = server.address() as AddressInfo;
  return {
    url: `http://${host}:${address.port}`,
    port: address.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, chunkDelayMs: number): Promise<void> {
  const reply = new Reply(response);
  const { pathname } = new URL(request.url ?? "/", "http://demo");
  const route = `${request.method} ${pathname.replace(/^\/v1(?=\/)/, "")}`;
  if (route === "GET /models") {
    reply.json(200, { object: "list", data: [MODEL], has_more: false, first_id: MODEL.id, last_id: MODEL.id });
    return;
  }
  if (route === "GET /health") {
    reply.json(200, { status: "ok" });
    return;
  }
  if (route !== "POST /chat/completions" && route !== "POST /messages") {
    reply.json(404, { error: { message: `The demo model has nothing at ${pathname}.`, type: "not_found_error" } });
    return;
  }
  const body = await readJson(request);
  if (body === null) {
    reply.json(400, { error: { message: "The body is not a JSON object, or is over 32 MB.", type: "invalid_request_error" } });
    return;
  }
  const isOpenAi = route === "POST /chat/completions";
  const conversation = isOpenAi ? fromOpenAi(body) : fromAnthropic(body);
  const inputTokens = Math.ceil(conversation.characters / CHARACTERS_PER_TOKEN);
  const sink = (isOpenAi ? openAiSink : anthropicSink)(reply, body, conversation, inputTokens);
  await play(planAnswer(conversation), sink, { inputTokens, chunkDelayMs: body["stream"] === true ? chunkDelayMs : 0, signal: reply.signal });
}

function modelOf(body: Record<string, unknown>): string {
  return typeof body["model"] === "string" ? body["model"] : MODEL.id;
}

function openAiSink(reply: Reply, body: Record<string, unknown>, { length }: Conversation): Sink {
  const header = { id: `chatcmpl-demo-${length}`, model: modelOf(body), created: Math.floor(Date.now() / 1000) };
  if (body["stream"] !== true) return openAiWhole(reply, header);
  const options = body["stream_options"] as { include_usage?: unknown } | null | undefined;
  return openAiStream(reply, header, options?.include_usage === true);
}

function anthropicSink(reply: Reply, body: Record<string, unknown>, { length }: Conversation, inputTokens: number): Sink {
  const header = { id: `msg_demo_${length}`, model: modelOf(body), inputTokens };
  return body["stream"] === true ? anthropicStream(reply, header) : anthropicWhole(reply, header);
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown> | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_BYTES_MAX) return null;
    chunks.push(chunk);
  }
  try {
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString("utf8"));
    return typeof body === "object" && body !== null && !Array.isArray(body) ? (body as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
