/** Keys for this API. A key's secret is in one answer and nowhere else. */
import type { ApiKey, CreatedApiKey } from "@berth/protocol";
import { pushRevocation } from "../src/app/push-revocation.ts";
import { isPortError } from "../src/core/kernel/port-error.ts";
import { refuse } from "../src/app/http/problem-error.ts";
import type { ApiKeyRecord } from "../src/ports/identity/identity.port.ts";
import { json, noContent, PageQuery, pageResponse, positionOf } from "./paging.ts";
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
    scope: "api-keys:write",
    tag: "Account",
    summary: "Create an API key",
    description: "`key` in the answer is the secret, shown this once.",
    body: SCHEMAS.CreateApiKey,
    idempotency: "claimed",
    success: { status: 201, schema: SCHEMAS.CreatedApiKey },
  },
  async ({ services, principal, body }) => {
    const days = body.expiresInDays === undefined ? DEFAULT_DAYS : body.expiresInDays;
    const expiresAtMs = days === null ? null : services.now() + days * DAY_MS;
    const created = await services.identity.createApiKey(principal, { name: body.name, expiresAtMs });
    const answer: CreatedApiKey = { ...shown(created), key: created.secret };
    return json(answer, 201);
  },
);

route(
  apiKeys,
  {
    method: "get",
    path: "/v1/api-keys",
    policy: "principal:admin",
    scope: "api-keys:read",
    tag: "Account",
    summary: "List API keys",
    query: PageQuery,
    success: { status: 200, schema: pageOf("ApiKey", SCHEMAS.ApiKey) },
  },
  async ({ services, principal, query, url }) => {
    const page = await services.identity.listApiKeys(principal.orgId, positionOf("api-keys", query));
    return pageResponse(url, "api-keys", page.keys.map(shown), page.next);
  },
);

route(
  apiKeys,
  {
    method: "delete",
    path: "/v1/api-keys/:keyId",
    policy: "principal:admin",
    scope: "api-keys:write",
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

function shown({ id, name, start, createdAtMs, expiresAtMs, lastUsedAtMs }: ApiKeyRecord): ApiKey {
  return { id, name, start, createdAt: iso(createdAtMs), expiresAt: isoOrNull(expiresAtMs), lastUsedAt: isoOrNull(lastUsedAtMs) };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : iso(ms);
}
