/** How a session's sandbox is kept: declared, measured, and by whom. */
import { authorOf } from "./auth.ts";
import { json } from "./paging.ts";
import { createSubApp, route } from "./route.ts";
import { SCHEMAS } from "./schemas.ts";
import { handleOf, unwrap } from "./session-access.ts";

export const sandboxPolicy = createSubApp();

const common = { policy: "principal", tag: "Sessions" } as const;

route(
  sandboxPolicy,
  {
    ...common,
    method: "get",
    scope: "sessions:read",
    path: "/v1/sessions/:sessionId/policy",
    summary: "Read how the sandbox is kept",
    description:
      "What is declared of the session's sandbox beside what the parts that enforce it said last: isolation, egress, mounts, capabilities, readable secrets, the token's scopes, the branch prefix and the caps. A difference is a `mismatch`, and an event `policy.mismatch` in the log.",
    success: { status: 200, schema: SCHEMAS.SandboxPolicy },
  },
  async ({ services, principal, param }) => json(unwrap(await handleOf(services, principal, param("sessionId")).policy("read", authorOf(principal)))),
);

route(
  sandboxPolicy,
  {
    ...common,
    method: "post",
    scope: "sessions:write",
    path: "/v1/sessions/:sessionId/policy/measure",
    summary: "Measure again how the sandbox is kept",
    description: "The answer is what was known before, with `measuring`; the new facts are there a few seconds later. Without a linked sandbox: `conflict`.",
    idempotency: "natural",
    success: { status: 202, schema: SCHEMAS.SandboxPolicy },
  },
  async ({ services, principal, param }) => json(unwrap(await handleOf(services, principal, param("sessionId")).policy("measure", authorOf(principal))), 202),
);

const rule = { path: "/v1/policy-rule", tag: "Sessions" } as const;

route(
  sandboxPolicy,
  { ...rule, policy: "principal", method: "get", scope: "sessions:read", summary: "Read what a policy mismatch does", success: { status: 200, schema: SCHEMAS.PolicyRule } },
  async ({ services, principal }) => json(await services.catalog.policyRule(principal.orgId)),
);

route(
  sandboxPolicy,
  {
    ...rule,
    policy: "principal:admin",
    method: "put",
    scope: "admin",
    summary: "Set what a policy mismatch does",
    description: "`report`: it is shown and in the session's log, and the session goes on. `stop`: its run and sandbox end, and the session fails until somebody resumes it. Holds from the next measurement on.",
    body: SCHEMAS.PolicyRule,
    success: { status: 200, schema: SCHEMAS.PolicyRule },
  },
  async ({ services, principal, body }) => {
    await services.catalog.setPolicyRule(principal.orgId, body);
    return json(body);
  },
);
