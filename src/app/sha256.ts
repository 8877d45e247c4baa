/** Hex SHA-256 of text, by the Web's own cryptography: the same in Node, in workerd and in a browser. */
import { hexOf } from "../core/kernel/hex.ts";

export async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return hexOf(new Uint8Array(digest));
}
