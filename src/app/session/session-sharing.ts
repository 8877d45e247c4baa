/**
 * Who may do what in one session, and the ways to change that. What is decided here is in memory and beside the session's
 * own state: no message waits for a database elsewhere.
 */
import { CLOSE_CODES, makeProblem, type ProblemType, type SessionRight, type Share, type UpdateSession } from "@berth/protocol";
import {
  includesRight,
  redeemed,
  rightOf,
  soleWriterOf,
  type SoleWriter,
  withoutShare,
  withoutMaker,
  withoutTokens,
  withShare,
  withToken,
  type Asker,
  type LinkRefusal,
  type MadeBy,
  type Right,
  type SessionAccess,
  type StoredClientToken,
  type StoredLink,
  type StoredShare,
} from "../../core/access/session-access.ts";
import { accessOf, isFull, madeBy, mayShare, type Maker } from "../../core/access/client-access.ts";
import { isHeardAlone } from "../../core/session/sole-author.ts";
import { hexOf } from "../../core/kernel/hex.ts";
import { makeId, type IdPrefix } from "../../core/kernel/ids.ts";
import { isPortError } from "../../core/kernel/port-error.ts";
import type { Principal } from "../../ports/identity/identity.port.ts";
import type { Author, ClientGrant, Result } from "../session-handle.ts";
import type { ShareAnswers, ShareCommand } from "../session-share.ts";
import type { SessionActor } from "./session-actor.ts";
import type { SessionPorts } from "./session-ports.ts";
import { authorOfViewer } from "./viewer.ts";

const LINK_TOKEN_LIFETIME_MS = 60 * 60 * 1000;
const SHARES_MAX = 200;

type Refused = Extract<Result<never>, { ok: false }>;

/** Only who has the link's token is told more than that there is none. */
const LINK_REFUSALS: Readonly<Record<LinkRefusal, () => Refused>> = {
  unknown: () => refused("not-found", "There is no such link, or not any more."),
  expired: () => refused("conflict", "This link has expired.", "Ask for a new one."),
  "used-up": () => refused("conflict", "This link was used as often as it may be.", "Ask for a new one."),
};

/** A socket's attachment and an author alike. */
export function askerOf({ actor, role, userId, teamIds, clientTokenId }: Pick<Author, "actor" | "role" | "userId" | "teamIds" | "clientTokenId">): Asker {
  return { role, userId: userId ?? (actor.kind === "user" ? actor.id : ""), teamIds: teamIds ?? [], clientTokenId: clientTokenId ?? null };
}

export class SessionSharing {
  readonly #actor: SessionActor;
  readonly #ports: SessionPorts;

  constructor(actor: SessionActor, ports: SessionPorts) {
    this.#actor = actor;
    this.#ports = ports;
  }

  /** Who made the session, alone writes in it and alone ever did. A key that made it is a program's, and no person's. */
  get soleWriter(): SoleWriter | null {
    const { access, state, nowMs } = this.#actor;
    if (state?.createdBy.kind !== "user" || !isHeardAlone(state.heard, state.createdBy.id)) return null;
    const writer = soleWriterOf(access, nowMs);
    return writer?.userId === state.createdBy.id ? writer : null;
  }

