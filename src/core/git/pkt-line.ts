/** Git's framing: four hex digits of length, themselves included, then the bytes. Lengths 0 to 2 are markers without bytes. */

const encoder = new TextEncoder();

export const FLUSH = encoder.encode("0000");
/** The longest line git sends. */
export const PKT_BYTES_MAX = 65_520;

/** Text or bytes as one line. */
export function pkt(content: string | Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = typeof content === "string" ? encoder.encode(content) : content;
  return joined(encoder.encode((bytes.length + 4).toString(16).padStart(4, "0")), bytes);
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

export type PktRead =
  /** More bytes are needed. */
  | { readonly kind: "more" }
  | { readonly kind: "broken" }
  | { readonly kind: "flush"; readonly end: number }
  | { readonly kind: "line"; readonly content: Uint8Array; readonly end: number };

/** The line that begins at `start`; `end` is where the next one begins. Of the markers only a flush is taken. */
export function readPkt(bytes: Uint8Array, start: number): PktRead {
  if (bytes.length - start < 4) return { kind: "more" };
  const length = lengthAt(bytes, start);
  if (length === 0) return { kind: "flush", end: start + 4 };
  if (length === null || length <= 4 || length > PKT_BYTES_MAX) return { kind: "broken" };
  if (bytes.length - start < length) return { kind: "more" };
  return { kind: "line", content: bytes.subarray(start + 4, start + length), end: start + length };
}

function lengthAt(bytes: Uint8Array, start: number): number | null {
  let length = 0;
  for (const byte of bytes.subarray(start, start + 4)) {
    const digit = "0123456789abcdef".indexOf(String.fromCharCode(byte).toLowerCase());
    if (digit < 0) return null;
    length = length * 16 + digit;
  }
  return length;
}
