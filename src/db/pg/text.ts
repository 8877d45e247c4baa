/**
 * PostgreSQL's text holds neither U+0000 nor half of a surrogate pair, and agents and people do write them. In columns
 * that are searched or shown they become U+FFFD; a column of type `json` keeps them as escapes.
 */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\uFFFD");
}

/** The same for every text and key inside plain data. */
export function storable<T>(value: T): T {
  if (typeof value === "string") return storableText(value) as T;
  if (Array.isArray(value)) return value.map((item: unknown) => storable(item)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [storableText(key), storable<unknown>(item)])) as T;
}
