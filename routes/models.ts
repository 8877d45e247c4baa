/** Models that the organization may use now, by its providers' keys. */
import { listModels } from "../src/app/providers.ts";
import { wholeList } from "./paging.ts";
import { createSubApp, route } from "./route.ts";
import { pageOf, SCHEMAS } from "./schemas.ts";

export const models = createSubApp();

route(
  models,
  {
    method: "get",
    path: "/v1/models",
    policy: "principal",
    scope: "providers:read",
    tag: "Models",
    summary: "List models",
    description: "Of every provider with a key, and the demo model where it is switched on.",
    success: { status: 200, schema: pageOf("Model", SCHEMAS.Model) },
  },
  async ({ services, principal }) => wholeList(await listModels(services, principal.orgId)),
);
