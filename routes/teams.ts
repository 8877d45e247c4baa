/** Teams: groups of people and service accounts with whom a session can be shared at once. */
import type { Team } from "@berth/protocol";
import { isPortError } from "../src/core/kernel/port-error.ts";
import { refuse } from "../src/app/http/problem-error.ts";
import type { TeamRecord } from "../src/ports/identity/directory.port.ts";
import { iso, json, noContent, wholeList } from "./paging.ts";
import { createSubApp, route } from "./route.ts";
import { pageOf, SCHEMAS } from "./schemas.ts";

export const teams = createSubApp();

const read = { policy: "principal", scope: "sessions:write", tag: "Organization" } as const;
const change = { policy: "principal:admin", scope: "admin", tag: "Organization" } as const;

route(
  teams,
  { ...change, method: "post", path: "/v1/teams", summary: "Create a team", body: SCHEMAS.CreateTeam, idempotency: "stored", success: { status: 201, schema: SCHEMAS.Team } },
  async ({ services, principal, body }) => json(shown(await services.identity.directory.createTeam(principal.orgId, body).catch(teamProblem)), 201),
);

route(
  teams,
  { ...read, method: "get", path: "/v1/teams", summary: "List teams", success: { status: 200, schema: pageOf("Team", SCHEMAS.Team) } },
  async ({ services, principal }) => wholeList((await services.identity.directory.listTeams(principal.orgId)).map(shown)),
);

route(
  teams,
  {
    ...change,
    method: "patch",
    path: "/v1/teams/:teamId",
    summary: "Rename a team",
    description: "Who is in it and what is shared with it stays.",
    body: SCHEMAS.UpdateTeam,
    success: { status: 200, schema: SCHEMAS.Team },
  },
  async ({ services, principal, param, body }) => json(shown(await services.identity.directory.renameTeam(principal.orgId, param("teamId"), body.name).catch(teamProblem))),
);

route(
  teams,
  { ...change, method: "delete", path: "/v1/teams/:teamId", summary: "Remove a team", description: "What was shared with it is not shared with its members any more.", success: { status: 204 } },
  async ({ services, principal, param }) => {
    await services.identity.directory.removeTeam(principal.orgId, param("teamId")).catch(teamProblem);
    return noContent();
  },
);

route(
  teams,
  { ...read, method: "get", path: "/v1/teams/:teamId/members", summary: "List a team's members", success: { status: 200, schema: pageOf("TeamMember", SCHEMAS.TeamMember) } },
  async ({ services, principal, param }) => {
    const found = await services.identity.directory.listTeamMembers(principal.orgId, param("teamId")).catch(teamProblem);
    return wholeList(found.map(({ principalId, addedAtMs }) => ({ principalId, addedAt: iso(addedAtMs) })));
  },
);

route(
  teams,
  {
    ...change,
    method: "put",
    path: "/v1/teams/:teamId/members/:principalId",
    summary: "Add a member or service account to a team",
    description: "Adding somebody twice changes nothing.",
    success: { status: 204 },
  },
  async ({ services, principal, param }) => {
    await services.identity.directory.addTeamMember(principal.orgId, param("teamId"), param("principalId")).catch(teamProblem);
    return noContent();
  },
);

route(
  teams,
  { ...change, method: "delete", path: "/v1/teams/:teamId/members/:principalId", summary: "Take somebody out of a team", success: { status: 204 } },
  async ({ services, principal, param }) => {
    await services.identity.directory.removeTeamMember(principal.orgId, param("teamId"), param("principalId")).catch(teamProblem);
    return noContent();
  },
);

function shown({ id, name, createdAtMs }: TeamRecord): Team {
  return { id, name, createdAt: iso(createdAtMs) };
}

function teamProblem(error: unknown): never {
  if (isPortError(error) && error.code === "not-found") return refuse("not-found", "There is no such team, or no such member of it, in this organization.");
  if (isPortError(error) && error.code === "already-exists") return refuse("conflict", "The organization has a team of that name.");
  throw error;
}
