/** OpenAI chat completions: streamed as chunks or answered whole. */
import { failureOf, piecesOf, type AnswerUsage, type Sink } from "./sink.ts";
import type { Reply } from "./reply.ts";

const ARGUMENT_PIECE = 24;

interface Header {
  readonly id: string;
  readonly model: string;
  readonly created: number;
}

function usageOf({ inputTokens, outputTokens }: AnswerUsage): Record<string, unknown> {
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    prompt_tokens_details: { cached_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0 },
  };
}

function errorBody(status: number): Record<string, unknown> {
  return { error: { ...failureOf(status), param: null, code: null } };
}

function refuse(reply: Reply, status: number, retryAfter: string | null): void {
  reply.json(status, errorBody(status), retryAfter === null ? {} : { "retry-after": retryAfter });
}

const finishReason = (stop: "end" | "tool"): string => (stop === "tool" ? "tool_calls" : "stop");

export function openAiStream(reply: Reply, header: Header, includeUsage: boolean): Sink {
  const chunk = (delta: Record<string, unknown>, finish: string | null = null): Record<string, unknown> => ({
    ...header,
    object: "chat.completion.chunk",
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
  const send = async (delta: Record<string, unknown>): Promise<void> => {
    if (!reply.started) await reply.event(chunk({ role: "assistant", content: "" }));
    await reply.event(chunk(delta));
  };
  return {
    text: (content) => send({ content }),
    reasoning: (text) => send({ reasoning_content: text }),
    async tool({ id, name, input }) {
      await send({ tool_calls: [{ index: 0, id, type: "function", function: { name, arguments: "" } }] });
      for (const piece of piecesOf(JSON.stringify(input), ARGUMENT_PIECE)) {
        await send({ tool_calls: [{ index: 0, function: { arguments: piece } }] });
      }
    },
    async fail(status, retryAfter) {
      if (!reply.started) return refuse(reply, status, retryAfter);
      await reply.event(errorBody(status));
      reply.finish();
    },
    async cut() {
      await send({ content: "This connection is about to " });
      const [half = ""] = JSON.stringify(chunk({ content: "bre|ak" })).split("|");
      await reply.cut(`data: ${half}`);
    },
    async end(stop, usage) {
      if (!reply.started) await send({ content: "" });
      await reply.event(chunk({}, finishReason(stop)));
      if (includeUsage) await reply.event({ ...header, object: "chat.completion.chunk", choices: [], usage: usageOf(usage) });
      await reply.event("[DONE]");
      reply.finish();
    },
  };
}

export function openAiWhole(reply: Reply, header: Header): Sink {
  let content = "";
  let reasoning = "";
  const toolCalls: unknown[] = [];
  return {
    async text(chunk) {
      content += chunk;
    },
    async reasoning(chunk) {
      reasoning += chunk;
    },
    async tool({ id, name, input }) {
      toolCalls.push({ id, type: "function", function: { name, arguments: JSON.stringify(input) } });
    },
    async fail(status, retryAfter) {
      refuse(reply, status, retryAfter);
    },
    cut: () => reply.cut('{"id":"cut'),
    async end(stop, usage) {
      const message = {
        role: "assistant",
        content: content === "" ? null : content,
        ...(reasoning === "" ? {} : { reasoning_content: reasoning }),
        ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls }),
      };
      const choices = [{ index: 0, message, finish_reason: finishReason(stop) }];
      reply.json(200, { ...header, object: "chat.completion", choices, usage: usageOf(usage) });
    },
  };
}
