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
    scope: "sessions:read",
    tag: "Models",
    summary: "List provider keys",
    description: "Never their values. The organization's and your own; for owners and admins, everybody's.",
    success: { status: 200, schema: pageOf("ProviderKey", SCHEMAS.ProviderKey) },
  },
  async ({ services, principal }) => wholeList(await listProviderKeys(services, principal)),
);

route(
  providerKeys,
  {
    method: "post",
    path: "/v1/keys",
    policy: "principal",
    scope: "keys:write",
    waits: true,
    tag: "Models",
    summary: "Add a provider key",
    description: "The provider is asked for its models first, which tests the key. The organization's is for owners and admins to keep; one of your own (`scope`) is used in your turns of sessions that nobody else has worked in, before the organization's of that name.",
    body: SCHEMAS.CreateProviderKey,
    idempotency: "stored",
    success: { status: 201, schema: SCHEMAS.ProviderKey },
  },
  async ({ services, principal, body, request }) => json(await addProvider(services, principal, body, request.signal), 201),
);

route(
  providerKeys,
  {
    method: "delete",
    path: "/v1/keys/:providerKeyId",
    policy: "principal",
    scope: "keys:write",
    waits: true,
    tag: "Models",
    summary: "Remove a provider key",
    description: "Its value is deleted. The organization's is removed by owners and admins, somebody's own by them as well. Sessions that use it fail at their next model call.",
    success: { status: 204 },
  },
  async ({ services, principal, param }) => {
    await removeProvider(services, principal, param("providerKeyId"));
    return noContent();
  },
);
