/**
 * Signatures between the control plane and a sandbox host: HMAC-SHA256 over method, path, query, body hash, time and nonce.
 * Runs in Node and in workerd, so it uses WebCrypto only.
 */
export const SIGNATURE_HEADERS = {
  timeMs: "x-berth-time",
  nonce: "x-berth-nonce",
  bodyHash: "x-berth-body-sha256",
  signature: "x-berth-signature",
} as const;

/** How far the two clocks may differ, in milliseconds. */
export const SKEW_MAX_MS = 60_000;

export interface SignedParts {
  readonly method: string;
  /** As sent, percent-encoding and all. */
  readonly path: string;
  /** With its question mark, or empty. */
  readonly query: string;
  /** Hex SHA-256 of the body, also of an empty one. */
  readonly bodyHash: string;
  /** Milliseconds since the Unix epoch, as a decimal number. */
  readonly timeMs: string;
  readonly nonce: string;
}

const encoder = new TextEncoder();

/** No part can hold a line break, so that no two requests give the same text. */
function textOf(parts: SignedParts): Uint8Array<ArrayBuffer> {
  const { method, path, query, bodyHash, timeMs, nonce } = parts;
  return encoder.encode(["berth-host-v1", method, path, query, bodyHash, timeMs, nonce].join("\n"));
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fromHex(hex: string): Uint8Array<ArrayBuffer> | null {
  if (!/^([0-9a-f]{2})*$/.test(hex)) return null;
  return Uint8Array.from({ length: hex.length / 2 }, (_, index) => Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16));
}

export async function sha256Hex(bytes: Uint8Array): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(bytes))));
}

function importKey(secret: string): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", encoder.encode(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
}

/** Hex. */
export async function sign(secret: string, parts: SignedParts): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.sign("HMAC", await importKey(secret), textOf(parts))));
}

/** In constant time, which WebCrypto's own verification is. */
export async function verify(secret: string, parts: SignedParts, signature: string): Promise<boolean> {
  const bytes = fromHex(signature);
  return bytes !== null && crypto.subtle.verify("HMAC", await importKey(secret), bytes, textOf(parts));
}
