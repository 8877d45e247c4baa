/** Where an answer goes. Each wire has a streaming and a whole-body sink; `play` drives either. */

export interface AnswerUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export interface Sink {
  text(chunk: string): Promise<void>;
  reasoning(chunk: string): Promise<void>;
  tool(call: { readonly id: string; readonly name: string; readonly input: Record<string, unknown> }): Promise<void>;
  /** An upstream failure; a status if nothing was sent yet, an error in the stream otherwise. */
  fail(status: number, retryAfter: string | null): Promise<void>;
  /** Drops the connection in the middle of a token. */
  cut(): Promise<void>;
  end(stop: "end" | "tool", usage: AnswerUsage): Promise<void>;
}

/** Splits after each word, keeping every character. */
export function wordsOf(text: string): readonly string[] {
  return text.match(/\S+\s*|\s+/g) ?? [];
}

/** Splits into pieces of at most `size` UTF-16 units. */
export function piecesOf(text: string, size: number): readonly string[] {
  return Array.from({ length: Math.ceil(text.length / size) }, (_, index) => text.slice(index * size, (index + 1) * size));
}

const FAILURE_TYPES: Readonly<Record<number, string>> = {
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  529: "overloaded_error",
};

/** The vendors' names of failures; agents decide by them whether to try again. */
export function failureOf(status: number): { readonly type: string; readonly message: string } {
  const type = FAILURE_TYPES[status] ?? (status < 500 ? "invalid_request_error" : "server_error");
  return { type, message: `The demo model was told to fail with status ${status}.` };
}
