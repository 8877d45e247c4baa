/** Is it up, which version, and what sandboxes it starts. Open to anyone, so it names nothing of any organization. */
import type { Health } from "@berth/protocol";
import { json } from "./paging.ts";
import { createSubApp, route } from "./route.ts";
import { SCHEMAS } from "./schemas.ts";

export const health = createSubApp();

route(
  health,
  {
    method: "get",
    path: "/health",
    policy: "public",
    scope: null,
    tag: "Instance",
    summary: "Is this instance up?",
    success: { status: 200, schema: SCHEMAS.Health },
  },
  async ({ services }) => {
    const sandboxes = await services.sandboxBackends();
    const answer: Health = { status: "ok", version: services.version, sandboxes: [...sandboxes], demoModel: services.demoModelUrl !== null };
    return json(answer);
  },
);
