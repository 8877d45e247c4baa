/** What the parts of the identity contract share. */
import type { ContractHarness } from "@berth/testkit";
import type { Identity, Principal, Role } from "./identity.port.ts";

export interface IdentityHarness extends ContractHarness<Identity> {
  /** Moves the subject's clock on; it begins at the real time. */
  advance(ms: number): void;
  now(): number;
  /** Another organization with an owner of that name. */
  addOrganization(ownerName: string): Promise<{ readonly orgId: string; readonly userId: string; readonly email: string }>;
  addMember(orgId: string, userName: string, role: Role): Promise<string>;
  setRole(orgId: string, userId: string, role: Role): Promise<void>;
  removeMember(orgId: string, userId: string): Promise<void>;
}

export const OWNER = { name: "Ada", email: "ada@example.com", orgName: "Ada's team" };
/** How long a resolved credential may be believed. */
export const STALE_MS = 30_000;
export const bearer = (token: string) => ({ kind: "bearer", token }) as const;

/** Who it is, however they came and whenever that was known. */
export function whoIs(principal: Principal | null) {
  if (principal === null) return null;
  const { signInId: _signIn, passwordSetAtMs: _password, knownAtMs: _known, ...who } = principal;
  return who;
}

/** What a browser sends back. */
export const cookie = (answer: { readonly setCookies: readonly string[] } | null) =>
  ({ kind: "cookie", header: (answer?.setCookies ?? []).map((each) => each.split(";")[0]).join("; ") }) as const;

export async function signIn(identity: Identity, userId: string) {
  return cookie(await identity.redeemSignInToken(await identity.createSignInToken(userId)));
}
