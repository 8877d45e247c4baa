/** People of the organization. Only an owner makes, lowers or removes an owner. */
import type { Member, Role } from "@berth/protocol";
import { changesOwners } from "../src/core/access/roles.ts";
import { isPortError } from "../src/core/kernel/port-error.ts";
import { pushRevocation } from "../src/app/push-revocation.ts";
import { removeProvidersOf } from "../src/app/providers.ts";
import { removeOwnSecrets } from "../src/app/secrets.ts";
import { refuse } from "../src/app/http/problem-error.ts";
import type { MemberRecord } from "../src/ports/identity/directory.port.ts";
import { iso, json, noContent, PageQuery, pageResponse, positionOf } from "./paging.ts";
import { createSubApp, route } from "./route.ts";
import { pageOf, SCHEMAS } from "./schemas.ts";

export const members = createSubApp();

route(
  members,
  {
    method: "get",
    path: "/v1/members",
    policy: "principal",
    scope: "sessions:write",
    tag: "Organization",
    summary: "List members",
    description: "Oldest first. Whoever works with sessions may see with whom to share them.",
    query: PageQuery,
    success: { status: 200, schema: pageOf("Member", SCHEMAS.Member) },
  },
  async ({ services, principal, query, url }) => {
    const page = await services.identity.directory.listMembers(principal.orgId, positionOf("members", query));
    return pageResponse(url, "members", page.members.map(shown), page.next);
  },
);

route(
  members,
  {
    method: "patch",
    path: "/v1/members/:userId",
    policy: "principal:admin",
    scope: "admin",
    tag: "Organization",
    summary: "Change a member's role",
    description: "Keys of the member never have more than the new role allows, from now on. The last owner stays one.",
    body: SCHEMAS.UpdateMember,
    success: { status: 200, schema: SCHEMAS.Member },
  },
  async ({ services, principal, param, body }) => {
    const { directory } = services.identity;
    const before = await directory.member(principal.orgId, param("userId")).catch(memberProblem);
    ownersAreForOwners(principal.role, before.role, body.role);
    const after = await directory.setRole(principal.orgId, before.userId, body.role).catch(memberProblem);
    return json(shown(after));
  },
);

route(
  members,
  {
    method: "delete",
    path: "/v1/members/:userId",
    policy: "principal:admin",
    scope: "admin",
    tag: "Organization",
    summary: "Remove a member",
    description: "Ends their keys and sign-ins of this organization, and removes the secrets and provider keys they kept for themselves. Their sessions stay; so do service accounts they made.",
    success: { status: 204 },
  },
  async ({ services, principal, param }) => {
    const { directory } = services.identity;
    const { orgId } = principal;
    const before = await directory.member(orgId, param("userId")).catch(async (error: unknown) => {
      // Asked again after only the person went: what they kept goes now.
      if (isPortError(error) && error.code === "not-found") await removeOwn(services, orgId, param("userId"));
      return memberProblem(error);
    });
    ownersAreForOwners(principal.role, before.role);
    await directory.removeMember(orgId, before.userId).catch(memberProblem);
    services.waitUntil(pushRevocation(services, orgId, before.userId));
    await removeOwn(services, orgId, before.userId);
    return noContent();
  },
);

/** What a member kept for themselves goes with them. */
async function removeOwn(services: Parameters<typeof removeProvidersOf>[0], orgId: string, userId: string): Promise<void> {
  await removeOwnSecrets(services, orgId, userId);
  await removeProvidersOf(services, orgId, userId);
}

/** @throws ProblemError `forbidden` where an owner would be made or touched by somebody who is none */
export function ownersAreForOwners(own: Role, ...touched: readonly Role[]): void {
  if (!changesOwners(own) && touched.some(changesOwners)) refuse("forbidden", "Only an owner makes, lowers or removes an owner.");
}

function shown({ userId, name, email, role, joinedAtMs }: MemberRecord): Member {
  return { userId, name, email, role, joinedAt: iso(joinedAtMs) };
}

function memberProblem(error: unknown): never {
  if (isPortError(error) && error.code === "not-found") return refuse("not-found", "There is no such member in this organization.");
  if (isPortError(error) && error.code === "failed-precondition" && error.retry === "never") {
    return refuse("conflict", "An organization keeps an owner, and this is the last one.", { fix: "Make somebody else an owner first." });
  }
  throw error;
}
