/** Keys of model providers: written once, never read back. */
import { addProvider, listProviderKeys, removeProvider } from "../src/app/providers.ts";
import { json, noContent, wholeList } from "./paging.ts";
import { createSubApp, route } from "./route.ts";
import { pageOf, SCHEMAS } from "./schemas.ts";

export const providerKeys = createSubApp();

route(
  providerKeys,
  {
    method: "get",
    path: "/v1/keys",
    policy: "principal",
    scope: "providers:read",
    tag: "Models",
    summary: "List provider keys",
    description: "Never their values.",
    success: { status: 200, schema: pageOf("ProviderKey", SCHEMAS.ProviderKey) },
  },
  async ({ services, principal }) => wholeList(await listProviderKeys(services, principal.orgId)),
);

route(
  providerKeys,
  {
    method: "post",
    path: "/v1/keys",
    policy: "principal:admin",
    scope: "providers:write",
    tag: "Models",
    summary: "Add a provider key",
    description: "The provider is asked for its models first, which tests the key. One connection per provider name.",
    body: SCHEMAS.CreateProviderKey,
    idempotency: "stored",
    success: { status: 201, schema: SCHEMAS.ProviderKey },
  },
  async ({ services, principal, body, request }) => json(await addProvider(services, principal.orgId, body, request.signal), 201),
);

route(
  providerKeys,
  {
    method: "delete",
    path: "/v1/keys/:providerKeyId",
    policy: "principal:admin",
    scope: "providers:write",
    tag: "Models",
    summary: "Remove a provider key",
    description: "Its value is deleted. Sessions that use it fail at their next model call.",
    success: { status: 204 },
  },
  async ({ services, principal, param }) => {
    await removeProvider(services, principal.orgId, param("providerKeyId"));
    return noContent();
  },
);
