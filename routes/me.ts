/** Who the request is made as. */
import type { Me } from "@berth/protocol";
import { json } from "./paging.ts";
import { createSubApp, route } from "./route.ts";
import { SCHEMAS } from "./schemas.ts";

export const me = createSubApp();

route(
  me,
  {
    method: "get",
    path: "/v1/me",
    policy: "principal",
    scope: "account:read",
    tag: "Account",
    summary: "Who am I?",
    description: "`user` is null for an API key: it acts for the organization.",
    success: { status: 200, schema: SCHEMAS.Me },
  },
  ({ principal }) => {
    const { kind, userId, userName, userEmail, orgId, orgName, role } = principal;
    const user = kind === "user" ? { id: userId, name: userName, email: userEmail ?? "" } : null;
    const answer: Me = { user, organization: { id: orgId, name: orgName }, role };
    return json(answer);
  },
);
