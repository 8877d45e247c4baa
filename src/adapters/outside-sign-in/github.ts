/**
 * GitHub, or a GitHub Enterprise Server. Better Auth's provider says how to ask; the requests are ours, since its own go to
 * github.com whatever is set, by the global `fetch`, and take an address that GitHub has not proven.
 */
import { github } from "better-auth/social-providers";
import { z } from "zod";
import type { OutsideSignIn } from "../../core/access/outside-sign-in.ts";
import { ask, tokenRequest, type OAuthClient } from "./ask.ts";

export interface GithubOptions extends OAuthClient {
  /** `https://github.com`, or a server of one's own, without trailing slash. */
  readonly baseUrl: string;
  /** Asks for the right to see which organizations somebody is in. */
  readonly readsOrganizations: boolean;
}

// GitHub answers a refused code with 200 and the field `error`.
const Token = z.union([z.object({ access_token: z.string().min(1) }), z.object({ error: z.string() })]);
const User = z.object({ id: z.number(), login: z.string(), name: z.string().nullish() });
const Emails = z.array(z.object({ email: z.string(), primary: z.boolean(), verified: z.boolean() }));
const Membership = z.object({ state: z.string() });

export function createGithubSignIn({ baseUrl, readsOrganizations, ...client }: GithubOptions): OutsideSignIn {
  const apiUrl = baseUrl === "https://github.com" ? "https://api.github.com" : `${baseUrl}/api/v3`;
  const provider = github({ clientId: client.clientId, clientSecret: client.clientSecret, authorizationEndpoint: `${baseUrl}/login/oauth/authorize` });
  return {
    id: "github",
    name: "GitHub",
    begin: async ({ state, codeVerifier, redirectUri }) =>
      provider.createAuthorizationURL({ state, codeVerifier, redirectURI: redirectUri, scopes: readsOrganizations ? ["read:org"] : [] }),
    async finish(code, trip) {
      const granted = await ask("GitHub", client.fetch, `${baseUrl}/login/oauth/access_token`, await tokenRequest(client, code, trip), Token);
      if (granted === null || !("access_token" in granted)) return null;
      const headers = { authorization: `Bearer ${granted.access_token}`, accept: "application/vnd.github+json", "user-agent": "Berth", "x-github-api-version": "2022-11-28" };
      const read = <T>(path: string, schema: z.ZodType<T>) => ask("GitHub", client.fetch, `${apiUrl}${path}`, { headers }, schema);
      const user = await read("/user", User);
      if (user === null) return null;
      const proven = ((await read("/user/emails", Emails)) ?? []).filter(({ verified }) => verified);
      const email = (proven.find(({ primary }) => primary) ?? proven[0])?.email ?? null;
      return {
        profile: { provider: "github", accountId: String(user.id), name: user.name?.trim() || user.login, email },
        isMemberOf: async (organization) => (await read(`/user/memberships/orgs/${encodeURIComponent(organization)}`, Membership))?.state === "active",
      };
    },
  };
}
