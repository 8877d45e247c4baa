/** Models that the organization may use now, by its providers' keys. */
import { listModels, modelUserOf } from "../src/app/providers.ts";
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
    scope: "sessions:read",
    tag: "Models",
    summary: "List models",
    description: "Of every provider with a key, your own included, and the demo model where it is switched on.",
    success: { status: 200, schema: pageOf("Model", SCHEMAS.Model) },
  },
  async ({ services, principal }) => wholeList(await listModels(services, modelUserOf(principal))),
);
