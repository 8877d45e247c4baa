/** Reads request bodies: bounded also when no length is announced, JSON or a form, and text that every store can hold. */
import { LIMITS } from "@berth/protocol";
import { refuse, refuseField } from "./problem-error.ts";

const TOO_LARGE = `The body is larger than ${LIMITS.bodyBytesMax} bytes, the limit bodyBytesMax.`;

/**
 * Most of what a client sends past the limit is read and dropped: a connection that is cut while the client still writes
 * shows it a broken line instead of the refusal.
 */
const DRAINED_BYTES_MAX = 32 * LIMITS.bodyBytesMax;

/** @throws ProblemError `body-too-large`; never holds more than the limit */
export async function readBody(request: Request): Promise<Uint8Array> {
  if (request.body === null) return new Uint8Array(0);
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = request.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.byteLength;
    if (size <= LIMITS.bodyBytesMax) chunks.push(value);
    else chunks.length = 0;
    if (size > DRAINED_BYTES_MAX) {
      await reader.cancel();
      break;
    }
  }
  return size > LIMITS.bodyBytesMax ? refuse("body-too-large", TOO_LARGE) : join(chunks, size);
}

function join(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return whole;
}

/** @throws ProblemError `unsupported-media-type`, `malformed-json`, or `invalid-field` for text that cannot be stored */
export function parseJson(bytes: Uint8Array, contentType: string | null): unknown {
  if (bytes.length === 0) refuse("malformed-json", "The body is empty; send a JSON object.");
  if (contentType === null || !/^application\/([a-z0-9.-]+\+)?json\s*(;|$)/i.test(contentType)) {
    refuse("unsupported-media-type", "Send the body as `Content-Type: application/json`.");
  }
  const value = parse(bytes);
  refuseUnstorableText(value);
  return value;
}

/** What a page's form sends; of a name that comes twice the first counts. @throws ProblemError `unsupported-media-type`, `invalid-field` */
export function parseForm(bytes: Uint8Array, contentType: string | null): unknown {
  if (contentType === null || !/^application\/x-www-form-urlencoded\s*(;|$)/i.test(contentType)) {
    refuse("unsupported-media-type", "Send the form as `Content-Type: application/x-www-form-urlencoded`.");
  }
  const value = Object.fromEntries([...new URLSearchParams(new TextDecoder().decode(bytes))].reverse());
  refuseUnstorableText(value);
  return value;
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    const reason = error instanceof SyntaxError ? error.message : "It is not UTF-8.";
    return refuse("malformed-json", `The body is not valid JSON: ${reason}`);
  }
}

/** PostgreSQL takes neither NUL nor half a surrogate pair. The walk keeps its own stack: bodies may nest deeply. */
function refuseUnstorableText(root: unknown): void {
  const pending: { readonly value: unknown; readonly pointer: string }[] = [{ value: root, pointer: "" }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value, pointer } = next;
    if (typeof value === "string" && !isStorable(value)) {
      refuseField(pointer, "The text holds a NUL character or half of a surrogate pair, which cannot be stored.");
    }
    if (typeof value !== "object" || value === null) continue;
    for (const [key, child] of Object.entries(value)) {
      const at = `${pointer}/${escapePointer(key)}`;
      if (!isStorable(key)) refuseField(pointer, "A field's name holds a character that cannot be stored.");
      pending.push({ value: child, pointer: at });
    }
  }
}

function isStorable(text: string): boolean {
  return !text.includes("\u0000") && text.isWellFormed();
}

/** One step of a JSON pointer (RFC 6901). */
export function escapePointer(step: PropertyKey): string {
  return String(step).replaceAll("~", "~0").replaceAll("/", "~1");
}
