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
