/** Origins of an integrator's own pages, from which client tokens work. */
import { json } from "./paging.ts";
import { createSubApp, route } from "./route.ts";
import { SCHEMAS } from "./schemas.ts";

export const clientOrigins = createSubApp();

const common = { path: "/v1/client-origins", policy: "principal:admin", scope: "admin", tag: "Sharing" } as const;

route(
  clientOrigins,
  { ...common, method: "get", summary: "Read from which origins client tokens work", success: { status: 200, schema: SCHEMAS.ClientOrigins } },
  async ({ services, principal }) => json({ origins: [...(await services.catalog.clientOrigins(principal.orgId))] }),
);

route(
  clientOrigins,
  {
    ...common,
    method: "put",
    summary: "Set from which origins client tokens work",
    description: "Each as a browser sends it: scheme, host and port, nothing after them. Tokens made from now on work from these; those of before keep what they were made with for the hour they last at most.",
    body: SCHEMAS.ClientOrigins,
    success: { status: 200, schema: SCHEMAS.ClientOrigins },
  },
  async ({ services, principal, body }) => {
    const origins = [...new Set(body.origins)];
    await services.catalog.setClientOrigins(principal.orgId, origins);
    return json({ origins });
  },
);
