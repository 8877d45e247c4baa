/** How a value that must not be shown is looked for in text. */

/** Shorter values are words and numbers of everyday text: nothing would be left to read. */
export const COVERED_CHARACTERS_MIN = 6;

/** The value as it is, in JSON and in an address. */
export function spellingsOf(value: string): readonly string[] {
  return [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value)];
}
