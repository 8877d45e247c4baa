/**
 * Who asks: the one place where credentials become a principal, and where a route's policy is applied. A request that
 * changes something and is authenticated by a cookie must come from Berth's own pages.
 */
import { makeProblem } from "@berth/protocol";
import type { Author } from "../src/app/session-handle.ts";
import type { Services } from "../src/app/services.ts";
import { isAdmin, roleAllows, type Access } from "../src/app/http/policy.ts";
import { ProblemError, refuse } from "../src/app/http/problem-error.ts";
import { parseSandboxToken } from "../src/core/sandbox/sandbox-token.ts";
import type { Credentials, Principal } from "../src/ports/identity/identity.port.ts";

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

/** Model clients put their key where their vendor wants it. Empty when there is none. */
function sandboxTokenOf({ headers }: Request): string {
  return bearerOf(headers.get("authorization")) ?? headers.get("x-api-key") ?? headers.get("x-goog-api-key") ?? "";
}

/** The principal that a policy needs, or null where it needs none. @throws ProblemError 401, 403 */
export async function authorize({ policy, scope }: Access, request: Request, services: Services): Promise<Principal | null> {
  switch (policy) {
    case "public":
      return null;
    case "operator":
      requireOperator(request, services);
      return null;
    case "sandbox-token":
      if (parseSandboxToken(sandboxTokenOf(request)) === null) unauthenticated("a sandbox's token");
      return null;
    case "ticket-or-principal":
      if (new URL(request.url).searchParams.has("ticket")) return null;
      break;
    case "principal":
    case "principal:admin":
      break;
  }
  const principal = await resolveContext(request, services);
  if (policy === "principal:admin" && !isAdmin(principal.role)) {
    refuse("forbidden", "Only an owner or admin of the organization may do that.");
  }
  if (scope !== null && !roleAllows(principal.role, scope)) {
    refuse("forbidden", "A viewer of the organization may read, and may not change anything.");
  }
  return principal;
}

/** Request → principal with organization. @throws ProblemError `unauthenticated`; `forbidden` for another site's page */
export async function resolveContext(request: Request, services: Services): Promise<Principal> {
  const credentials = credentialsOf(request);
  if (credentials === null) unauthenticated("an API key or a sign-in");
  if (credentials.kind === "cookie" && changesSomething(request)) requireOwnPage(request, services.publicUrl);
  const principal = await services.identity.authenticate(credentials);
  if (principal === null) unauthenticated("an API key or a sign-in that is valid");
  return principal;
}

function unauthenticated(needed: string): never {
  const problem = makeProblem("unauthenticated", `This needs ${needed}.`, {
    fix: "Send `Authorization: Bearer <API key>`, or sign in on the page.",
  });
  throw new ProblemError(problem, { "www-authenticate": 'Bearer realm="berth"' });
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
  const origin = request.headers.get("origin");
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
  const { kind, userId, userName, keyId, role } = principal;
  if (kind === "api-key" && keyId !== null) return { actor: { kind, id: keyId, name: userName }, apiKeyId: keyId, role };
  return { actor: { kind: "user", id: userId, name: userName }, apiKeyId: null, role };
}
