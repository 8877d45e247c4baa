/** What who is signed in may do, for showing less; the server decides. */
import type { Me, Role, Scope } from "@berth/sdk";

/** What each role may do, in words for who gives it. */
export const ROLE_WORDS: Readonly<Record<Role, string>> = {
  owner: "Everything, including who owns the organization.",
  admin: "Everything but making, lowering or removing owners.",
  member: "Starts sessions and works in those of the organization; keeps secrets and provider keys for themselves.",
  viewer: "Watches sessions and reads their history. Starts and changes nothing.",
};

const ROLES = Object.keys(ROLE_WORDS) as readonly Role[];

export function may({ scopes }: Pick<Me, "scopes">, scope: Scope): boolean {
  return scopes.includes(scope) || scopes.includes("admin");
}

/** The roles that somebody of this role may give. */
export function rolesGivenBy(role: Role): readonly Role[] {
  return role === "owner" ? ROLES : ROLES.filter((each) => each !== "owner");
}
