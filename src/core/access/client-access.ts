/** What a link or a client token gives: never more than whoever made it may do now, and nothing once they are nobody. */
import type { Role, Scope } from "@berth/protocol";
import { includesRight, rightOf, type Asker, type MadeBy, type SessionAccess, type StoredClientToken, type StoredLink } from "./session-access.ts";

/** Who made it, as they are now. */
export interface Maker {
  readonly asker: Asker;
  /** Whether what they come by has the scope to act in sessions. */
  readonly hasWriteScope: boolean;
  /** When they got the password they have; absent for who has none. */
  readonly passwordSetAtMs?: number;
}

/** Null where the link a token came from is gone. */
export function madeBy({ links }: SessionAccess, { from }: StoredClientToken): MadeBy | null {
  return "linkId" in from ? (links.find(({ id }) => id === from.linkId)?.by ?? null) : from;
}

/**
 * A link gives only what its maker could still share. With a new password everything that was made by sign-in before is over:
 * somebody else may have done it.
 */
export function mayShare(access: SessionAccess, { by, createdAtMs }: Pick<StoredLink, "by" | "createdAtMs">, { asker, hasWriteScope, passwordSetAtMs = 0 }: Maker, nowMs: number): boolean {
  if (by.keyId === null && createdAtMs < passwordSetAtMs) return false;
  return hasWriteScope && includesRight(rightOf(access, asker, nowMs), "manage");
}

/** Null where it gives nothing any more. */
export function accessOf(access: SessionAccess, token: StoredClientToken, maker: Maker, nowMs: number): StoredClientToken["access"] | null {
  if (token.expiresAtMs <= nowMs) return null;
  const { from } = token;
  if ("linkId" in from) {
    const link = access.links.find(({ id }) => id === from.linkId);
    return link && mayShare(access, link, maker, nowMs) ? token.access : null;
  }
  const right = rightOf(access, maker.asker, nowMs);
  if (!includesRight(right, "read")) return null;
  return token.access === "write" && maker.hasWriteScope && includesRight(right, "write") ? "write" : "read";
}

/** How a token that gives this much appears elsewhere: as somebody with that role and no more. */
export function clientRights(access: StoredClientToken["access"]): { readonly role: Role; readonly scopes: Scope[] } {
  return access === "write" ? { role: "member", scopes: ["sessions:read", "sessions:write"] } : { role: "viewer", scopes: ["sessions:read"] };
}

/** How many of one link or maker there may be at once, so that none leaves others without. */
const OF_ONE_MAX = 100;
const OF_LINKS_MAX = 1_000;
const MINTED_MAX = 500;

/** Whether another one is too many: of that link or maker, or of all links or all makers. */
export function isFull({ tokens }: SessionAccess, from: StoredClientToken["from"], nowMs: number): boolean {
  const live = tokens.filter(({ expiresAtMs }) => expiresAtMs > nowMs).map((token) => token.from);
  if ("linkId" in from) {
    const ofLinks = live.filter((each) => "linkId" in each);
    return ofLinks.length >= OF_LINKS_MAX || ofLinks.filter(({ linkId }) => linkId === from.linkId).length >= OF_ONE_MAX;
  }
  const minted = live.filter((each) => "userId" in each);
  return minted.length >= MINTED_MAX || minted.filter(({ userId }) => userId === from.userId).length >= OF_ONE_MAX;
}
