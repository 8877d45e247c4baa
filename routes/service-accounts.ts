/** Principals of the organization that are no persons. Their keys are made with `POST /v1/api-keys`. */
import type { ServiceAccount } from "@berth/protocol";
import { isPortError } from "../src/core/kernel/port-error.ts";
import { pushRevocation } from "../src/app/push-revocation.ts";
import { removeOwnSecrets } from "../src/app/secrets.ts";
import { refuse } from "../src/app/http/problem-error.ts";
import type { ServiceAccountRecord } from "../src/ports/identity/directory.port.ts";
import { iso, json, noContent, wholeList } from "./paging.ts";
import { createSubApp, route } from "./route.ts";
import { pageOf, SCHEMAS } from "./schemas.ts";

export const serviceAccounts = createSubApp();

const common = { policy: "principal:admin", scope: "admin", tag: "Organization" } as const;

route(
  serviceAccounts,
  {
    ...common,
    method: "post",
    path: "/v1/service-accounts",
    summary: "Create a service account",
    description: "It has a role and keys of its own, which outlive whoever made them.",
    body: SCHEMAS.CreateServiceAccount,
    idempotency: "stored",
    success: { status: 201, schema: SCHEMAS.ServiceAccount },
  },
  async ({ services, principal, body }) => json(shown(await services.identity.directory.createServiceAccount(principal.orgId, body)), 201),
);

route(
  serviceAccounts,
  { ...common, method: "get", path: "/v1/service-accounts", summary: "List service accounts", success: { status: 200, schema: pageOf("ServiceAccount", SCHEMAS.ServiceAccount) } },
  async ({ services, principal }) => wholeList((await services.identity.directory.listServiceAccounts(principal.orgId)).map(shown)),
);

route(
  serviceAccounts,
  {
    ...common,
    method: "patch",
    path: "/v1/service-accounts/:serviceAccountId",
    summary: "Change a service account's name or role",
    body: SCHEMAS.UpdateServiceAccount,
    success: { status: 200, schema: SCHEMAS.ServiceAccount },
  },
  async ({ services, principal, param, body: { name, role } }) => {
    const changes = { ...(name === undefined ? {} : { name }), ...(role === undefined ? {} : { role }) };
    return json(shown(await services.identity.directory.updateServiceAccount(principal.orgId, param("serviceAccountId"), changes).catch(accountProblem)));
  },
);

route(
  serviceAccounts,
  { ...common, method: "delete", path: "/v1/service-accounts/:serviceAccountId", summary: "Remove a service account, its keys and the secrets that were kept by it", success: { status: 204 } },
  async ({ services, principal, param }) => {
    const [{ orgId }, id] = [principal, param("serviceAccountId")];
    await services.identity.directory.removeServiceAccount(orgId, id).catch(async (error: unknown) => {
      // Asked again after only the account went: what was kept by it goes now.
      if (isPortError(error) && error.code === "not-found") await removeOwnSecrets(services, orgId, id);
      accountProblem(error);
    });
    services.waitUntil(pushRevocation(services, orgId, id));
    await removeOwnSecrets(services, orgId, id);
    return noContent();
  },
);

function shown({ id, name, role, createdAtMs }: ServiceAccountRecord): ServiceAccount {
  return { id, name, role, createdAt: iso(createdAtMs) };
}

function accountProblem(error: unknown): never {
  if (isPortError(error) && error.code === "not-found") return refuse("not-found", "There is no such service account in this organization.");
  throw error;
}
