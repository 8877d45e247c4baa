/** `WSS /v1/sandbox/link`: the token says which session, and the session says whether the token is good. */
import { parseSandboxToken } from "../src/core/sandbox/sandbox-token.ts";
import { refuse } from "../src/app/http/problem-error.ts";
import { linkRequest } from "../src/app/http/viewer-request.ts";
import { bearerOf, isUpgrade } from "./auth.ts";
import { createSubApp, route } from "./route.ts";

export const sandboxLink = createSubApp();

route(
  sandboxLink,
  {
    method: "get",
    path: "/v1/sandbox/link",
    policy: "sandbox-token",
    scope: null,
    tag: "Sandbox",
    summary: "The link that a sandbox opens to its session",
    description: "For Berth's own runtime; its messages are not part of the public contract.",
    success: { status: 101, description: "The link is open" },
  },
  ({ request, services }) => {
    if (!isUpgrade(request)) refuse("bad-request", "This address takes a WebSocket upgrade.");
    const token = bearerOf(request.headers.get("authorization")) ?? "";
    const parts = parseSandboxToken(token);
    // Model clients may carry the token elsewhere, and pass the policy with it; a link has it as a bearer.
    if (parts === null) refuse("unauthenticated", "The link needs the sandbox's token as `Authorization: Bearer`.");
    return services.sessions.of(parts.orgId, parts.sessionId).fetch(linkRequest(token, request));
  },
);
