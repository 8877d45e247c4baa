/** Who belongs to which organization, in memory. */
import type { Role } from "@berth/protocol";
import { PortError, type PortErrorCode } from "../../core/kernel/port-error.ts";
import { decodePosition, newestFirst, pageOf, type Position } from "../../core/kernel/position.ts";
import type {
  Directory,
  InvitationRecord,
  MemberPage,
  MemberRecord,
  Person,
  ServiceAccountRecord,
  TeamMemberRecord,
  TeamRecord,
} from "./directory.port.ts";

const INVITATION_LIFETIME_MS = 7 * 24 * 60 * 60 * 1000;

type Owned<T> = T & { readonly orgId: string };

interface StoredInvitation extends Owned<InvitationRecord> {
  readonly token: string;
  readonly mailed: boolean;
}

const placeOf = ({ joinedAtMs, userId }: MemberRecord): Position => ({ atMs: joinedAtMs, id: userId });
const without = <T extends { readonly orgId: string }>({ orgId: _, ...rest }: T): Omit<T, "orgId"> => rest;

export interface InMemoryDirectoryOptions {
  readonly now: () => number;
  readonly random: () => string;
  /** Lets go of what a principal had in the organization: keys and sign-ins. */
  readonly onGone: (orgId: string, principalId: string) => void;
}

export class InMemoryDirectory implements Directory {
  readonly organizations = new Map<string, string>();
  members: Owned<MemberRecord>[] = [];
  serviceAccounts: Owned<ServiceAccountRecord>[] = [];
  #teams: Owned<TeamRecord>[] = [];
  #teamMembers: (TeamMemberRecord & { readonly teamId: string })[] = [];
  #invitations: StoredInvitation[] = [];
  readonly #options: InMemoryDirectoryOptions;

  constructor(options: InMemoryDirectoryOptions) {
    this.#options = options;
  }

  find(orgId: string, userId: string): Owned<MemberRecord> | null {
    return this.members.find((each) => each.orgId === orgId && each.userId === userId) ?? null;
  }

