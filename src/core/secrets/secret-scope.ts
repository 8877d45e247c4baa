/** Which of an organization's secrets a session gets. Pure. */

/** From the widest to the closest; the closest goes before the others of its name. */
export const SECRET_SCOPES = ["org", "repo", "environment", "user"] as const;
export type SecretScopeKind = (typeof SECRET_SCOPES)[number];

export interface ScopedSecret {
  readonly name: string;
  readonly scope: SecretScopeKind;
  /** Name of the repository, id of the environment or of the person; empty for the organization. */
  readonly scopeOf: string;
}

/** For whom and on what a session works. */
export interface SecretReach {
  readonly userId: string | null;
  readonly repositories: readonly string[];
  /** Null for a session in none. */
  readonly environmentId: string | null;
}

/** In order of name, one of each. */
export function secretsFor<S extends ScopedSecret>(secrets: readonly S[], reach: SecretReach): readonly S[] {
  const closest = new Map<string, S>();
  for (const secret of secrets.filter((each) => reaches(each, reach))) {
    const known = closest.get(secret.name);
    if (!known || closeness(secret) > closeness(known)) closest.set(secret.name, secret);
  }
  return [...closest.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

export function closeness({ scope }: ScopedSecret): number {
  return SECRET_SCOPES.indexOf(scope);
}

export function reaches({ scope, scopeOf }: ScopedSecret, { userId, repositories, environmentId }: SecretReach): boolean {
  if (scope === "org") return true;
  if (scope === "repo") return repositories.includes(scopeOf);
  if (scope === "environment") return environmentId !== null && scopeOf === environmentId;
  return userId !== null && scopeOf === userId;
}

const MARKED = ", marked readable by the agent";

/** How a sandbox's policy names one that it may hold. */
export function readableMark(name: string): string {
  return name + MARKED;
}

/** A person's own, or one that is gone: everybody who sees the session reads its policy, and that name is not theirs to know. */
export const UNNAMED_MARK = `one that neither the organization, the repository nor the environment keeps${MARKED}`;

/** What is in a sandbox, without the names of secrets other than these. */
export function withoutOwnNames(found: readonly string[], shared: readonly string[]): readonly string[] {
  const isNamed = (place: string): boolean => !place.endsWith(MARKED) || shared.includes(place);
  const unnamed = found.some((place) => !isNamed(place)) ? [UNNAMED_MARK] : [];
  return [...found.filter(isNamed), ...unnamed];
}
