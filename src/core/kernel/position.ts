/** A place in a list that shows the newest first: by time, and by id where times are equal. */

export interface Position {
  /** Milliseconds since the Unix epoch. */
  readonly atMs: number;
  readonly id: string;
}

export function encodePosition({ atMs, id }: Position): string {
  return `${atMs}.${id}`;
}

/** Null for text that `encodePosition` never answered. */
export function decodePosition(text: string): Position | null {
  const match = /^(\d{1,15})\.([\w-]{1,128})$/.exec(text);
  return match ? { atMs: Number(match[1]), id: match[2] ?? "" } : null;
}

/** For `sort`: the newest first. Ids compare by code unit, as PostgreSQL's "C" collation does. */
export function newestFirst(a: Position, b: Position): number {
  if (a.atMs !== b.atMs) return b.atMs - a.atMs;
  if (a.id === b.id) return 0;
  return a.id < b.id ? 1 : -1;
}

/** What a store answers of a list: its items, and where to go on; null at the end. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

/** @param found in order, one more than the limit where there is more */
export function pageOf<T>(found: readonly T[], limit: number, placeOf: (item: T) => Position): Page<T> {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return { items, next: last !== undefined && found.length > items.length ? encodePosition(placeOf(last)) : null };
}

/** Of a list in memory, the newest first. */
export function newestPage<T>(all: readonly T[], { after, limit }: { readonly after: Position | null; readonly limit: number }, placeOf: (item: T) => Position): Page<T> {
  const found = all.filter((item) => !after || newestFirst(after, placeOf(item)) < 0).sort((a, b) => newestFirst(placeOf(a), placeOf(b)));
  return pageOf(found, limit, placeOf);
}
