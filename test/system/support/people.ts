/** Members of the organization of a program in memory, each with a key and a sign-in. */
import { SCOPES, type Role } from "@berth/protocol";
import type { OutsideSignIn } from "../../../src/core/access/outside-sign-in.ts";
import type { MemoryApi } from "../../disruption/support/memory-api.ts";

export interface Person {
  readonly userId: string;
  readonly key: string;
  readonly keyId: string;
  /** Of their sign-in on Berth's own page. */
  readonly cookie: string;
}

export async function join({ instance: { identity }, owner: { orgId } }: MemoryApi, userName: string, role: Role = "member"): Promise<Person> {
  const { userId } = identity.addMember({ orgId, userName, role });
  const principal = await identity.standing(orgId, { userId, keyId: null });
  const signIn = await identity.redeemSignInToken(await identity.createSignInToken(userId));
  if (!principal || !signIn) throw new Error("no such member");
  const { id, secret } = await identity.createApiKey(principal, { name: "k", expiresAtMs: null, scopes: SCOPES });
  return { userId, key: secret, keyId: id, cookie: signIn.setCookies.map((each) => each.split(";")[0]).join("; ") };
}

/** Nobody comes this way in memory; that there is one lets people's rights at their host count. */
export const githubSignIn: OutsideSignIn = {
  id: "github",
  name: "GitHub",
  begin: () => Promise.reject(new Error("there is no browser in memory")),
  finish: () => Promise.resolve(null),
};

/** A member who came by an account elsewhere. */
export async function joinFromGithub({ instance: { identity }, owner }: MemoryApi, name: string, accountId: string): Promise<Pick<Person, "userId" | "cookie">> {
  const email = `${name.toLowerCase()}-elsewhere@example.com`;
  const { token } = await identity.directory.createInvitation(owner.orgId, { email, role: "member" });
  const { userId, setCookies } = await identity.accounts.admit({ provider: "github", accountId, name, email }, { by: "invitation", token });
  return { userId, cookie: setCookies.map((each) => each.split(";")[0]).join("; ") };
}
