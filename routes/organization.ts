/** The organization itself. */
import { json } from "./paging.ts";
import { createSubApp, route } from "./route.ts";
import { SCHEMAS } from "./schemas.ts";

export const organization = createSubApp();

route(
  organization,
  {
    method: "patch",
    path: "/v1/organization",
    policy: "principal:admin",
    scope: "admin",
    tag: "Organization",
    summary: "Rename the organization",
    description: "What belongs to it stays as it is. Everybody sees the new name within half a minute.",
    body: SCHEMAS.UpdateOrganization,
    success: { status: 200, schema: SCHEMAS.Organization },
  },
  async ({ services, principal: { orgId }, body: { name } }) => {
    await services.identity.directory.renameOrganization(orgId, name);
    return json({ id: orgId, name });
  },
);
