/** Environments of the organization: variables and the setup script that its sessions begin with. */
import { addEnvironment, changeEnvironment, listEnvironments, readEnvironment, removeEnvironment } from "../src/app/environments.ts";
import { detectEnvironment } from "../src/app/detect-environment.ts";
import { json, noContent, wholeList } from "./paging.ts";
import { createSubApp, route } from "./route.ts";
import { pageOf, SCHEMAS } from "./schemas.ts";

export const environments = createSubApp();

const tag = "Environments";

route(
  environments,
  {
    method: "get",
    path: "/v1/environments",
    policy: "principal",
    scope: "sessions:read",
    tag,
    summary: "List environments",
    description: "With their variables, which are not secret.",
    success: { status: 200, schema: pageOf("Environment", SCHEMAS.Environment) },
  },
  async ({ services, principal }) => wholeList(await listEnvironments(services, principal.orgId)),
);

route(
  environments,
  {
    method: "post",
    path: "/v1/environments",
    policy: "principal:admin",
    scope: "keys:write",
    tag,
    summary: "Add an environment",
    description: "Everybody in the organization reads its variables: what is secret belongs into POST /v1/secrets.",
    body: SCHEMAS.CreateEnvironment,
    idempotency: "stored",
    success: { status: 201, schema: SCHEMAS.Environment },
  },
  async ({ services, principal, body }) => json(await addEnvironment(services, principal.orgId, body), 201),
);

route(
  environments,
  {
    method: "post",
    path: "/v1/environments/detect",
    policy: "principal:admin",
    scope: "keys:write",
    tag,
    summary: "Look at what a repository needs",
    description: "At its host, without a clone or a sandbox: package managers, commands to install, test and run it, services, ports and variables. A proposal to be read; nothing is kept.",
    body: SCHEMAS.DetectEnvironment,
    idempotency: "natural",
    success: { status: 200, schema: SCHEMAS.DetectedEnvironment },
  },
  async ({ services, principal, body, request }) => json(await detectEnvironment(services, principal, body.repository, request.signal)),
);

const one = { path: "/v1/environments/:environmentId", tag } as const;

route(
  environments,
  { ...one, method: "get", policy: "principal", scope: "sessions:read", summary: "Read an environment", success: { status: 200, schema: SCHEMAS.Environment } },
  async ({ services, principal, param }) => json(await readEnvironment(services, principal.orgId, param("environmentId"))),
);

route(
  environments,
  {
    ...one,
    method: "patch",
    policy: "principal:admin",
    scope: "keys:write",
    summary: "Change an environment",
    description: "What is left out stays; `repositories` and `variables` are replaced as a whole.",
    body: SCHEMAS.UpdateEnvironment,
    success: { status: 200, schema: SCHEMAS.Environment },
  },
  async ({ services, principal, param, body }) => json(await changeEnvironment(services, principal.orgId, param("environmentId"), body)),
);

route(
  environments,
  {
    ...one,
    method: "delete",
    policy: "principal:admin",
    scope: "keys:write",
    summary: "Remove an environment",
    description: "With the secrets of its sessions. A sandbox keeps what it began with; the next one of its session begins without.",
    success: { status: 204 },
  },
  async ({ services, principal, param }) => {
    await removeEnvironment(services, principal.orgId, param("environmentId"));
    return noContent();
  },
);
