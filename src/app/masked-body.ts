/** Covers secrets that a host says again in its answer. Each byte becomes an asterisk, so that lengths stay as they are. */
import { COVERED_CHARACTERS_MIN, spellingsOf } from "../core/secrets/spellings.ts";

const ASTERISK = 0x2a;

/** The values as a text may hold them. */
export function formsOf(values: readonly string[]): readonly string[] {
  return [...new Set(values.filter((value) => value.length >= COVERED_CHARACTERS_MIN).flatMap(spellingsOf))];
}

export function maskedText(text: string, forms: readonly string[]): string {
  return forms.reduce((masked, form) => masked.replaceAll(form, "*".repeat(form.length)), text);
}

/** Passes on at once what no form can begin in. @param forms ASCII text, see {@link formsOf} */
export function maskedBody(body: ReadableStream<Uint8Array>, forms: readonly string[]): ReadableStream<Uint8Array> {
  const needles = forms.map((form) => Buffer.from(form));
  if (needles.length === 0) return body;
  let held = Buffer.alloc(0);
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        const bytes = Buffer.concat([held, chunk]);
        const open = Math.min(...needles.map((needle) => openAt(bytes, needle)));
        for (const needle of needles) cover(bytes, needle);
        held = bytes.subarray(open);
        if (open > 0) controller.enqueue(new Uint8Array(bytes.subarray(0, open)));
      },
      flush(controller) {
        if (held.length > 0) controller.enqueue(new Uint8Array(held));
      },
    }),
  );
}

function cover(bytes: Buffer, needle: Buffer): void {
  for (let at = bytes.indexOf(needle); at >= 0; at = bytes.indexOf(needle, at + needle.length)) bytes.fill(ASTERISK, at, at + needle.length);
}

/** Where one may have begun that is not all there. */
function openAt(bytes: Buffer, needle: Buffer): number {
  const first = needle[0] ?? 0;
  for (let at = bytes.indexOf(first, Math.max(0, bytes.length - needle.length + 1)); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (needle.subarray(0, bytes.length - at).equals(bytes.subarray(at))) return at;
  }
  return bytes.length;
}
