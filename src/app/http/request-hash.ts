/**
 * What an `Idempotency-Key` was used with, as a hash that is stored. A body may hold a secret short enough to be guessed, so the
 * hash is keyed: who has the database alone can try out nothing.
 */
import { hexOf } from "../../core/kernel/hex.ts";

/** @param head the rest of what makes a request the same, as its method and path */
export type RequestHash = (head: string, body: Uint8Array) => Promise<string>;

const LABEL = "berth idempotent requests";
const HMAC = { name: "HMAC", hash: "SHA-256" } as const;

/** @param secret the instance's own, which is not in the database */
export function createRequestHash(secret: string): RequestHash {
  let key: Promise<CryptoKey> | undefined;
  return async (head, body) => {
    key ??= derived(secret);
    const text = new TextEncoder().encode(`${head}\n`);
    const whole = new Uint8Array(text.length + body.length);
    whole.set(text);
    whole.set(body, text.length);
    return hexOf(new Uint8Array(await crypto.subtle.sign(HMAC.name, await key, whole)));
  };
}

/** The secret signs other things too. */
async function derived(secret: string): Promise<CryptoKey> {
  const root = await imported(new TextEncoder().encode(secret));
  return imported(await crypto.subtle.sign(HMAC.name, root, new TextEncoder().encode(LABEL)));
}

function imported(bytes: BufferSource): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", bytes, HMAC, false, ["sign"]);
}