  rightOf(author: Author): Right {
    return rightOf(this.#actor.access, askerOf(author), this.#actor.nowMs);
  }

  /** What they may do with the credential they came by, for who sees the session. */
  accessOf(author: Author): SessionRight {
    const right = this.rightOf(author);
    return right === "none" || (author.scopes && !author.scopes.includes("sessions:write")) ? "read" : right;
  }

  /** Null for those who may. What somebody may not even see answers as if it were not there. */
  barred(author: Author, needed: Right): Refused | null {
    const right = this.rightOf(author);
    if (includesRight(right, needed)) return null;
    if (right === "none") return refused("not-found", "There is no such session.");
    return needed === "manage"
      ? refused("forbidden", "Only the session's owner, or who administers the organization, may do that.", "Ask its owner.")
      : refused("forbidden", "You may watch this session, and not act in it.", "Ask its owner to share it with you as collaborator.");
  }

  async run<C extends ShareCommand>(command: C, author: Author | null): Promise<Result<ShareAnswers[C["do"]]>> {
    return (await this.#run(command, author)) as Result<ShareAnswers[C["do"]]>;
  }

  async #run(command: ShareCommand, author: Author | null): Promise<Result<ShareAnswers[ShareCommand["do"]]>> {
    // A token is its own right.
    if (command.do === "authorize") return this.#authorize(command.token);
    if (command.do === "redeem") return this.#redeem(command.token);
    if (author?.clientTokenId !== undefined) return refused("forbidden", "A client token shares nothing and makes no tokens.");
    if (author === null) return refused("not-found", "There is no such session.");
    const barred = this.barred(author, command.do === "list" || command.do === "sole-writer" || command.do === "end" ? "read" : command.do === "mint" ? command.access : "manage");
    if (barred) return barred;
    switch (command.do) {
      case "list":
        return { ok: true, value: this.#list() };
      case "sole-writer":
        return { ok: true, value: this.soleWriter };
      case "share":
        return this.#share(command);
      case "unshare":
        return this.#unshare(command.id);
      case "link":
        return this.#link(command, author);
      case "mint":
        return this.#mint(command, author);
      case "end":
        return this.#end(command.id, author);
    }
  }

  /** Who may see it with that visibility; null where nothing is to be changed. */
  withVisibility(visibility: UpdateSession["visibility"], author: Author): Result<SessionAccess | null> {
    const { access } = this.#actor;
    if (visibility === undefined || visibility === access.visibility) return { ok: true, value: null };
    return this.barred(author, "manage") ?? { ok: true, value: { ...access, visibility } };
  }

  /** Links and tokens that were made by keys or people who are nobody any more. */
  dropMadeBy(credentialIds: readonly string[]): void {
    const { access } = this.#actor;
    const left = withoutMaker(access, ({ userId, keyId, signInId }) => [userId, keyId, signInId].some((id) => credentialIds.includes(id ?? "")));
    if (left !== access) this.#change(left);
  }

  #list(): readonly Share[] {
    const { shares, links } = this.#actor.access;
    return [...shares.map(shownShare), ...links.map(shownLink)];
  }

  #share({ with: withWhom, principalId, role }: Extract<ShareCommand, { do: "share" }>): Result<Share> {
    const { access, nowMs } = this.#actor;
    if (access.shares.length >= SHARES_MAX) return refused("conflict", `A session is shared ${SHARES_MAX} times at most.`, "Share it with a team.");
    const share: StoredShare = { id: this.#id("shr"), with: withWhom, principalId, role, createdAtMs: nowMs };
    return this.#change(withShare(access, share)) ?? { ok: true, value: shownShare(share) };
  }

  #unshare(id: string): Result<null> {
    const left = withoutShare(this.#actor.access, id);
    if (left === null) return refused("not-found", "There is no such share of this session.");
    return this.#change(left) ?? { ok: true, value: null };
  }

  async #link({ role, expiresAtMs, usesMax }: Extract<ShareCommand, { do: "link" }>, author: Author): Promise<Result<Share & { readonly token: string }>> {
    const { token, hash } = await this.#secret("shl");
    const { access, nowMs } = this.#actor;
    const links = access.links.filter((link) => link.expiresAtMs > nowMs);
    if (links.length >= SHARES_MAX) return refused("conflict", `A session has ${SHARES_MAX} links at most.`, "Remove one.");
    const link: StoredLink = { id: this.#id("shr"), by: makerOf(author), role, hash, createdAtMs: nowMs, expiresAtMs, usesMax, uses: 0 };
    return this.#change({ ...access, links: [...links, link] }) ?? { ok: true, value: { ...shownLink(link), token } };
  }

  async #redeem(linkToken: string): Promise<Result<ClientGrant & { readonly token: string }>> {
    const [linkHash, { token, hash }] = [await this.#ports.sha256(linkToken), await this.#secret("bct")];
    const link = this.#actor.access.links.find((each) => each.hash === linkHash);
    const maker = link ? await this.#maker(link.by) : null;
    if (maker === "unknown") return makerUnknown();
    const { access, nowMs } = this.#actor;
    const used = redeemed(access, linkHash, { id: this.#id("clt"), hash, lifetimeMs: LINK_TOKEN_LIFETIME_MS }, nowMs);
    if ("refused" in used) return LINK_REFUSALS[used.refused]();
    if (!link || maker === null || !mayShare(access, link, maker, nowMs)) return LINK_REFUSALS.unknown();
    if (isFull(access, used.token.from, nowMs)) return tooManyTokens();
    return this.#change(used.access) ?? { ok: true, value: { ...grantOf(used.token, link.by), token } };
  }

  async #mint({ access: allowed, expiresAtMs, origins }: Extract<ShareCommand, { do: "mint" }>, author: Author): Promise<Result<ClientGrant & { readonly token: string }>> {
    const { token, hash } = await this.#secret("bct");
    const { access, nowMs } = this.#actor;
    const { signInId } = author;
    const from: MadeBy = { ...makerOf(author), ...(signInId === undefined ? {} : { signInId }) };
    const made: StoredClientToken = { id: this.#id("clt"), hash, access: allowed, expiresAtMs, origins, from };
    if (isFull(access, from, nowMs)) return tooManyTokens();
    return this.#change(withToken(access, made, nowMs)) ?? { ok: true, value: { ...grantOf(made, from), token } };
  }

  /** By who made it, or who manages the session. */
  #end(id: string, author: Author): Result<null> {
    const { access } = this.#actor;
    const token = access.tokens.find((each) => each.id === id);
    const isOwn = token !== undefined && "userId" in token.from && token.from.userId === askerOf(author).userId;
    if (!token || (!isOwn && !includesRight(this.rightOf(author), "manage"))) return refused("not-found", "There is no such client token of this session.");
    return this.#change(withoutTokens(access, (each) => each === token)) ?? { ok: true, value: null };
  }

  async #authorize(token: string): Promise<Result<ClientGrant>> {
    const hash = await this.#ports.sha256(token);
    const held = this.#actor.access.tokens.find((each) => each.hash === hash);
    const by = held && madeBy(this.#actor.access, held);
    const maker = by ? await this.#maker(by) : null;
    if (maker === "unknown") return makerUnknown();
    const { access, nowMs } = this.#actor;
    const found = access.tokens.find((each) => each.hash === hash);
    const given = found && maker && accessOf(access, found, maker, nowMs);
    return given && by ? { ok: true, value: { ...grantOf(found, by), access: given, ...known(maker) } } : refused("unauthenticated", "This client token is unknown or over.");
  }

  /** Null for one who is nobody any more. */
  async #maker(by: MadeBy): Promise<(Maker & Pick<Principal, "knownAtMs">) | "unknown" | null> {
    const { standing } = this.#ports;
    if (!standing) return "unknown";
    try {
      const principal = await standing(this.#actor.state?.orgId ?? "", by);
      return principal && { ...makerNow(principal), ...known(principal) };
    } catch (error) {
      if (!isPortError(error)) throw error;
      return "unknown";
    }
  }

  /** Commits it, and closes whoever may not watch any more. */
  #change(next: SessionAccess): Refused | null {
    const refusal = this.#actor.changeAccess(next);
    if (refusal) return refused(refusal.problem, refusal.detail, refusal.fix);
    this.closeBarred();
    return null;
  }

  closeBarred(): void {
    this.#actor.hub.closeWhere(
      (viewer) => this.rightOf(authorOfViewer(viewer)) === "none",
      CLOSE_CODES.notFound,
      "this session is not shared with you any more",
    );
  }

