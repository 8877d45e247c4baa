/**
 * Links to a session. The token stands behind the `#`, which no server and no log ever gets. What a link gave is kept for
 * this tab alone, and leaves with it.
 */
import type { ClientToken } from "@berth/sdk";

export function addressOfLink(sessionId: string, token: string): string {
  return `${location.origin}/shared/${encodeURIComponent(sessionId)}#${token}`;
}

/** The token out of the address, or the one that was there before somebody went away to sign in; null without any. */
export function takeLink(sessionId: string): string | null {
  const key = `berth:link:${sessionId}`;
  const given = location.hash.slice(1);
  if (given === "") return read(key);
  write(key, given);
  // Not left where it is read over a shoulder or copied on.
  history.replaceState(null, "", location.pathname);
  return given;
}

/** For one session, for an hour at most. */
export type Pass = Omit<ClientToken, "id">;

const passKey = (sessionId: string): string => `berth:pass:${sessionId}`;

export function keepPass({ sessionId, token, access, expiresAt }: ClientToken): void {
  const pass: Pass = { sessionId, token, access, expiresAt };
  write(passKey(sessionId), JSON.stringify(pass));
}

/** Also one that is over, so that whoever came by it is told so. */
export function passOf(sessionId: string): Pass | null {
  const text = read(passKey(sessionId));
  return text === null ? null : (JSON.parse(text) as Pass);
}

export function dropPass(sessionId: string): void {
  write(passKey(sessionId), null);
}

/** Where there is no storage it lives as long as the page. */
const unstored = new Map<string, string>();

function read(key: string): string | null {
  try {
    return sessionStorage.getItem(key) ?? unstored.get(key) ?? null;
  } catch {
    return unstored.get(key) ?? null;
  }
}

function write(key: string, text: string | null): void {
  if (text === null) unstored.delete(key);
  else unstored.set(key, text);
  try {
    if (text === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, text);
  } catch {
    // Kept above.
  }
}
