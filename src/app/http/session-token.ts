/**
 * Tokens of one session: `<prefix>_<orgId>.<sessionId>.<random>`. Where they lead is readable in them, so that no query is
 * needed; the session keeps only their hashes and knows what they are worth. `shl` is a link's, `bct` a client's.
 */
import { isSessionIdOf } from "./session-id.ts";

export type SessionTokenPrefix = "shl" | "bct";

const PATTERN = /^(shl|bct)_([A-Za-z0-9_-]{1,64})\.(ses_[0-9a-z]{26})\.[0-9a-f]{48}$/;

/** Null when it is not shaped like one; says nothing about whether it is valid. */
export function parseSessionToken(prefix: SessionTokenPrefix, token: string): { readonly orgId: string; readonly sessionId: string } | null {
  const [, found, orgId = "", sessionId = ""] = PATTERN.exec(token) ?? [];
  return found === prefix && isSessionIdOf(orgId, sessionId) ? { orgId, sessionId } : null;
}
