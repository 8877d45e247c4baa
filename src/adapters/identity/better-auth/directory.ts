/** The directory of the identity port: one statement or transaction each, and one kind of error. */
import type { Database } from "../../../db/pg/database.ts";
import type { Directory } from "../../../ports/identity/directory.port.ts";
import { guard } from "./guard.ts";
import { acceptInvitation, createInvitation, listInvitations, revokeInvitation } from "./invitations.ts";
import { listMembers, memberOf, removeMember, renameMember, setRole } from "./members.ts";
import { renameOrganization } from "./organizations.ts";
import { refuse } from "./refuse.ts";
import { createServiceAccount, listServiceAccounts, removeServiceAccount, updateServiceAccount } from "./service-accounts.ts";
import { addTeamMember, createTeam, listTeamMembers, listTeams, removeTeam, removeTeamMember, renameTeam } from "./teams.ts";

export function createDirectory(db: Database, now: () => number): Directory {
  return {
    renameOrganization: (orgId, name) => guard("renameOrganization", () => renameOrganization(db, orgId, name), true),
    listMembers: (orgId, page) =>
      guard("listMembers", async () => (await listMembers(db, orgId, page)) ?? refuse("listMembers", "invalid-argument", "That is no position in the list of members."), true),
    member: (orgId, userId) => guard("member", () => memberOf(db, orgId, userId), true),
    setRole: (orgId, userId, role) => guard("setRole", () => setRole(db, orgId, userId, role), true),
    renameMember: (orgId, userId, name) => guard("renameMember", () => renameMember(db, orgId, userId, name, now()), true),
    removeMember: (orgId, userId) => guard("removeMember", () => removeMember(db, orgId, userId)),
    createServiceAccount: (orgId, request) => guard("createServiceAccount", () => createServiceAccount(db, orgId, request, now())),
    listServiceAccounts: (orgId) => guard("listServiceAccounts", () => listServiceAccounts(db, orgId), true),
    updateServiceAccount: (orgId, id, changes) => guard("updateServiceAccount", () => updateServiceAccount(db, orgId, id, changes), true),
    removeServiceAccount: (orgId, id) => guard("removeServiceAccount", () => removeServiceAccount(db, orgId, id)),
    createTeam: (orgId, { name }) => guard("createTeam", () => createTeam(db, orgId, name, now())),
    listTeams: (orgId) => guard("listTeams", () => listTeams(db, orgId), true),
    renameTeam: (orgId, teamId, name) => guard("renameTeam", () => renameTeam(db, orgId, teamId, name), true),
    removeTeam: (orgId, teamId) => guard("removeTeam", () => removeTeam(db, orgId, teamId)),
    listTeamMembers: (orgId, teamId) => guard("listTeamMembers", () => listTeamMembers(db, orgId, teamId), true),
    addTeamMember: (orgId, teamId, principalId) => guard("addTeamMember", () => addTeamMember(db, orgId, teamId, principalId, now()), true),
    removeTeamMember: (orgId, teamId, principalId) => guard("removeTeamMember", () => removeTeamMember(db, orgId, teamId, principalId)),
    createInvitation: (orgId, request) => guard("createInvitation", () => createInvitation(db, orgId, request, now())),
    listInvitations: (orgId) => guard("listInvitations", () => listInvitations(db, orgId, now()), true),
    revokeInvitation: (orgId, id) => guard("revokeInvitation", () => revokeInvitation(db, orgId, id)),
    acceptInvitation: (token, person) => guard("acceptInvitation", () => acceptInvitation(db, token, person, now())),
  };
}
