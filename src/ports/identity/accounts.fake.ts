/** Accounts in memory. Who is a member without an account here has no password. */
import { PortError, type PortErrorCode } from "../../core/kernel/port-error.ts";
import type { OutsideProfile, OutsideProvider } from "../../core/access/outside-sign-in.ts";
import type { Accounts, Admission, NewAccount, RequestedAccount, ShownInvitation, SignedIn } from "./accounts.port.ts";
import type { InMemoryDirectory } from "./directory.fake.ts";
import type { EndedSignIn } from "./identity.port.ts";

interface Account {
  readonly userId: string;
  readonly name: string;
  readonly email: string;
  readonly password: string | null;
  readonly passwordSetAtMs: number;
  /** Whether the address is the person's for certain. */
  readonly isProven: boolean;
  /** Accounts elsewhere, as `provider id`. */
  readonly outside: readonly string[];
}

const HOUR_MS = 60 * 60 * 1000;

export interface InMemoryAccountsOptions {
  readonly random: () => string;
  readonly now: () => number;
  readonly directory: InMemoryDirectory;
  /** `Set-Cookie` values. */
  readonly openSignIn: (userId: string, orgId: string | null) => readonly string[];
  readonly endSignIns: (userId: string) => readonly EndedSignIn[];
}

export class InMemoryAccounts implements Accounts {
  #accounts: Account[] = [];
  readonly #tokens = new Map<string, { readonly value: unknown; readonly untilMs: number }>();
  readonly #options: InMemoryAccountsOptions;

  constructor(options: InMemoryAccountsOptions) {
    this.#options = options;
  }

