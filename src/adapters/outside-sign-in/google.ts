/**
 * Google, by what its issuer says of itself. Better Auth's provider says how to ask; who it is comes from the issuer's own
 * userinfo, over TLS and for the token that the code was just exchanged for, so no signature has to be checked.
 */
import { google } from "better-auth/social-providers";
import { z } from "zod";
import type { OutsideSignIn } from "../../core/access/outside-sign-in.ts";
import { PortError } from "../../core/kernel/port-error.ts";
import { ask, tokenRequest, type OAuthClient } from "./ask.ts";

export interface GoogleOptions extends OAuthClient {
  /** `https://accounts.google.com`. */
  readonly issuer: string;
}

const Configuration = z.object({ issuer: z.string(), authorization_endpoint: z.url(), token_endpoint: z.url(), userinfo_endpoint: z.url() });
const Token = z.object({ access_token: z.string().min(1) });
const User = z.object({ sub: z.string().min(1), name: z.string().optional(), email: z.string().optional(), email_verified: z.boolean().optional() });

export function createGoogleSignIn({ issuer, ...client }: GoogleOptions): OutsideSignIn {
  const { fetch, clientId, clientSecret } = client;
  let known: z.infer<typeof Configuration> | null = null;
  const configuration = async (): Promise<z.infer<typeof Configuration>> => {
    const found = known ?? (await ask("Google", fetch, `${issuer}/.well-known/openid-configuration`, {}, Configuration));
    if (found?.issuer !== issuer) throw new PortError({ port: "outside-sign-in", operation: "discover", code: "failed-precondition", outcome: "not-applied", retry: "never", message: `${issuer} does not say that it is the issuer of that name.` });
    return (known = found);
  };
  return {
    id: "google",
    name: "Google",
    async begin({ state, codeVerifier, redirectUri }) {
      const { authorization_endpoint: authorizationEndpoint } = await configuration();
      return google({ clientId, clientSecret, authorizationEndpoint, includeGrantedScopes: false, prompt: "select_account" }).createAuthorizationURL({ state, codeVerifier, redirectURI: redirectUri });
    },
    async finish(code, trip) {
      const { token_endpoint: tokenEndpoint, userinfo_endpoint: userinfoEndpoint } = await configuration();
      const granted = await ask("Google", fetch, tokenEndpoint, await tokenRequest(client, code, trip), Token);
      const user = granted && (await ask("Google", fetch, userinfoEndpoint, { headers: { authorization: `Bearer ${granted.access_token}` } }, User));
      if (!user) return null;
      const email = user.email !== undefined && user.email_verified === true ? user.email : null;
      return { profile: { provider: "google", accountId: user.sub, name: user.name?.trim() || (user.email ?? "Google account"), email }, isMemberOf: async () => false };
    },
  };
}
