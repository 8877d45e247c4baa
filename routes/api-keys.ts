/** Keys for this API. A key's secret is in one answer and nowhere else. */
import { DEFAULT_SCOPES, type ApiKey, type CreateApiKey, type CreatedApiKey, type Scope } from "@berth/protocol";
import { pushRevocation } from "../src/app/push-revocation.ts";
import { isPortError } from "../src/core/kernel/port-error.ts";
import { refuse } from "../src/app/http/problem-error.ts";
import type { ApiKeyRecord, Principal } from "../src/ports/identity/identity.port.ts";
import { iso, json, noContent, PageQuery, pageResponse, positionOf } from "./paging.ts";
import { createSubApp, route } from "./route.ts";
import { pageOf, SCHEMAS } from "./schemas.ts";

export const apiKeys = createSubApp();

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 90;

route(
  apiKeys,
  {
    method: "post",
    path: "/v1/api-keys",
    policy: "principal:admin",
    scope: "admin",
    tag: "Account",
    summary: "Create an API key",
    description: "`key` in the answer is the secret, shown this once. Nobody makes a key with a scope they do not have. With `serviceAccountId` it is that account's, and outlives its maker.",
    body: SCHEMAS.CreateApiKey,
    idempotency: "claimed",
    success: { status: 201, schema: SCHEMAS.CreatedApiKey },
  },
  async ({ services, principal, body }) => {
    const days = body.expiresInDays === undefined ? DEFAULT_DAYS : body.expiresInDays;
    const expiresAtMs = days === null ? null : services.now() + days * DAY_MS;
    const created = await services.identity.createApiKey(principal, { name: body.name, expiresAtMs, scopes: scopesFor(principal, body.scopes), ...whose(body) }).catch(accountProblem);
    const answer: CreatedApiKey = { ...shownKey(created), key: created.secret };
    return json(answer, 201);
  },
);

route(
  apiKeys,
  {
    method: "get",
    path: "/v1/api-keys",
    policy: "principal:admin",
    scope: "admin",
    tag: "Account",
    summary: "List API keys",
    query: PageQuery,
    success: { status: 200, schema: pageOf("ApiKey", SCHEMAS.ApiKey) },
  },
  async ({ services, principal, query, url }) => {
    const page = await services.identity.listApiKeys(principal.orgId, positionOf("api-keys", query));
    return pageResponse(url, "api-keys", page.keys.map(shownKey), page.next);
  },
);

route(
  apiKeys,
  {
    method: "delete",
    path: "/v1/api-keys/:keyId",
    policy: "principal:admin",
    scope: "admin",
    tag: "Account",
    summary: "Revoke an API key",
    success: { status: 204 },
  },
  async ({ services, principal, param }) => {
    try {
      await services.identity.revokeApiKey(principal.orgId, param("keyId"));
    } catch (error) {
      if (isPortError(error) && error.code === "not-found") refuse("not-found", "There is no such API key in this organization.");
      throw error;
    }
    services.waitUntil(pushRevocation(services, principal.orgId, param("keyId")));
    return noContent();
  },
);

/** @throws ProblemError `forbidden` for a scope that the one who asks does not have */
function scopesFor({ scopes }: Principal, asked: readonly Scope[] | undefined): readonly Scope[] {
  if (asked === undefined) return DEFAULT_SCOPES.filter((scope) => scopes.includes(scope));
  const beyond = asked.filter((scope) => !scopes.includes(scope));
  if (beyond.length > 0) refuse("forbidden", `A key cannot have a scope that its maker does not have: ${beyond.join(", ")}.`, { errors: [{ pointer: "/scopes", message: `You do not have ${beyond.join(", ")}.` }] });
  return [...new Set(asked)];
}

function whose({ serviceAccountId }: CreateApiKey): { readonly serviceAccountId?: string } {
  return serviceAccountId === undefined ? {} : { serviceAccountId };
}

function accountProblem(error: unknown): never {
  if (isPortError(error) && error.code === "not-found") return refuse("not-found", "There is no such service account in this organization.");
  throw error;
}

export function shownKey({ id, name, start, scopes, serviceAccountId, createdAtMs, expiresAtMs, lastUsedAtMs }: ApiKeyRecord): ApiKey {
  return { id, name, start, scopes: [...scopes], ...(serviceAccountId === null ? {} : { serviceAccountId }), createdAt: iso(createdAtMs), expiresAt: isoOrNull(expiresAtMs), lastUsedAt: isoOrNull(lastUsedAtMs) };
}

function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : iso(ms);
}
