/** Signing in with an account elsewhere. Which of them there are is the operator's to say. */
export type OutsideProvider = "github" | "google";

export interface OutsideProfile {
  readonly provider: OutsideProvider;
  /** The provider's own id of the account, which stays when its address changes. */
  readonly accountId: string;
  readonly name: string;
  /** One that the provider has proven. Null where the account has none. */
  readonly email: string | null;
}

export interface OutsideAnswer {
  readonly profile: OutsideProfile;
  /** Whether the account is a member of that organization of the provider. */
  isMemberOf(organization: string): Promise<boolean>;
}

/** What goes out with the browser and comes back to it. */
export interface OutsideTrip {
  readonly state: string;
  readonly codeVerifier: string;
  /** Where the provider sends the browser back to. */
  readonly redirectUri: string;
}

export interface OutsideSignIn {
  readonly id: OutsideProvider;
  /** As people know it. */
  readonly name: string;
  /** The page of the provider that asks. @throws PortError when the provider cannot be asked for it */
  begin(trip: OutsideTrip): Promise<URL>;
  /** Null for a code that the provider does not take. @throws PortError when the provider does not answer */
  finish(code: string, trip: Omit<OutsideTrip, "state">): Promise<OutsideAnswer | null>;
}
