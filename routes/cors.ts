/**
 * Pages of other origins: only with a client token, and only from origins on the organization's list, which the token brings
 * along. A preflight carries no token, so it is answered for any origin and decides nothing; never with credentials.
 */
import { refuse } from "../src/app/http/problem-error.ts";

const SESSION_ADDRESS = /^\/v1\/sessions\/[^/]+(\/|$)/;
const PREFLIGHT: Readonly<Record<string, string>> = {
  "access-control-allow-methods": "GET, POST, PATCH, DELETE",
  "access-control-allow-headers": "authorization, content-type, idempotency-key, last-event-id",
  "access-control-max-age": "600",
};
const EXPOSED = "link, retry-after, ratelimit, ratelimit-policy, idempotent-replayed";

const ALLOWED = new WeakMap<Request, string>();

/** The answer to a preflight of a session's address; null for anything else. */
export function preflightOf({ method, url, headers }: Request): Response | null {
  const origin = headers.get("origin");
  if (method !== "OPTIONS" || origin === null || !headers.has("access-control-request-method") || !SESSION_ADDRESS.test(new URL(url).pathname)) return null;
  return new Response(null, { status: 204, headers: { ...PREFLIGHT, "access-control-allow-origin": origin, vary: "origin" } });
}

/** @throws ProblemError `forbidden` for a page of an origin that is neither Berth's own nor on the list */
export function allowOrigin(request: Request, publicUrl: string, origins: readonly string[]): void {
  const origin = request.headers.get("origin");
  if (origin === null || origin === new URL(request.url).origin || origin === new URL(publicUrl).origin) return;
  if (!origins.includes(origin)) {
    refuse("forbidden", "Client tokens of this organization do not work from pages of this origin.", { fix: "Put the origin on the list at /v1/client-origins, and make a new token." });
  }
  ALLOWED.set(request, origin);
}

/** For the answer to this request. */
export function corsHeadersOf(request: Request): Readonly<Record<string, string>> {
  const origin = ALLOWED.get(request);
  return origin === undefined ? {} : { "access-control-allow-origin": origin, "access-control-expose-headers": EXPOSED, vary: "origin" };
}
