/** What a sandbox says may be larger than its session can store. Pure. */

const MARK_UNITS = 80;

/**
 * The same plain data with each text longer than `unitsMax` UTF-16 units cut in its middle, head and tail kept and the cut
 * told in words.
 */
export function shortenTexts<T>(value: T, unitsMax: number): T {
  if (typeof value === "string") return cutMiddle(value, unitsMax) as T;
  if (Array.isArray(value)) return value.map((item: unknown) => shortenTexts(item, unitsMax)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, shortenTexts<unknown>(item, unitsMax)])) as T;
}

function cutMiddle(text: string, unitsMax: number): string {
  if (text.length <= unitsMax) return text;
  const kept = Math.floor((unitsMax - MARK_UNITS) / 2);
  const left = text.length - 2 * kept;
  // A cut through a surrogate pair would leave half a character.
  return `${text.slice(0, kept)}\n… ${left} characters are left out here …\n${text.slice(-kept)}`.toWellFormed();
}
