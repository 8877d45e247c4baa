/** The doctor on the ways to sign in that the operator's settings open. */
import { ok, type Finding } from "./finding.ts";

/** Each has passed its tests against a stand-in of the provider, and nobody has recorded a sign-in with the provider itself. */
const PROVIDERS = [
  { name: "GitHub", id: "GITHUB_CLIENT_ID", secret: "GITHUB_CLIENT_SECRET" },
  { name: "Google", id: "GOOGLE_CLIENT_ID", secret: "GOOGLE_CLIENT_SECRET" },
] as const;

export function checkSignIn(env: NodeJS.Dict<string>): Finding {
  const providers = PROVIDERS.filter(({ id, secret }) => env[id] && env[secret]).map(({ name }) => `${name} (not yet verified live)`);
  return ok("Sign-in", ["the launcher's link", "address and password", ...providers].join(", "));
}
