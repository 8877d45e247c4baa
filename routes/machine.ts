/** What was found on the user's own machine. Where there is no such machine, nothing is. */
import { z } from "zod";
import { refuse } from "../src/app/http/problem-error.ts";
import { machineOf, type MachineServices } from "../src/app/own-machine.ts";
import { importDiscovery } from "../src/app/providers.ts";
import type { LocalMachine } from "../src/core/machine/local-machine.ts";
import type { Principal } from "../src/ports/identity/identity.port.ts";
import { json, wholeList } from "./paging.ts";
import { createSubApp, route } from "./route.ts";
import { pageOf, SCHEMAS } from "./schemas.ts";
import { inspectFolder } from "./checked-workspace.ts";

export const machine = createSubApp();

route(
  machine,
  {
    method: "get",
    path: "/v1/machine/discoveries",
    policy: "principal:admin",
    scope: "keys:write",
    tag: "Machine",
    summary: "List keys and model servers found on this machine",
    description: "Never their values.",
    success: { status: 200, schema: pageOf("Discovery", SCHEMAS.Discovery) },
  },
  async ({ services, principal }) => {
    const [found, connections] = await Promise.all([(await ownMachine(services, principal)).discover(), services.catalog.listProviders(principal.orgId)]);
    const imported = new Set(connections.flatMap(({ provider, userId }) => (userId === null ? [provider] : [])));
    return wholeList(found.map((discovery) => ({ ...discovery, imported: imported.has(discovery.provider) })));
  },
);

route(
  machine,
  {
    method: "post",
    path: "/v1/machine/discoveries/:discoveryId/import",
    policy: "principal:admin",
    scope: "keys:write",
    tag: "Machine",
    summary: "Import a found key",
    description: "It is tested like any key and stored in the vault.",
    idempotency: "stored",
    success: { status: 201, schema: SCHEMAS.ProviderKey },
  },
  async ({ services, principal, param, request }) =>
    json(await importDiscovery(services, principal, await ownMachine(services, principal), param("discoveryId"), request.signal), 201),
);

route(
  machine,
  {
    method: "post",
    path: "/v1/machine/folders/inspect",
    policy: "principal:admin",
    scope: "sessions:write",
    tag: "Machine",
    summary: "Look at a folder before working on it",
    body: z.strictObject({ path: z.string().min(1).max(4096) }),
    idempotency: "natural",
    success: { status: 200, schema: SCHEMAS.Folder },
  },
  async ({ services, principal, body }) => json(await inspectFolder(await ownMachine(services, principal), body.path, "/path")),
);

async function ownMachine(services: MachineServices, { orgId }: Pick<Principal, "orgId">): Promise<LocalMachine> {
  return (await machineOf(services, orgId)) ?? refuse("not-found", "This Berth does not run on a machine of yours, so there is nothing to look at.");
}