  teamIdsOf(orgId: string, principalId: string): readonly string[] {
    const ours = new Set(this.#teams.filter((team) => team.orgId === orgId).map(({ id }) => id));
    return this.#teamMembers.filter((each) => each.principalId === principalId && ours.has(each.teamId)).map(({ teamId }) => teamId).sort();
  }

  async renameOrganization(orgId: string, name: string): Promise<void> {
    const isThere = this.organizations.has(orgId) || this.members.some((member) => member.orgId === orgId);
    this.#must(isThere ? orgId : null, "renameOrganization", "There is no such organization.");
    this.organizations.set(orgId, name);
  }

  async listMembers(orgId: string, page: { readonly after: string | null; readonly limit: number }): Promise<MemberPage> {
    const after = page.after === null ? null : decodePosition(page.after);
    if (page.after !== null && !after) throw refused("listMembers", "invalid-argument", "That is no position in the list of members.");
    const found = this.members
      .filter((member) => member.orgId === orgId && (!after || newestFirst(after, placeOf(member)) > 0))
      .sort((a, b) => newestFirst(placeOf(b), placeOf(a)));
    const { items, next } = pageOf(found, page.limit, placeOf);
    return { members: items.map(without), next };
  }

  async member(orgId: string, userId: string): Promise<MemberRecord> {
    return without(this.#must(this.find(orgId, userId), "member", "There is no such member."));
  }

  async setRole(orgId: string, userId: string, role: Role): Promise<MemberRecord> {
    const before = this.#must(this.find(orgId, userId), "setRole", "There is no such member.");
    if (role !== "owner") this.#keepAnOwner(before, "setRole");
    const after = { ...before, role };
    this.members = this.members.map((each) => (each === before ? after : each));
    return without(after);
  }

  async renameMember(orgId: string, userId: string, name: string): Promise<MemberRecord> {
    const before = this.#must(this.find(orgId, userId), "renameMember", "There is no such member.");
    this.members = this.members.map((each) => (each.userId === userId ? { ...each, name } : each));
    return without({ ...before, name });
  }

  async removeMember(orgId: string, userId: string): Promise<void> {
    const member = this.#must(this.find(orgId, userId), "removeMember", "There is no such member.");
    this.#keepAnOwner(member, "removeMember");
    this.members = this.members.filter((each) => each !== member);
    this.#gone(orgId, userId);
  }

  async createServiceAccount(orgId: string, { name, role }: { readonly name: string; readonly role: ServiceAccountRecord["role"] }): Promise<ServiceAccountRecord> {
    const account = { id: `sva_${this.#options.random()}`, name, role, createdAtMs: this.#options.now() };
    this.serviceAccounts.push({ ...account, orgId });
    return account;
  }

  async listServiceAccounts(orgId: string): Promise<readonly ServiceAccountRecord[]> {
    return this.serviceAccounts.filter((each) => each.orgId === orgId).map(without);
  }

  async updateServiceAccount(orgId: string, id: string, changes: Partial<Pick<ServiceAccountRecord, "name" | "role">>): Promise<ServiceAccountRecord> {
    const before = this.#account(orgId, id, "updateServiceAccount");
    const after = { ...before, ...changes };
    this.serviceAccounts = this.serviceAccounts.map((each) => (each === before ? after : each));
    return without(after);
  }

  async removeServiceAccount(orgId: string, id: string): Promise<void> {
    const account = this.#account(orgId, id, "removeServiceAccount");
    this.serviceAccounts = this.serviceAccounts.filter((each) => each !== account);
    this.#gone(orgId, id);
  }

  async createTeam(orgId: string, { name }: { readonly name: string }): Promise<TeamRecord> {
    if (this.#teams.some((team) => team.orgId === orgId && team.name === name)) throw refused("createTeam", "already-exists", "The organization has a team of that name.");
    const team = { id: `team_${this.#options.random()}`, name, createdAtMs: this.#options.now() };
    this.#teams.push({ ...team, orgId });
    return team;
  }

  async listTeams(orgId: string): Promise<readonly TeamRecord[]> {
    return this.#teams.filter((each) => each.orgId === orgId).map(without);
  }

  async renameTeam(orgId: string, teamId: string, name: string): Promise<TeamRecord> {
    const team = this.#team(orgId, teamId, "renameTeam");
    if (this.#teams.some((each) => each !== team && each.orgId === orgId && each.name === name)) throw refused("renameTeam", "already-exists", "The organization has a team of that name.");
    const renamed = { ...team, name };
    this.#teams = this.#teams.map((each) => (each === team ? renamed : each));
    return without(renamed);
  }

  async removeTeam(orgId: string, teamId: string): Promise<void> {
    const team = this.#team(orgId, teamId, "removeTeam");
    this.#teams = this.#teams.filter((each) => each !== team);
    this.#teamMembers = this.#teamMembers.filter((each) => each.teamId !== teamId);
  }

  async listTeamMembers(orgId: string, teamId: string): Promise<readonly TeamMemberRecord[]> {
    this.#team(orgId, teamId, "listTeamMembers");
    return this.#teamMembers.filter((each) => each.teamId === teamId).map(({ principalId, addedAtMs }) => ({ principalId, addedAtMs }));
  }

  async addTeamMember(orgId: string, teamId: string, principalId: string): Promise<void> {
    this.#team(orgId, teamId, "addTeamMember");
    const isOurs = this.find(orgId, principalId) !== null || this.serviceAccounts.some((each) => each.orgId === orgId && each.id === principalId);
    if (!isOurs) throw refused("addTeamMember", "not-found", "There is no such member or service account.");
    if (this.#teamMembers.some((each) => each.teamId === teamId && each.principalId === principalId)) return;
    this.#teamMembers.push({ teamId, principalId, addedAtMs: this.#options.now() });
  }

  async removeTeamMember(orgId: string, teamId: string, principalId: string): Promise<void> {
    this.#team(orgId, teamId, "removeTeamMember");
    const rest = this.#teamMembers.filter((each) => each.teamId !== teamId || each.principalId !== principalId);
    if (rest.length === this.#teamMembers.length) throw refused("removeTeamMember", "not-found", "They are not in this team.");
    this.#teamMembers = rest;
  }

  async createInvitation(orgId: string, { email, role, mailed = false }: { readonly email: string; readonly role: Role; readonly mailed?: boolean }): Promise<InvitationRecord & { readonly token: string }> {
    const { now, random } = this.#options;
    const createdAtMs = now();
    const made = { id: `inv_${random()}`, email: email.toLowerCase(), role, createdAtMs, expiresAtMs: createdAtMs + INVITATION_LIFETIME_MS, token: random() };
    this.#invitations.push({ ...made, orgId, mailed });
    return made;
  }

  async listInvitations(orgId: string): Promise<readonly InvitationRecord[]> {
    return this.#waiting().filter((each) => each.orgId === orgId).map(({ token: _, mailed: __, ...rest }) => without(rest));
  }

  async revokeInvitation(orgId: string, id: string): Promise<void> {
    const found = this.#must(this.#invitations.find((each) => each.orgId === orgId && each.id === id) ?? null, "revokeInvitation", "There is no such invitation.");
    this.#invitations = this.#invitations.filter((each) => each !== found);
  }

  waitingInvitation(token: string): StoredInvitation | null {
    return this.#waiting().find((each) => each.token === token) ?? null;
  }

  async acceptInvitation(token: string, { userId, email, ...person }: Person & { readonly name?: string }): Promise<{ readonly orgId: string; readonly orgName: string; readonly role: Role }> {
    const found = this.#must(this.#waiting().find((each) => each.token === token) ?? null, "acceptInvitation", "There is no such invitation.");
    if (found.email !== email.toLowerCase()) throw refused("acceptInvitation", "permission-denied", "The invitation was made for another address.");
    this.#invitations = this.#invitations.filter((each) => each !== found);
    const { orgId } = found;
    const known = this.find(orgId, userId);
    const name = this.members.find((each) => each.userId === userId)?.name ?? person.name ?? email;
    if (!known) this.members.push({ orgId, userId, name, email, role: found.role, joinedAtMs: this.#options.now() });
    return { orgId, orgName: this.organizations.get(orgId) ?? "", role: known?.role ?? found.role };
  }

  #waiting(): StoredInvitation[] {
    return this.#invitations.filter(({ expiresAtMs }) => expiresAtMs > this.#options.now());
  }

  #gone(orgId: string, principalId: string): void {
    const ours = new Set(this.#teams.filter((team) => team.orgId === orgId).map(({ id }) => id));
    this.#teamMembers = this.#teamMembers.filter((each) => each.principalId !== principalId || !ours.has(each.teamId));
    this.#options.onGone(orgId, principalId);
  }

  #keepAnOwner({ orgId, userId, role }: Owned<MemberRecord>, operation: string): void {
    const others = this.members.some((each) => each.orgId === orgId && each.role === "owner" && each.userId !== userId);
    if (role === "owner" && !others) throw refused(operation, "failed-precondition", "The organization would have no owner any more.");
  }

  #account(orgId: string, id: string, operation: string): Owned<ServiceAccountRecord> {
    return this.#must(this.serviceAccounts.find((each) => each.orgId === orgId && each.id === id) ?? null, operation, "There is no such service account.");
  }

  #team(orgId: string, id: string, operation: string): Owned<TeamRecord> {
    return this.#must(this.#teams.find((each) => each.orgId === orgId && each.id === id) ?? null, operation, "There is no such team.");
  }

  #must<T>(found: T | null, operation: string, message: string): T {
    if (found === null) throw refused(operation, "not-found", message);
    return found;
  }
}

function refused(operation: string, code: PortErrorCode, message: string): PortError {
  return new PortError({ port: "identity", operation, code, outcome: "not-applied", retry: "never", message });
}
