/** `WSS /v1/sandbox/tunnel`: dialed by the runtime when its link asks for it, so that nothing dials into a sandbox. */
import { parseSandboxToken } from "../src/core/sandbox/sandbox-token.ts";
import { refuse } from "../src/app/http/problem-error.ts";
import { tunnelRequest } from "../src/app/http/workspace-request.ts";
import { bearerOf, isUpgrade } from "./auth.ts";
import { createSubApp, route } from "./route.ts";

export const sandboxTunnel = createSubApp();

route(
  sandboxTunnel,
  {
    method: "get",
    path: "/v1/sandbox/tunnel",
    policy: "sandbox-token",
    scope: null,
    tag: "Sandbox",
    summary: "The tunnel by which people reach a sandbox",
    description: "For Berth's own runtime; its messages are not part of the public contract.",
    success: { status: 101, description: "The tunnel is open" },
  },
  ({ request, services }) => {
    if (!isUpgrade(request)) refuse("bad-request", "This address takes a WebSocket upgrade.");
    const token = bearerOf(request.headers.get("authorization")) ?? "";
    const parts = parseSandboxToken(token);
    if (parts === null) refuse("unauthenticated", "The tunnel needs the sandbox's token as `Authorization: Bearer`.");
    const { orgId, sessionId } = parts;
    return services.workspaces.of(orgId, sessionId).fetch(tunnelRequest({ orgId, sessionId }, token, request));
  },
);
