/** Ids of sessions as they are made and as they arrive from outside. */
import { makeId } from "../../core/kernel/ids.ts";

const SESSION_ID = /^ses_[0-9a-z]{26}$/;
const CHECK_CHARACTERS = 5;
const CHECK_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/** The last characters of an id are a checksum over the organization and the rest. @param randomBytes at least 10 bytes */
export function makeSessionId(orgId: string, nowMs: number, randomBytes: Uint8Array): string {
  const body = makeId("ses", nowMs, randomBytes).slice(0, -CHECK_CHARACTERS);
  return body + checkOf(orgId, body);
}

/**
 * False for an id that this organization was never given: a mistyped one, a guess, another organization's. The platform
 * keeps an empty object for every id that was ever asked, so those are not asked. It guards no data: the object's id does.
 */
export function isSessionIdOf(orgId: string, text: string): boolean {
  const body = text.slice(0, -CHECK_CHARACTERS);
  return isSessionId(text) && text === body + checkOf(orgId, body);
}

/** FNV-1a with a final mix, 25 bits of it. */
function checkOf(orgId: string, body: string): string {
  let hash = 0x811c9dc5;
  for (const character of `${orgId}:${body}`) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  hash = Math.imul(hash ^ (hash >>> 13), 0x297a2d39);
  hash = (hash ^ (hash >>> 16)) >>> 0;
  let check = "";
  for (let i = 0; i < CHECK_CHARACTERS; i++) check += CHECK_ALPHABET[(hash >>> (i * 5)) & 31];
  return check;
}

export function isSessionId(text: string): boolean {
  return SESSION_ID.test(text);
}

const DAY_MS = 86_400_000;

/**
 * The id of a session created under an `Idempotency-Key`: the same for the same organization, key and day, so that a
 * repeat reaches the same object even while the first is under way. The day is part of it because a key is free again
 * after 24 hours; a repeat over midnight is caught by the stored answer.
 */
export async function sessionIdOfKey(orgId: string, key: string, nowMs: number): Promise<string> {
  const dayMs = nowMs - (nowMs % DAY_MS);
  const input = new TextEncoder().encode(JSON.stringify(["berth.session", orgId, key, dayMs]));
  return makeSessionId(orgId, dayMs, new Uint8Array(await crypto.subtle.digest("SHA-256", input)));
}
