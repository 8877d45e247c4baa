/** Anthropic messages: streamed as content blocks or answered whole. */
import { failureOf, piecesOf, type AnswerUsage, type Sink } from "./sink.ts";
import type { Reply } from "./reply.ts";

const ARGUMENT_PIECE = 24;

interface Header {
  readonly id: string;
  readonly model: string;
  readonly inputTokens: number;
}

type Block = { type: "text"; text: string } | { type: "thinking"; thinking: string; signature: string } | { type: "tool_use"; id: string; name: string; input: unknown };

const usageOf = ({ inputTokens, outputTokens }: AnswerUsage): Record<string, number> => ({
  input_tokens: inputTokens,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  output_tokens: outputTokens,
});

const stopReason = (stop: "end" | "tool"): string => (stop === "tool" ? "tool_use" : "end_turn");

function errorBody(status: number): Record<string, unknown> {
  return { type: "error", error: failureOf(status) };
}

function refuse(reply: Reply, status: number, retryAfter: string | null): void {
  reply.json(status, errorBody(status), retryAfter === null ? {} : { "retry-after": retryAfter });
}

function messageOf({ id, model }: Header, content: readonly Block[], stop: string | null, usage: AnswerUsage): Record<string, unknown> {
  return { id, type: "message", role: "assistant", model, content, stop_reason: stop, stop_sequence: null, usage: usageOf(usage) };
}

export function anthropicStream(reply: Reply, header: Header): Sink {
  let index = -1;
  let open: Block["type"] | null = null;

  const event = (data: { readonly type: string } & Record<string, unknown>): Promise<void> => reply.event(data, data.type);
  const start = async (): Promise<void> => {
    if (reply.started) return;
    await event({ type: "message_start", message: messageOf(header, [], null, { inputTokens: header.inputTokens, outputTokens: 1 }) });
  };
  const close = async (): Promise<void> => {
    if (open !== null) await event({ type: "content_block_stop", index });
    open = null;
  };
  const block = async (content: Block): Promise<void> => {
    if (open === content.type) return;
    await start();
    await close();
    index += 1;
    open = content.type;
    await event({ type: "content_block_start", index, content_block: content });
  };
  const delta = (body: Record<string, unknown>): Promise<void> => event({ type: "content_block_delta", index, delta: body });

  return {
    async text(text) {
      await block({ type: "text", text: "" });
      await delta({ type: "text_delta", text });
    },
    async reasoning(thinking) {
      await block({ type: "thinking", thinking: "", signature: "" });
      await delta({ type: "thinking_delta", thinking });
    },
    async tool({ id, name, input }) {
      await block({ type: "tool_use", id, name, input: {} });
      for (const piece of piecesOf(JSON.stringify(input), ARGUMENT_PIECE)) await delta({ type: "input_json_delta", partial_json: piece });
    },
    async fail(status, retryAfter) {
      if (!reply.started) return refuse(reply, status, retryAfter);
      await reply.event(errorBody(status), "error");
      reply.finish();
    },
    async cut() {
      await block({ type: "text", text: "" });
      await delta({ type: "text_delta", text: "This connection is about to " });
      await reply.cut(`event: content_block_delta\ndata: {"type":"content_block_delta","index":${index},"delta":{"type":"text_de`);
    },
    async end(stop, usage) {
      await start();
      await close();
      await event({ type: "message_delta", delta: { stop_reason: stopReason(stop), stop_sequence: null }, usage: { output_tokens: usage.outputTokens } });
      await event({ type: "message_stop" });
      reply.finish();
    },
  };
}

export function anthropicWhole(reply: Reply, header: Header): Sink {
  const blocks: Block[] = [];
  return {
    async text(chunk) {
      const last = blocks.at(-1);
      if (last?.type === "text") last.text += chunk;
      else blocks.push({ type: "text", text: chunk });
    },
    async reasoning(chunk) {
      const last = blocks.at(-1);
      if (last?.type === "thinking") last.thinking += chunk;
      else blocks.push({ type: "thinking", thinking: chunk, signature: "" });
    },
    async tool({ id, name, input }) {
      blocks.push({ type: "tool_use", id, name, input });
    },
    async fail(status, retryAfter) {
      refuse(reply, status, retryAfter);
    },
    cut: () => reply.cut('{"id":"cut'),
    async end(stop, usage) {
      reply.json(200, messageOf(header, blocks, stopReason(stop), usage));
    },
  };
}
