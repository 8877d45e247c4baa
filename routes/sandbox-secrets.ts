/** `/v1/sandbox/secrets` and `/v1/sandbox/environment`: what a sandbox's runtime begins with, and puts into the environment of its agent. */
import { beginningOf } from "../src/app/session-environment.ts";
import { environmentOf } from "../src/app/sandbox-secrets.ts";
import { bearerOf } from "./auth.ts";
import { json } from "./paging.ts";
import { createSubApp, route } from "./route.ts";

export const sandboxSecrets = createSubApp();

route(
  sandboxSecrets,
  {
    method: "get",
    path: "/v1/sandbox/secrets",
    policy: "sandbox-token",
    scope: null,
    tag: "Sandbox",
    summary: "Read what the agent may read",
    description: "For Berth's own runtime, with the token of the session's current sandbox; not part of the public contract.",
    success: { status: 200, description: "Names and values of the secrets that were marked readable by the agent" },
  },
  async ({ services, request }) => json({ environment: await environmentOf(services, bearerOf(request.headers.get("authorization")) ?? "") }),
);

route(
  sandboxSecrets,
  {
    method: "get",
    path: "/v1/sandbox/environment",
    policy: "sandbox-token",
    scope: null,
    tag: "Sandbox",
    summary: "Read what the sandbox begins with",
    description: "For Berth's own runtime, with the token of the session's current sandbox; not part of the public contract.",
    success: { status: 200, description: "Variables and setup script of the session's environment; null when it was removed, or there is none" },
  },
  async ({ services, request }) => json({ environment: await beginningOf(services, bearerOf(request.headers.get("authorization")) ?? "") }),
);
