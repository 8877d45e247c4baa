/**
 * Who asks: the one place where credentials become a principal, and where a route's policy is applied. A request that
 * changes something and is authenticated by a cookie must come from Berth's own pages.
 */
import { makeProblem, type Scope } from "@berth/protocol";
import type { Author } from "../src/app/session-handle.ts";
import type { Services } from "../src/app/services.ts";
import type { Access, Policy } from "../src/app/http/policy.ts";
import { presentedToken } from "../src/app/http/presented-token.ts";
import { noSuchSession, ProblemError, refuse } from "../src/app/http/problem-error.ts";
import { clientRights } from "../src/core/access/client-access.ts";
import { administers } from "../src/core/access/roles.ts";
import { scopesOfRole } from "../src/core/access/scopes.ts";
import { parseTicket } from "../src/app/http/ticket.ts";
import { parseSessionToken } from "../src/app/http/session-token.ts";
import { parseSandboxToken } from "../src/core/sandbox/sandbox-token.ts";
import type { Person } from "../src/ports/identity/directory.port.ts";
import type { Credentials, Principal } from "../src/ports/identity/identity.port.ts";
import { allowOrigin } from "./cors.ts";
import { countPlace, countPrincipal, countRefused, countSandbox, requireNoGuesser } from "./rate.ts";

/** The sign-in or key a request carries, or null. A bearer token goes before a cookie. */
export function credentialsOf(request: Request): Credentials | null {
  const authorization = request.headers.get("authorization");
  if (authorization !== null) {
    const token = bearerOf(authorization);
    return token === null ? null : { kind: "bearer", token };
  }
  const header = request.headers.get("cookie");
  return header === null ? null : { kind: "cookie", header };
}

export function bearerOf(authorization: string | null): string | null {
  return authorization === null ? null : (/^Bearer +([\x21-\x7e]+)$/i.exec(authorization.trim())?.[1] ?? null);
}

/** The principal that a policy needs, or null where it needs none. What they may is for `permit` to say. @throws ProblemError 401, 403, 429 */
export async function authenticate(policy: Policy, request: Request, services: Services): Promise<Principal | null> {
  switch (policy) {
    case "public":
      return null;
    case "operator":
      requireOperator(request, services);
      return null;
    case "sandbox-token":
      if (parseSandboxToken(presentedToken(request.headers)) === null) unauthenticated("a sandbox's token", BASIC);
      countSandbox(services, request, presentedToken(request.headers));
      return null;
    case "person":
      await resolvePerson(request, services);
      return null;
    case "link-token":
      if (parseSessionToken("shl", bearerOf(request.headers.get("authorization")) ?? "") === null) unauthenticated("the token of a link");
      countPlace(services, request, "page");
      return null;
    case "workspace-ticket":
      if (parseTicket(new URL(request.url).searchParams.get("ticket") ?? "", "wkt") === null) unauthenticated("a ticket from `workspace-ticket`");
      countPlace(services, request, "page");
      return null;
    case "ticket-or-principal":
      if (new URL(request.url).searchParams.has("ticket")) return null;
      break;
    case "principal":
    case "principal:admin":
      break;
  }
  return resolveContext(request, services);
}

/** @throws ProblemError 403; 404 for a client token at another session than its own */
export function permit({ policy, scope }: Access, principal: Principal, sessionId: string | undefined): void {
  if (principal.client) requireOwnSession(principal.client, sessionId);
  if (policy === "principal:admin" && !administers(principal.role)) {
    refuse("forbidden", "Only an owner or admin of the organization may do that.");
  }
  if (scope !== null) requireScope(principal, scope);
}

/** A client token is worth something for its one session. Another one answers what one that never was answers. */
function requireOwnSession(client: NonNullable<Principal["client"]>, sessionId: string | undefined): void {
  if (sessionId === undefined) refuse("forbidden", "A client token is for its one session and nothing else.", { fix: "Use an API key." });
  if (sessionId !== client.sessionId) noSuchSession();
}

/** @throws ProblemError `forbidden` naming what is missing: the role's right, or the key's own scope */
function requireScope({ role, scopes }: Principal, scope: Scope): void {
  if (scopes.includes(scope)) return;
  if (!scopesOfRole(role).includes(scope)) refuse("forbidden", `The role ${role} of this organization does not have the scope ${scope}.`, { fix: "Ask an owner or admin for another role." });
  refuse("forbidden", `This API key does not have the scope ${scope}.`, { fix: `Use a key that was made with the scope ${scope}.` });
}

/** Request → principal with organization. @throws ProblemError `unauthenticated`; `forbidden` for another site's page; `rate-limited` */
export async function resolveContext(request: Request, services: Services): Promise<Principal> {
  const credentials = credentialsOf(request);
  if (credentials === null) unauthenticated("an API key or a sign-in");
  if (credentials.kind === "cookie" && changesSomething(request)) requireOwnPage(request, services.publicUrl);
  await requireNoGuesser(services, request, credentials);
  const isClient = credentials.kind === "bearer" && credentials.token.startsWith("bct_");
  const principal = isClient ? await clientOf(credentials.token, request, services) : await services.identity.authenticate(credentials);
  if (principal === null) {
    countRefused(services, request);
    unauthenticated("an API key or a sign-in that is valid");
  }
  countPrincipal(services, request, principal);
  return principal;
}

