/** Who may see one session and work in it. Kept with the session, so that no message waits for a database elsewhere. */
import type { Role, ShareRole, Visibility } from "@berth/protocol";
import { administers, onlyWatches } from "./roles.ts";

/** What somebody may do in a session; each includes those before it. */
export type Right = "none" | "read" | "write" | "manage";

const ORDER: readonly Right[] = ["none", "read", "write", "manage"];
const OF_SHARE: Readonly<Record<ShareRole, Right>> = { owner: "manage", collaborator: "write", viewer: "read" };

export interface StoredShare {
  readonly id: string;
  readonly with: "member" | "team";
  readonly principalId: string;
  readonly role: ShareRole;
  readonly createdAtMs: number;
}

/** What a link or token was made with: it ends with that. */
export interface MadeBy {
  readonly userId: string;
  readonly keyId: string | null;
  /** Of a client token alone: a link outlives the sign-in that made it. */
  readonly signInId?: string;
}

export interface StoredLink {
  readonly id: string;
  readonly by: MadeBy;
  readonly role: Exclude<ShareRole, "owner">;
  /** Of its token, which is not kept. */
  readonly hash: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly usesMax: number;
  readonly uses: number;
}

/** A short-lived token of somebody who is no principal. It ends with the link or the principal it came from. */
export interface StoredClientToken {
  readonly id: string;
  readonly hash: string;
  readonly access: "read" | "write";
  readonly expiresAtMs: number;
  /** Of pages it works from, besides Berth's own. */
  readonly origins?: readonly string[];
  readonly from: { readonly linkId: string } | MadeBy;
}

export interface SessionAccess {
  readonly visibility: Visibility;
  /** The principal who opened it; null where that was not kept. */
  readonly ownerId: string | null;
  readonly shares: readonly StoredShare[];
  readonly links: readonly StoredLink[];
  readonly tokens: readonly StoredClientToken[];
  /** Raised by each change, so that a list which hears of two takes the later one. Absent: none yet. */
  readonly revision?: number;
}

/** Who asks, as far as a session needs to know. */
export interface Asker {
  readonly role: Role;
  readonly userId: string;
  readonly teamIds: readonly string[];
  /** Set for a client token, which has nothing but what that gives. */
  readonly clientTokenId: string | null;
}

export function newAccess(visibility: Visibility, ownerId: string | null): SessionAccess {
  return { visibility, ownerId, shares: [], links: [], tokens: [] };
}

/**
 * Who administers the organization and who owns the session manage it. For everybody else the most of what the visibility
 * and the shares give counts; a viewer of the organization only ever watches.
 */
export function rightOf(access: SessionAccess, asker: Asker, nowMs: number): Right {
  if (asker.clientTokenId !== null) return ofClientToken(access, asker.clientTokenId, nowMs);
  if (administers(asker.role)) return "manage";
  const rights: Right[] = [access.visibility === "org" ? "write" : "none"];
  if (asker.userId === access.ownerId) rights.push("manage");
  for (const share of access.shares) if (isFor(share, asker)) rights.push(OF_SHARE[share.role]);
  const most = rights.reduce((a, b) => (includesRight(a, b) ? a : b));
  return onlyWatches(asker.role) && includesRight(most, "read") ? "read" : most;
}

export function includesRight(held: Right, needed: Right): boolean {
  return ORDER.indexOf(held) >= ORDER.indexOf(needed);
}

/** For lists: who may read it besides those who administer; null is everybody in the organization. */
export function readersOf({ visibility, ownerId, shares }: SessionAccess): readonly string[] | null {
  if (visibility === "org") return null;
  return [...new Set([...(ownerId === null ? [] : [ownerId]), ...shares.map(({ principalId }) => principalId)])];
}

export interface SoleWriter {
  readonly userId: string;
  /** True where that is so only while nobody else of the organization writes, which the session cannot tell. */
  readonly whileAlone: boolean;
}

/**
 * The owner of a session that nobody else writes in, besides who administers the organization; null for any other session.
 * What was made to write with counts while it could still be used, by whoever it is.
 */