  async #secret(prefix: "shl" | "bct"): Promise<{ readonly token: string; readonly hash: string }> {
    const { orgId = "", sessionId = "" } = this.#actor.state ?? {};
    const token = `${prefix}_${orgId}.${sessionId}.${hexOf(this.#ports.randomBytes(24))}`;
    return { token, hash: await this.#ports.sha256(token) };
  }

  #id(prefix: IdPrefix): string {
    return makeId(prefix, this.#actor.nowMs, this.#ports.randomBytes(10));
  }
}

function grantOf({ id, access, expiresAtMs, origins = [] }: StoredClientToken, { userId, keyId }: MadeBy): ClientGrant {
  return { id, access, expiresAtMs, origins, by: { userId, keyId } };
}

function makerOf(author: Author): MadeBy {
  return { userId: askerOf(author).userId, keyId: author.apiKeyId };
}

function known({ knownAtMs }: Pick<Principal, "knownAtMs">): Pick<Principal, "knownAtMs"> {
  return knownAtMs === undefined ? {} : { knownAtMs };
}

export function makerNow({ role, userId, teamIds, scopes, passwordSetAtMs }: Principal): Maker {
  const asker = { role, userId, teamIds, clientTokenId: null };
  return { asker, hasWriteScope: scopes.includes("sessions:write"), ...(passwordSetAtMs === undefined ? {} : { passwordSetAtMs }) };
}

function shownShare({ id, with: withWhom, principalId, role, createdAtMs }: StoredShare): Share {
  return { id, with: withWhom, principalId, role, createdAt: iso(createdAtMs) };
}

function shownLink({ id, role, createdAtMs, expiresAtMs, usesMax, uses }: StoredLink): Share {
  return { id, with: "link", role, createdAt: iso(createdAtMs), expiresAt: iso(expiresAtMs), usesMax, uses };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function makerUnknown(): Refused {
  return refused("unavailable", "Whether who made this may still share the session cannot be looked up right now.");
}

function tooManyTokens(): Refused {
  return refused("conflict", "There are as many client tokens of this link, maker or session as there may be at once.", "Wait until some are over, or end them.");
}

function refused(problem: ProblemType, detail: string, fix?: string): Refused {
  return { ok: false, problem: makeProblem(problem, detail, fix === undefined ? {} : { fix }) };
}
