/** The providers that one may sign in with: those whose client the operator set. */
import { createGithubSignIn } from "../adapters/outside-sign-in/github.ts";
import { createGoogleSignIn } from "../adapters/outside-sign-in/google.ts";
import type { OutsideSignIn } from "../core/access/outside-sign-in.ts";
import type { SignUpAllow } from "../core/access/sign-up.ts";
import type { WorkerVars } from "./env.ts";

/** @param fetch reaches public addresses, and what the operator listed */
export function outsideSignIns(vars: WorkerVars, allow: SignUpAllow, fetch: (url: string, init: RequestInit) => Promise<Response>): readonly OutsideSignIn[] {
  const { GITHUB_CLIENT_ID: githubId, GITHUB_CLIENT_SECRET: githubSecret, GOOGLE_CLIENT_ID: googleId, GOOGLE_CLIENT_SECRET: googleSecret } = vars;
  const readsOrganizations = allow.githubOrgs.length > 0;
  return [
    ...(githubId && githubSecret ? [createGithubSignIn({ fetch, clientId: githubId, clientSecret: githubSecret, baseUrl: vars.GITHUB_URL, readsOrganizations })] : []),
    ...(googleId && googleSecret ? [createGoogleSignIn({ fetch, clientId: googleId, clientSecret: googleSecret, issuer: vars.GOOGLE_ISSUER })] : []),
  ];
}
