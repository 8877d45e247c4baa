/** What was found on the user's own machine. Where there is no such machine, nothing is. */
import { z } from "zod";
import { refuse } from "../src/app/http/problem-error.ts";
import { importDiscovery } from "../src/app/providers.ts";
import type { LocalMachine } from "../src/core/machine/local-machine.ts";
import type { Services } from "../src/app/services.ts";
import { json, wholeList } from "./paging.ts";
import { createSubApp, route } from "./route.ts";
import { pageOf, SCHEMAS } from "./schemas.ts";
import { inspectFolder } from "./workspace-folder.ts";

export const machine = createSubApp();

route(
  machine,
  {
    method: "get",
    path: "/v1/machine/discoveries",
    policy: "principal:admin",
    scope: "machine:read",
    tag: "Machine",
    summary: "List keys and model servers found on this machine",
    description: "Never their values.",
    success: { status: 200, schema: pageOf("Discovery", SCHEMAS.Discovery) },
  },
  async ({ services, principal }) => {
    const [found, connections] = await Promise.all([machineOf(services).discover(), services.catalog.listProviders(principal.orgId)]);
    const imported = new Set(connections.map(({ provider }) => provider));
    return wholeList(found.map((discovery) => ({ ...discovery, imported: imported.has(discovery.provider) })));
  },
);

route(
  machine,
  {
    method: "post",
    path: "/v1/machine/discoveries/:discoveryId/import",
    policy: "principal:admin",
    scope: "providers:write",
    tag: "Machine",
    summary: "Import a found key",
    description: "It is tested like any key and stored in the vault.",
    idempotency: "stored",
    success: { status: 201, schema: SCHEMAS.ProviderKey },
  },
  async ({ services, principal, param, request }) =>
    json(await importDiscovery(services, principal.orgId, machineOf(services), param("discoveryId"), request.signal), 201),
);

route(
  machine,
  {
    method: "post",
    path: "/v1/machine/folders/inspect",
    policy: "principal",
    scope: "machine:read",
    tag: "Machine",
    summary: "Look at a folder before working on it",
    body: z.strictObject({ path: z.string().min(1).max(4096) }),
    idempotency: "natural",
    success: { status: 200, schema: SCHEMAS.Folder },
  },
  async ({ services, body }) => json(await inspectFolder(machineOf(services), body.path, "/path")),
);

function machineOf({ machine: local }: Services): LocalMachine {
  return local ?? refuse("not-found", "This Berth does not run on a machine of yours, so there is nothing to look at.");
}
