/** Who belongs to an organization. Whether somebody may change it is asked before; what must never be is refused here. */
import type { Role } from "@berth/protocol";

export interface MemberRecord {
  readonly userId: string;
  readonly name: string;
  readonly email: string;
  readonly role: Role;
  readonly joinedAtMs: number;
}

export interface MemberPage {
  readonly members: readonly MemberRecord[];
  /** Position to go on from, or null at the end. */
  readonly next: string | null;
}

export type LesserRole = Exclude<Role, "owner">;

export interface ServiceAccountRecord {
  readonly id: string;
  readonly name: string;
  readonly role: LesserRole;
  readonly createdAtMs: number;
}

export interface TeamRecord {
  readonly id: string;
  readonly name: string;
  readonly createdAtMs: number;
}

export interface TeamMemberRecord {
  /** A person or a service account. */
  readonly principalId: string;
  readonly addedAtMs: number;
}

export interface InvitationRecord {
  readonly id: string;
  readonly email: string;
  readonly role: Role;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
}

/** A person who is signed in, whether or not they belong to an organization. */
export interface Person {
  readonly userId: string;
  readonly email: string;
}

/** Unknown and another organization's are the same everywhere: PortError `not-found`. */
export interface Directory {
  renameOrganization(orgId: string, name: string): Promise<void>;
  /** Oldest first. @throws PortError `invalid-argument` for a position it never answered */
  listMembers(orgId: string, page: { readonly after: string | null; readonly limit: number }): Promise<MemberPage>;
  member(orgId: string, userId: string): Promise<MemberRecord>;
  /** @throws PortError `failed-precondition` where nobody would own the organization any more */
  setRole(orgId: string, userId: string, role: Role): Promise<MemberRecord>;
  /** A person has one name, in every organization of theirs. */
  renameMember(orgId: string, userId: string, name: string): Promise<MemberRecord>;
  /** Ends what they had there: keys, sign-ins, teams. @throws PortError `failed-precondition` for the last owner */
  removeMember(orgId: string, userId: string): Promise<void>;

  createServiceAccount(orgId: string, request: { readonly name: string; readonly role: LesserRole }): Promise<ServiceAccountRecord>;
  /** Oldest first, all of them. */
  listServiceAccounts(orgId: string): Promise<readonly ServiceAccountRecord[]>;
  updateServiceAccount(orgId: string, id: string, changes: { readonly name?: string; readonly role?: LesserRole }): Promise<ServiceAccountRecord>;
  /** With its keys. */
  removeServiceAccount(orgId: string, id: string): Promise<void>;

  /** @throws PortError `already-exists` for a name that a team has */
  createTeam(orgId: string, request: { readonly name: string }): Promise<TeamRecord>;
  listTeams(orgId: string): Promise<readonly TeamRecord[]>;
  /** Its own name again changes nothing. @throws PortError `already-exists` for a name that another team has */
  renameTeam(orgId: string, teamId: string, name: string): Promise<TeamRecord>;
  removeTeam(orgId: string, teamId: string): Promise<void>;
  listTeamMembers(orgId: string, teamId: string): Promise<readonly TeamMemberRecord[]>;
  /** Adding somebody twice changes nothing. */
  addTeamMember(orgId: string, teamId: string, principalId: string): Promise<void>;
  removeTeamMember(orgId: string, teamId: string, principalId: string): Promise<void>;

  /** The token is answered this once. @param invitedBy a person; null for a service account. @param mailed the token is shown to nobody, and goes to the address alone */
  createInvitation(orgId: string, request: { readonly email: string; readonly role: Role; readonly invitedBy: string | null; readonly mailed?: boolean }): Promise<InvitationRecord & { readonly token: string }>;
  /** Those that wait. */
  listInvitations(orgId: string): Promise<readonly InvitationRecord[]>;
  revokeInvitation(orgId: string, id: string): Promise<void>;
  /**
   * Makes the person a member, once; a member already keeps the role they have. @throws PortError `not-found` for a token
   * that is unknown, used, revoked or expired; `permission-denied` for one that was made for another address
   */
  acceptInvitation(token: string, person: Person): Promise<{ readonly orgId: string; readonly orgName: string; readonly role: Role }>;
}
