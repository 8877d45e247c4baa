/**
 * Ids: a prefix, 10 characters of time and 16 of randomness in Crockford base 32, so that they sort by creation.
 * Time and random bytes are arguments: the core reads no clock and no entropy.
 */
import { invariant } from "./assert.ts";

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

export type IdPrefix = "aud" | "ses" | "msg" | "run" | "key" | "prv" | "req" | "sec" | "env" | "tkt" | "con" | "rsv" | "out" | "rep" | "sva" | "team" | "inv" | "shr" | "clt" | "use";

/** @param randomBytes at least 10 bytes */
export function makeId(prefix: IdPrefix, nowMs: number, randomBytes: Uint8Array): string {
  invariant(randomBytes.length >= 10, "an id needs 10 random bytes");
  let time = "";
  let rest = nowMs;
  for (let i = 0; i < 10; i++) {
    time = ALPHABET[rest % 32] + time;
    rest = Math.floor(rest / 32);
  }
  let random = "";
  for (let i = 0; i < 16; i++) {
    const bit = i * 5;
    const pair = ((randomBytes[bit >> 3] ?? 0) << 8) | (randomBytes[(bit >> 3) + 1] ?? 0);
    random += ALPHABET[(pair >> (11 - (bit & 7))) & 31];
  }
  return `${prefix}_${time}${random}`;
}
