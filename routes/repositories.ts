/** Repositories of the organization: their credentials are written once, never read back. */
import { addRepository, listRepositories, removeRepository, setRights } from "../src/app/repositories.ts";
import { json, noContent, wholeList } from "./paging.ts";
import { createSubApp, route } from "./route.ts";
import { pageOf, SCHEMAS } from "./schemas.ts";

export const repositories = createSubApp();

route(
  repositories,
  {
    method: "get",
    path: "/v1/repos",
    policy: "principal",
    scope: "sessions:read",
    tag: "Repositories",
    summary: "List repositories",
    description: "Never their credentials.",
    success: { status: 200, schema: pageOf("Repository", SCHEMAS.Repository) },
  },
  async ({ services, principal }) => wholeList(await listRepositories(services, principal.orgId)),
);

route(
  repositories,
  {
    method: "post",
    path: "/v1/repos",
    policy: "principal:admin",
    scope: "keys:write",
    tag: "Repositories",
    summary: "Add a repository",
    description: "Its branches are listed first, which tests the address and the credential. Sessions name it by its address.",
    body: SCHEMAS.CreateRepository,
    idempotency: "stored",
    success: { status: 201, schema: SCHEMAS.Repository },
  },
  async ({ services, principal, body, request }) => json(await addRepository(services, principal.orgId, body, request.signal), 201),
);

route(
  repositories,
  {
    method: "patch",
    path: "/v1/repos/:repoId",
    policy: "principal:admin",
    scope: "keys:write",
    tag: "Repositories",
    summary: "Change whose rights count for a repository",
    description: "From the next fetch and push on. `person` needs a host that people sign in with here, such as GitHub.",
    body: SCHEMAS.UpdateRepository,
    success: { status: 200, schema: SCHEMAS.Repository },
  },
  async ({ services, principal, param, body }) => json(await setRights(services, principal.orgId, param("repoId"), body.rights)),
);

route(
  repositories,
  {
    method: "delete",
    path: "/v1/repos/:repoId",
    policy: "principal:admin",
    scope: "keys:write",
    tag: "Repositories",
    summary: "Remove a repository",
    description: "Its credential is deleted. Sessions that work on it keep their clone, and fail at their next fetch or push.",
    success: { status: 204 },
  },
  async ({ services, principal, param }) => {
    await removeRepository(services, principal.orgId, param("repoId"));
    return noContent();
  },
);
