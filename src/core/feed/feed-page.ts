/** Where a reader of a bounded feed continues, decided over plain numbers. */

export interface FeedBounds {
  /** Oldest `seq` held; one above the newest when nothing is held. */
  readonly first: number;
  /** Newest `seq` given out; 0 when none was. */
  readonly last: number;
}

/** `reset` names the oldest held when the reader's position is not one it can continue from. */
export function startReading(after: number, { first, last }: FeedBounds): { readonly after: number; readonly reset: number | null } {
  const lost = after < first - 1 || after > last;
  return lost ? { after: first - 1, reset: first } : { after, reset: null };
}

/** Everything up to this `seq` is dropped once `last` was given out. */
export function dropUpTo(last: number, retained: number): number {
  return last - retained;
}
