/** Which of an organization's environments a session is in. Pure. */

export interface Choosable {
  readonly id: string;
  readonly name: string;
  /** Ids; empty for any session. */
  readonly repositories: readonly string[];
}

export interface Choice {
  /** Id or name; undefined where nothing was said. */
  readonly wanted: string | undefined;
  /** Of the session's workspace; null where that is none, or the organization's no more. */
  readonly repositoryId: string | null;
}

/** Null for none. */
export function chosenEnvironment<E extends Choosable>(all: readonly E[], { wanted, repositoryId }: Choice): E | null | "unknown" | "for-others" {
  const isBound = ({ repositories }: E): boolean => repositoryId !== null && repositories.includes(repositoryId);
  if (wanted !== undefined) {
    const found = all.find(({ id, name }) => id === wanted || name === wanted);
    if (found === undefined) return "unknown";
    return found.repositories.length === 0 || isBound(found) ? found : "for-others";
  }
  const [only, second] = all.filter(isBound);
  return second === undefined ? (only ?? null) : null;
}
