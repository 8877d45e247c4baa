/** Who the request is made as. */
import type { Me } from "@berth/protocol";
import { isPortError } from "../src/core/kernel/port-error.ts";
import { refuse } from "../src/app/http/problem-error.ts";
import type { Principal } from "../src/ports/identity/identity.port.ts";
import { byPerson, note } from "./audited.ts";
import { resolvePerson } from "./auth.ts";
import { json, noContent } from "./paging.ts";
import { createSubApp, route } from "./route.ts";
import { SCHEMAS } from "./schemas.ts";

export const me = createSubApp();

route(
  me,
  {
    method: "get",
    path: "/v1/me",
    policy: "principal",
    scope: null,
    tag: "Account",
    summary: "Who am I?",
    description: "`user` is null for an API key: it acts for the organization.",
    success: { status: 200, schema: SCHEMAS.Me },
  },
  ({ principal }) => json(shown(principal)),
);

route(
  me,
  {
    method: "patch",
    path: "/v1/me",
    policy: "principal",
    scope: null,
    tag: "Account",
    summary: "Change your own name",
    description: "By a sign-in: a key is no person. It is your name in every organization of yours; what you wrote before keeps the one you had.",
    body: SCHEMAS.UpdateMe,
    success: { status: 200, schema: SCHEMAS.Me },
  },
  async ({ services, principal, body }) => {
    if (principal.kind !== "user") refuse("forbidden", "Only a person has a name to change, and this is a key.", { fix: "Sign in on the page and change it there, or ask its owner to rename the service account." });
    const { name } = await services.identity.directory.renameMember(principal.orgId, principal.userId, body.name);
    return json(shown({ ...principal, userName: name }));
  },
);

function shown({ kind, userId, userName, userEmail, orgId, orgName, role, scopes }: Principal): Me {
  const user = kind === "user" ? { id: userId, name: userName, email: userEmail ?? "" } : null;
  return { user, organization: { id: orgId, name: orgName }, role, scopes: [...scopes] };
}

route(
  me,
  {
    method: "post",
    path: "/v1/me/organization",
    policy: "person",
    scope: null,
    tag: "Account",
    summary: "Act in another organization of yours",
    description: "For the sign-in that asks; keys belong to one organization for good.",
    body: SCHEMAS.SwitchOrganization,
    audit: "itself",
    idempotency: "natural",
    success: { status: 204 },
  },
  async ({ request, services, body, action, log }) => {
    const { credentials, person } = await resolvePerson(request, services);
    await services.identity.switchOrganization(credentials, body.organizationId).catch((error: unknown) => {
      if (isPortError(error) && error.code === "not-found") refuse("not-found", "You are a member of no such organization.");
      throw error;
    });
    const { organizationId } = body;
    await note(services, { by: byPerson(organizationId, person), action, target: { organizationId }, request, log }, { status: 204, waits: true });
    return noContent();
  },
);
