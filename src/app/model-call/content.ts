/**
 * What a conversation holds besides text. Text is never more tokens than bytes. A picture, a document or a reference may be
 * more, up to what the model can read at all; sound has rates of its own, which no price list here has.
 */
import { asJson, asList, type Json, type Judged } from "./judged.ts";

interface Parts {
  readonly text: ReadonlySet<string>;
  readonly larger: ReadonlySet<string>;
  /** Members of a message and of a part of text that are text themselves. */
  readonly members: ReadonlySet<string>;
}

const set = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/));

const CHAT: Parts = {
  text: set("text refusal thinking reasoning"),
  larger: set("image_url file"),
  members: set("role content name tool_calls tool_call_id refusal reasoning reasoning_content reasoning_details reasoning_text reasoning_opaque function_call cache_control type text thinking"),
};
const RESPONSES: Parts = {
  text: set("message input_text output_text summary_text reasoning_text refusal function_call function_call_output custom_tool_call custom_tool_call_output reasoning"),
  larger: set("input_image input_file item_reference"),
  members: set("type role content id status phase text refusal annotations logprobs call_id name arguments input output summary encrypted_content"),
};
const MESSAGES: Parts = {
  text: set("text tool_use tool_result thinking redacted_thinking"),
  larger: set("image document search_result tool_reference"),
  members: set("role type text citations cache_control id name input tool_use_id content is_error thinking signature data caller"),
};
const OF_GOOGLE = set("text thought thoughtSignature functionCall functionResponse");
const MEDIA_OF_GOOGLE = set("inlineData fileData");

export function judgeChat(judged: Judged, { messages }: Json): void {
  judgeAll(judged, CHAT, messages, "text");
}

export function judgeResponses(judged: Judged, { input }: Json): void {
  if (typeof input !== "string") judgeAll(judged, RESPONSES, input, "message");
}

export function judgeMessages(judged: Judged, { messages, system, cache_control: cached }: Json): void {
  judgeCache(judged, cached);
  judgeAll(judged, MESSAGES, messages, "text");
  if (typeof system !== "string") judgeAll(judged, MESSAGES, system, "text");
}

export function judgeContents(judged: Judged, { contents, systemInstruction }: Json): void {
  for (const content of [...asList(contents), ...asList(systemInstruction)]) {
    const { role: _, parts, ...others } = asJson(content) ?? { none: true };
    if (Object.keys(others).length > 0) judged.mayBeLarger();
    for (const part of asList(parts)) judgeGooglePart(judged, asJson(part) ?? {});
  }
}

/** Wires know a message with parts, of which a tool's answer has parts of its own. */
const DEPTH_MAX = 8;

/** @param untyped what a part without a `type` is */
function judgeAll(judged: Judged, parts: Parts, list: unknown, untyped: string, depth = 0): void {
  for (const one of asList(list)) judgePart(judged, parts, one, { untyped, depth });
}

function judgePart(judged: Judged, parts: Parts, value: unknown, { untyped, depth }: { readonly untyped: string; readonly depth: number }): void {
  if (typeof value === "string") return;
  if (depth > DEPTH_MAX) return judged.isEndless("content");
  const part = asJson(value);
  if (part === null) return judged.mayBeLarger();
  const type = part["type"] ?? untyped;
  if (typeof type !== "string" || (!parts.text.has(type) && !parts.larger.has(type))) return judged.isEndless(String(type));
  if (parts.larger.has(type)) judged.mayBeLarger({ isInline: isInline(part) });
  else if (Object.keys(part).some((name) => !parts.members.has(name))) judged.mayBeLarger();
  judgeCache(judged, part["cache_control"]);
  // What a tool was told is text whatever it is; what it answered may hold pictures.
  judgeAll(judged, parts, part["content"], "text", depth + 1);
  if (type.endsWith("_output")) judgeAll(judged, parts, part["output"], "text", depth + 1);
}

/** Whether the bytes of a picture or a document are in the body. */
function isInline({ source, image_url: image, file, file_data: data }: Json): boolean {
  const given = [asJson(image)?.["url"] ?? image, asJson(file)?.["file_data"] ?? data].find((one) => one !== undefined);
  return asJson(source)?.["type"] === "base64" || (typeof given === "string" && given.startsWith("data:"));
}

/** What is kept for an hour costs more to keep than the price lists say. */
export function judgeCache(judged: Judged, cached: unknown): void {
  if (cached === undefined || cached === null) return;
  const { type: _, ttl = "5m", ...others } = asJson(cached) ?? { none: true };
  if (ttl !== "5m" || Object.keys(others).length > 0) judged.isEndless("cache_control");
}

function judgeGooglePart(judged: Judged, part: Json): void {
  for (const [name, value] of Object.entries(part)) {
    if (OF_GOOGLE.has(name)) {
      if (name === "functionResponse" && asJson(value)?.["parts"] !== undefined) judged.mayBeLarger();
      continue;
    }
    if (!MEDIA_OF_GOOGLE.has(name)) return judged.isEndless(name);
    const kind = asJson(value)?.["mimeType"];
    if (typeof kind === "string" && /^(image\/|text\/|application\/pdf$)/.test(kind)) judged.mayBeLarger({ isInline: name === "inlineData" });
    else judged.isEndless(name);
  }
}