const BEARER = 'Bearer realm="berth"';
/** Git sends a password only to who asks for one. */
const BASIC = 'Basic realm="berth"';

/** The session knows its client tokens, and asks whether who made one may still do as much. @throws ProblemError where it cannot */
async function clientOf(token: string, request: Request, services: Services): Promise<Principal | null> {
  const place = parseSessionToken("bct", token);
  if (place === null) return null;
  const { orgId, sessionId } = place;
  const granted = await services.sessions.of(orgId, sessionId).sharing({ do: "authorize", token }, null);
  if (!granted.ok && granted.problem.status === 503) throw new ProblemError(granted.problem);
  if (!granted.ok) return null;
  const { id, access, expiresAtMs, origins, by, knownAtMs } = granted.value;
  allowOrigin(request, services.publicUrl, origins);
  return {
    kind: "client-token",
    userId: by.userId,
    userName: "client token",
    orgId,
    orgName: "",
    ...clientRights(access),
    teamIds: [],
    keyId: by.keyId,
    keyEndsAtMs: expiresAtMs,
    ...(knownAtMs === undefined ? {} : { knownAtMs }),
    client: { tokenId: id, sessionId },
  };
}

/** Who is signed in where a page is opened, which nobody has to be. */
export async function personHere(request: Request, { identity }: Pick<Services, "identity">): Promise<{ readonly person: Person; readonly credentials: Credentials } | null> {
  const credentials = credentialsOf(request);
  if (credentials?.kind !== "cookie") return null;
  const person = await identity.personOf(credentials);
  return person && { person, credentials };
}

/** Request → person, whichever organization the sign-in acts in. @throws ProblemError `unauthenticated`, `forbidden` */
export async function resolvePerson(request: Request, services: Services): Promise<{ readonly person: Person; readonly credentials: Credentials }> {
  const credentials = credentialsOf(request);
  if (credentials?.kind !== "cookie") unauthenticated("the sign-in of a person");
  requireOwnPage(request, services.publicUrl);
  const person = await services.identity.personOf(credentials);
  if (person === null) unauthenticated("the sign-in of a person");
  return { person, credentials };
}

function unauthenticated(needed: string, challenge = BEARER): never {
  const problem = makeProblem("unauthenticated", `This needs ${needed}.`, {
    fix: "Send `Authorization: Bearer <API key>`, or sign in on the page.",
  });
  throw new ProblemError(problem, { "www-authenticate": challenge });
}

/** A WebSocket upgrade is a GET that lets a page act, and browsers send it across sites. */
function changesSomething(request: Request): boolean {
  return !["GET", "HEAD"].includes(request.method) || isUpgrade(request);
}

export function isUpgrade(request: Request): boolean {
  return request.headers.get("upgrade")?.toLowerCase() === "websocket";
}

/** @throws ProblemError `forbidden` unless the browser says that the request comes from this very origin */
export function requireOwnPage(request: Request, publicUrl: string): void {
  const site = request.headers.get("sec-fetch-site");
  const given = request.headers.get("origin");
  // A form of a page without referrers, as all of ours are, has the origin `null`; what the browser says of the site stands.
  const origin = given === "null" ? null : given;
  const own = [new URL(request.url).origin, new URL(publicUrl).origin];
  const fromHere = origin === null ? site === "same-origin" : own.includes(origin) && (site === null || site === "same-origin");
  if (!fromHere) refuse("forbidden", "A sign-in cookie only acts from Berth's own pages; use an API key from elsewhere.");
}

function requireOperator(request: Request, services: Services): void {
  const token = bearerOf(request.headers.get("authorization"));
  if (services.operatorToken === null || token === null || !sameText(token, services.operatorToken)) {
    unauthenticated("the operator's token of this instance");
  }
}

/** Takes as long whether the first or the last character differs. */
function sameText(left: string, right: string): boolean {
  let difference = left.length ^ right.length;
  for (let i = 0; i < left.length; i++) difference |= left.charCodeAt(i) ^ right.charCodeAt(i % right.length);
  return difference === 0;
}

/** How events and runs name a principal. */
export function authorOf(principal: Principal): Author {
  const { kind, userId, userName, keyId, role, scopes, teamIds, keyEndsAtMs, signInId, knownAtMs, client } = principal;
  const who = {
    role,
    scopes,
    userId,
    teamIds,
    ...(keyEndsAtMs === undefined ? {} : { endsAtMs: keyEndsAtMs }),
    ...(signInId === undefined ? {} : { signInId }),
    ...(knownAtMs === undefined ? {} : { knownAtMs }),
  };
  if (client) return { actor: { kind: "api-key", id: client.tokenId, name: userName }, apiKeyId: keyId, ...who, clientTokenId: client.tokenId };
  if (kind === "api-key" && keyId !== null) return { actor: { kind, id: keyId, name: userName }, apiKeyId: keyId, ...who };
  return { actor: { kind: "user", id: userId, name: userName }, apiKeyId: null, ...who };
}
