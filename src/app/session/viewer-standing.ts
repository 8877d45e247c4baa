/**
 * Whether who opened a socket still is who they were: a socket outlives the request that opened it, and what its principal
 * may do can end meanwhile. Asked again before something is sent or taken, and by the session's alarm where nothing passes.
 */
import { accessOf, clientRights } from "../../core/access/client-access.ts";
import { rightOf, type SessionAccess } from "../../core/access/session-access.ts";
import type { Principal, Whom } from "../../ports/identity/identity.port.ts";
import { askerOf, makerNow } from "./session-sharing.ts";
import { authorOfViewer, type ViewerAttachment } from "./viewer.ts";

export type Standing = (orgId: string, whom: Whom) => Promise<Principal | null>;

/** With what is answered from a cache of 30 s, what is revoked is so for every socket within a minute. */
export const ASK_AGAIN_MS = 20_000;
export const HOLD_MS = 30_000;
/** After an answer that did not come. */
export const ASK_PAUSE_MS = 5_000;

export type Rechecked = Pick<ViewerAttachment, "role" | "scopes" | "teamIds" | "knownAtMs"> | null;

/** Null for who may not watch any more. @throws PortError where it cannot be asked */
export async function recheckViewer(standing: Standing, orgId: string, viewer: ViewerAttachment, access: () => SessionAccess, nowMs: number): Promise<Rechecked> {
  const { userId, apiKeyId, clientTokenId, role, scopes, teamIds, signInId } = viewer;
  if (!userId) return clientTokenId === undefined ? { role, scopes, teamIds, knownAtMs: nowMs } : null;
  const cameBy = clientTokenId === undefined ? signInId : signInOfToken(access(), clientTokenId);
  const principal = await standing(orgId, { userId, keyId: apiKeyId, ...(cameBy === undefined ? {} : { signInId: cameBy }) });
  if (principal === null) return null;
  const { knownAtMs = nowMs } = principal;
  if (clientTokenId !== undefined) {
    const token = access().tokens.find(({ id }) => id === clientTokenId);
    const given = token ? accessOf(access(), token, makerNow(principal), nowMs) : null;
    return given && { ...clientRights(given), teamIds: [], knownAtMs };
  }
  const now = { role: principal.role, scopes: [...principal.scopes], teamIds: [...principal.teamIds], knownAtMs };
  const mayWatch = rightOf(access(), askerOf(authorOfViewer({ ...viewer, ...now })), nowMs) !== "none" && (now.scopes ?? ["sessions:read"]).includes("sessions:read");
  return mayWatch ? now : null;
}

/** A client token ends with the sign-in that made it. */
function signInOfToken({ tokens }: SessionAccess, tokenId: string): string | undefined {
  const from = tokens.find(({ id }) => id === tokenId)?.from;
  return from && "userId" in from ? from.signInId : undefined;
}