export function soleWriterOf({ visibility, ownerId, shares, links, tokens }: SessionAccess, nowMs: number): SoleWriter | null {
  const isShared = shares.some(({ role, principalId }) => role !== "viewer" && principalId !== ownerId);
  const isLinked = links.some(({ role, expiresAtMs, uses, usesMax }) => role === "collaborator" && expiresAtMs > nowMs && uses < usesMax);
  const isMinted = tokens.some(({ access, expiresAtMs }) => access === "write" && expiresAtMs > nowMs);
  return ownerId === null || isShared || isLinked || isMinted ? null : { userId: ownerId, whileAlone: visibility === "org" };
}

/** Sharing again with the same one changes the role. */
export function withShare(access: SessionAccess, share: StoredShare): SessionAccess {
  const others = access.shares.filter((each) => each.with !== share.with || each.principalId !== share.principalId);
  return { ...access, shares: [...others, share] };
}

/** Null where there is no such share. What came from a link goes with it. */
export function withoutShare(access: SessionAccess, id: string): SessionAccess | null {
  const shares = access.shares.filter((each) => each.id !== id);
  const links = access.links.filter((each) => each.id !== id);
  if (shares.length === access.shares.length && links.length === access.links.length) return null;
  const tokens = access.tokens.filter(({ from }) => !("linkId" in from) || from.linkId !== id);
  return { ...access, shares, links, tokens };
}

/** Why a link gives no token: there is none of that hash, its time is over, or it was used as often as it may be. */
export type LinkRefusal = "unknown" | "expired" | "used-up";

export type Redeemed = { readonly access: SessionAccess; readonly token: StoredClientToken } | { readonly refused: LinkRefusal };

/** Answers the token that was added too, with what ended left out. */
export function redeemed(access: SessionAccess, linkHash: string, token: { readonly id: string; readonly hash: string; readonly lifetimeMs: number }, nowMs: number): Redeemed {
  const link = access.links.find(({ hash }) => hash === linkHash);
  if (!link) return { refused: "unknown" };
  if (link.expiresAtMs <= nowMs) return { refused: "expired" };
  if (link.uses >= link.usesMax) return { refused: "used-up" };
  const { id, hash, lifetimeMs } = token;
  const made: StoredClientToken = {
    id,
    hash,
    access: link.role === "collaborator" ? "write" : "read",
    expiresAtMs: Math.min(nowMs + lifetimeMs, link.expiresAtMs),
    from: { linkId: link.id },
  };
  const links = access.links.map((each) => (each === link ? { ...link, uses: link.uses + 1 } : each));
  return { access: withToken({ ...access, links }, made, nowMs), token: made };
}

/** With what ended left out. */
export function withToken(access: SessionAccess, token: StoredClientToken, nowMs: number): SessionAccess {
  return { ...access, tokens: [...access.tokens.filter(({ expiresAtMs }) => expiresAtMs > nowMs), token] };
}

/** Without the links and tokens of makers who are nobody any more, and what came from those links. */
export function withoutMaker(access: SessionAccess, isGone: (maker: MadeBy) => boolean): SessionAccess {
  const links = access.links.filter(({ by }) => !isGone(by));
  const isLeft = ({ from }: StoredClientToken): boolean => ("linkId" in from ? links.some(({ id }) => id === from.linkId) : !isGone(from));
  const left = withoutTokens(access, (token) => !isLeft(token));
  return links.length === access.links.length ? left : { ...left, links };
}

export function withoutTokens(access: SessionAccess, gone: (token: StoredClientToken) => boolean): SessionAccess {
  const tokens = access.tokens.filter((token) => !gone(token));
  return tokens.length === access.tokens.length ? access : { ...access, tokens };
}

function ofClientToken(access: SessionAccess, id: string, nowMs: number): Right {
  const token = access.tokens.find((each) => each.id === id);
  return token && token.expiresAtMs > nowMs ? token.access : "none";
}

function isFor(share: StoredShare, { userId, teamIds }: Asker): boolean {
  return share.with === "team" ? teamIds.includes(share.principalId) : share.principalId === userId;
}
