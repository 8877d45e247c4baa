/** Ids of sessions as they arrive from outside, and the hashes that idempotency rests on. */
import { makeId } from "../../core/kernel/ids.ts";

const SESSION_ID = /^ses_[0-9a-z]{26}$/;

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
  return makeId("ses", dayMs, new Uint8Array(await crypto.subtle.digest("SHA-256", input)));
}

export async function sha256Hex(...chunks: readonly (string | Uint8Array)[]): Promise<string> {
  const encoder = new TextEncoder();
  const parts = chunks.map((chunk) => (typeof chunk === "string" ? encoder.encode(chunk) : chunk));
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
