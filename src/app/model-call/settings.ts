/**
 * What a call may set, by wire and path. A cap on money holds only calls whose cost has an end, so under one whatever is not
 * listed here is refused: a tool that the provider runs, a second model, a dearer tier.
 */
import type { Json } from "./judged.ts";

export interface Settings {
  /** Besides the content, the model, the limits and what follows. */
  readonly known: ReadonlySet<string>;
  /** Limits of the output that every provider of the wire obeys. */
  readonly limits: readonly string[];
  /** Limits that some providers of the wire do not know: they raise what is reserved and never lower it. */
  readonly uncertainLimits: readonly string[];
  /** How many answers are made of one call. */
  readonly copies: readonly string[];
  /** Names input that is kept at the provider. */
  readonly references: readonly string[];
  /** Whether this tool is run by the agent, and not by the provider at a price of its own. */
  isOwnTool(tool: Json): boolean;
}

const names = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/));

const CHAT = names(`messages model stream stream_options temperature top_p top_k min_p stop seed frequency_penalty presence_penalty
  repetition_penalty logit_bias logprobs top_logprobs response_format tools tool_choice parallel_tool_calls functions function_call
  user safety_identifier metadata store service_tier prompt_cache_key prompt_cache_retention caching reasoning reasoning_effort include_reasoning
  reasoning_summary thinking enable_thinking thinking_budget chat_template_kwargs chat_template_args verbosity include usage`);
const RESPONSES = names(`model input instructions stream stream_options temperature top_p top_logprobs text reasoning parallel_tool_calls tools
  tool_choice max_tool_calls store include user safety_identifier metadata service_tier prompt_cache_key prompt_cache_retention truncation`);
const MESSAGES = names(`model messages system stream temperature top_p top_k stop_sequences tools tool_choice thinking output_config output_format
  metadata service_tier cache_control`);
const CONTENTS = names("contents systemInstruction tools toolConfig safetySettings labels");
export const GENERATION = names(`temperature topP topK stopSequences presencePenalty frequencyPenalty seed responseMimeType responseSchema
  responseJsonSchema thinkingConfig responseLogprobs logprobs mediaResolution responseModalities`);

const isFunction = ({ type }: Json): boolean => type === "function";
const NO_MORE = { limits: [], uncertainLimits: [], copies: [], references: [] };

export const CHAT_COMPATIBLE: Settings = { ...NO_MORE, known: CHAT, limits: ["max_tokens"], uncertainLimits: ["max_completion_tokens"], copies: ["n", "best_of"], isOwnTool: isFunction };
export const CHAT_OPENAI: Settings = { ...CHAT_COMPATIBLE, limits: ["max_tokens", "max_completion_tokens"], uncertainLimits: [], isOwnTool: ({ type }) => type === "function" || type === "custom" };
export const RESPONSES_OPENAI: Settings = {
  ...NO_MORE,
  known: RESPONSES,
  limits: ["max_output_tokens"],
  references: ["previous_response_id", "conversation", "prompt"],
  isOwnTool: ({ type }) => type === "function" || type === "custom",
};
export const MESSAGES_ANTHROPIC: Settings = { ...NO_MORE, known: MESSAGES, limits: ["max_tokens"], isOwnTool: ({ type }) => type === undefined || type === null || type === "custom" };
/** Its limits are in `generationConfig`. */
export const CONTENTS_GOOGLE: Settings = {
  ...NO_MORE,
  known: CONTENTS,
  references: ["cachedContent"],
  isOwnTool: (tool) => Object.keys(tool).every((name) => name === "functionDeclarations"),
};

/** Tiers that cost what the price list says, or less. */
export const PLAIN_TIERS: ReadonlySet<unknown> = new Set([undefined, null, "auto", "default", "flex", "standard", "standard_only"]);
