/** Whose a provider key is, as who is signed in reads it, and whether they may remove it. */
import type { Me, Member, ProviderKey } from "@berth/sdk";
import { may } from "./rights.ts";

/** @param members as far as they are known */
export function whoseKey({ scope }: Pick<ProviderKey, "scope">, { user }: Pick<Me, "user">, members: readonly Pick<Member, "userId" | "name">[]): string {
  if (scope.kind === "org") return "the organization's";
  if (scope.userId === user?.id) return "yours, for sessions that you alone work in";
  const name = members.find(({ userId }) => userId === scope.userId)?.name;
  return name === undefined ? "somebody's own" : `${name}'s own`;
}

export function mayRemoveKey(me: Pick<Me, "scopes">, { scope }: Pick<ProviderKey, "scope">): boolean {
  return scope.kind === "org" ? may(me, "admin") : may(me, "keys:write");
}
