/** Accounts of people: how one comes to be, and the ways in with a password. Who may have one is asked before. */
import type { Role } from "@berth/protocol";
import type { OutsideProfile, OutsideProvider } from "../../core/access/outside-sign-in.ts";
import type { EndedSignIn } from "./identity.port.ts";

export interface NewAccount {
  readonly name: string;
  readonly password: string;
}

export interface RequestedAccount extends NewAccount {
  readonly email: string;
  readonly orgName: string;
}

export interface SignedIn {
  readonly userId: string;
  /** Where the sign-in acts: the organization they joined first. Null for a person of none. */
  readonly orgId: string | null;
  /** `Set-Cookie` values. */
  readonly setCookies: readonly string[];
}

/** What the holder of an invitation may see of it. */
export interface ShownInvitation {
  readonly email: string;
  readonly orgName: string;
  readonly role: Role;
  /** Whether the invited address has an account already. */
  readonly hasAccount: boolean;
}

/** How somebody without an account comes to have one: as the first one, by an invitation, or with an organization of their own. */
export type Admission =
  | { readonly by: "claim"; readonly orgName: string }
  | { readonly by: "invitation"; readonly token: string }
  | { readonly by: "allowed"; readonly orgName: string };

/** Addresses are compared without regard to capitals. */
export interface Accounts {
  /** Whether somebody owns an organization here; until then the instance is the first one's. */
  isClaimed(): Promise<boolean>;
  /** Null for a wrong password, for an unknown address and for an account that has none: the same, in the same time. */
  signIn(email: string, password: string): Promise<SignedIn | null>;
  /** Whose address that is and where their sign-in would act, for the record of a refused one: who asks is told nothing of it. */
  whose(email: string): Promise<Pick<SignedIn, "userId" | "orgId"> | null>;
  /** The first account owns the first organization. @throws PortError `failed-precondition` once there is an owner; `already-exists` for an address that has an account */
  claim(account: RequestedAccount): Promise<SignedIn>;
  /** Null for one that is unknown, used, revoked or expired. */
  invitation(token: string): Promise<ShownInvitation | null>;
  /**
   * An account for the address the invitation was made for, and its membership, together. @throws PortError `not-found` for a token
   * that is unknown, used, revoked or expired; `already-exists` for an address that has an account
   */
  join(token: string, account: NewAccount): Promise<SignedIn>;
  /**
   * Notes an account that is made once its address is proven: nothing is there before. Answers the token for a mail to that address,
   * good for 24 hours; null for an address that has an account. Both take the same time.
   */
  request(account: RequestedAccount): Promise<string | null>;
  /** Makes the account and an organization of its own. Null for a token that is unknown, used or expired, or when the address got an account meanwhile. */
  confirm(token: string): Promise<SignedIn | null>;
  /** A token for a mail to that address, good for an hour. Null for an address without an account. */
  requestPassword(email: string): Promise<string | null>;
  /** Sets the password, and ends every sign-in of the person but the one it opens. Null for a token that is unknown, used or expired. */
  setPassword(token: string, password: string): Promise<(SignedIn & { readonly ended: readonly EndedSignIn[] }) | null>;
  /**
   * Signs in whose account elsewhere that is; one with the same address is taken together with it where both sides have proven the
   * address. Null for somebody without an account. @throws PortError `failed-precondition` for an account here whose address is not proven
   */
  signInFrom(profile: OutsideProfile): Promise<SignedIn | null>;
  /** The person's account elsewhere, by the provider's own id of it; of several the one that was linked first. Null where there is none. */
  accountAt(userId: string, provider: OutsideProvider): Promise<string | null>;
  /**
   * Makes an account for that one elsewhere. @throws PortError `failed-precondition` as `claim`; `not-found` as `join`;
   * `permission-denied` for an invitation of another address; `already-exists` for an address that has an account
   */
  admit(profile: OutsideProfile & { readonly email: string }, how: Admission): Promise<SignedIn>;
}