  find(userId: string): Pick<Account, "userId" | "email" | "name"> | null {
    return [...this.#accounts, ...this.#options.directory.members].find((each) => each.userId === userId) ?? null;
  }

  /** Null for who has no password. */
  passwordSetAtMs(userId: string): number | null {
    const found = this.#accounts.find((each) => each.userId === userId);
    return found === undefined || found.password === null ? null : found.passwordSetAtMs;
  }

  async isClaimed(): Promise<boolean> {
    return this.#isClaimed();
  }

  async signIn(email: string, password: string): Promise<SignedIn | null> {
    const found = this.#accounts.find((each) => each.email === email.toLowerCase() && each.password === password);
    return found ? this.#open(found.userId) : null;
  }

  async whose(email: string): Promise<Pick<SignedIn, "userId" | "orgId"> | null> {
    const { members } = this.#options.directory;
    const found = [...this.#accounts, ...members].find((each) => each.email.toLowerCase() === email.toLowerCase());
    return found ? { userId: found.userId, orgId: members.find(({ userId }) => userId === found.userId)?.orgId ?? null } : null;
  }

  async claim(account: RequestedAccount): Promise<SignedIn> {
    if (this.#isClaimed()) throw refused("claim", "failed-precondition", "This instance has an owner.");
    const { userId } = this.#make("claim", account);
    this.#ownOrganization(userId, account);
    return this.#open(userId);
  }

  async invitation(token: string): Promise<ShownInvitation | null> {
    const { directory } = this.#options;
    const found = directory.waitingInvitation(token);
    if (!found) return null;
    const { email, role, orgId } = found;
    return { email, role, orgName: directory.organizations.get(orgId) ?? "", hasAccount: this.#isTaken(email) };
  }

  async join(token: string, account: NewAccount): Promise<SignedIn> {
    const { directory } = this.#options;
    const found = directory.waitingInvitation(token);
    if (!found) throw refused("join", "not-found", "There is no such invitation.");
    const made = this.#make("join", { ...account, email: found.email }, found.mailed);
    await directory.acceptInvitation(token, made);
    return this.#open(made.userId);
  }

  async request(account: RequestedAccount): Promise<string | null> {
    return this.#isTaken(account.email) ? null : this.#store("account", account, 24 * HOUR_MS);
  }

  async confirm(token: string): Promise<SignedIn | null> {
    const wanted = this.#take("account", token) as RequestedAccount | null;
    if (!wanted || this.#isTaken(wanted.email)) return null;
    const { userId } = this.#make("confirm", wanted, true);
    this.#ownOrganization(userId, wanted);
    return this.#open(userId);
  }

  async requestPassword(email: string): Promise<string | null> {
    const found = [...this.#accounts, ...this.#options.directory.members].find((each) => each.email.toLowerCase() === email.toLowerCase());
    return found ? this.#store("password", found.userId, HOUR_MS) : null;
  }

  async setPassword(token: string, password: string): Promise<(SignedIn & { readonly ended: readonly EndedSignIn[] }) | null> {
    const userId = this.#take("password", token) as string | null;
    const person = userId === null ? null : this.find(userId);
    if (!person) return null;
    this.#accounts = [...this.#accounts.filter((each) => each.userId !== person.userId), { userId: person.userId, name: person.name, email: person.email.toLowerCase(), password, passwordSetAtMs: this.#options.now(), isProven: true, outside: this.#accounts.find(({ userId: id }) => id === person.userId)?.outside ?? [] }];
    const ended = this.#options.endSignIns(person.userId);
    return { ...this.#open(person.userId), ended };
  }

  async signInFrom({ provider, accountId, email }: OutsideProfile): Promise<SignedIn | null> {
    const outside = `${provider} ${accountId}`;
    const known = this.#accounts.find((each) => each.outside.includes(outside));
    if (known) return this.#open(known.userId);
    if (email === null || !this.#isTaken(email)) return null;
    const found = this.#accounts.find((each) => each.email === email.toLowerCase());
    if (!found?.isProven) throw refused("signInFrom", "failed-precondition", "The account of this address was never proven.");
    this.#accounts = this.#accounts.map((each) => (each === found ? { ...found, outside: [...found.outside, outside] } : each));
    return this.#open(found.userId);
  }

  async accountAt(userId: string, provider: OutsideProvider): Promise<string | null> {
    const of = `${provider} `;
    return this.#accounts.find((each) => each.userId === userId)?.outside.find((each) => each.startsWith(of))?.slice(of.length) ?? null;
  }

  async admit(profile: OutsideProfile & { readonly email: string }, how: Admission): Promise<SignedIn> {
    const { directory } = this.#options;
    if (how.by === "claim" && this.#isClaimed()) throw refused("admit", "failed-precondition", "This instance has an owner.");
    const invited = how.by === "invitation" ? directory.waitingInvitation(how.token) : null;
    if (how.by === "invitation" && !invited) throw refused("admit", "not-found", "There is no such invitation.");
    if (invited && invited.email !== profile.email.toLowerCase()) throw refused("admit", "permission-denied", "The invitation was made for another address.");
    const made = this.#make("admit", { ...profile, password: null }, true, [`${profile.provider} ${profile.accountId}`]);
    if (how.by === "invitation") await directory.acceptInvitation(how.token, made);
    else this.#ownOrganization(made.userId, { ...profile, orgName: how.orgName });
    return this.#open(made.userId);
  }

  #store(purpose: string, value: unknown, lifetimeMs: number): string {
    const token = this.#options.random();
    this.#tokens.set(`${purpose} ${token}`, { value, untilMs: this.#options.now() + lifetimeMs });
    return token;
  }

  #take(purpose: string, token: string): unknown {
    const kept = this.#tokens.get(`${purpose} ${token}`);
    this.#tokens.delete(`${purpose} ${token}`);
    return kept && kept.untilMs > this.#options.now() ? kept.value : null;
  }

  #ownOrganization(userId: string, { name, email, orgName }: Omit<RequestedAccount, "password">): void {
    const { directory, now, random } = this.#options;
    const orgId = random();
    directory.organizations.set(orgId, orgName);
    directory.members.push({ orgId, userId, name, email: email.toLowerCase(), role: "owner", joinedAtMs: now() });
  }

  #isClaimed(): boolean {
    return this.#options.directory.members.some(({ role }) => role === "owner");
  }

  #make(operation: string, { name, email, password }: { readonly name: string; readonly email: string; readonly password: string | null }, isProven = false, outside: readonly string[] = []): Account {
    if (this.#isTaken(email)) throw refused(operation, "already-exists", "The address has an account.");
    const account = { userId: this.#options.random(), name, email: email.toLowerCase(), password, passwordSetAtMs: this.#options.now(), isProven, outside };
    this.#accounts.push(account);
    return account;
  }

  #isTaken(email: string): boolean {
    return [...this.#accounts, ...this.#options.directory.members].some((each) => each.email.toLowerCase() === email.toLowerCase());
  }

  #open(userId: string): SignedIn {
    const orgId = this.#options.directory.members.find((each) => each.userId === userId)?.orgId ?? null;
    return { userId, orgId, setCookies: this.#options.openSignIn(userId, orgId) };
  }
}

function refused(operation: string, code: PortErrorCode, message: string): PortError {
  return new PortError({ port: "identity", operation, code, outcome: "not-applied", retry: "never", message });
}
