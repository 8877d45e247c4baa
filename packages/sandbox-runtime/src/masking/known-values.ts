/** The forms in which a value that is known shows up in text. */
import { COVERED_CHARACTERS_MIN, spellingsOf } from "../../../../src/core/secrets/spellings.ts";

export interface KnownValue {
  /** As people call it: the name of its variable. */
  readonly name: string;
  readonly value: string;
}

/** A text that is looked for. */
export interface Needle {
  readonly name: string;
  readonly text: string;
}

/** A piece of a value: a line of it, or what its encoded form has in common wherever it stands. */
const PIECE_CHARACTERS_MIN = 12;

/** The value, each long line of it, and both as JSON, in an address, in hexadecimal and in Base64 at each of its places. */
export function needlesOf(known: readonly KnownValue[]): readonly Needle[] {
  const found = new Map<string, Needle>();
  for (const { name, value } of known) {
    if (value.trim().length < COVERED_CHARACTERS_MIN) continue;
    const lines = value.includes("\n") ? value.split(/\r?\n/).filter((line) => line.trim().length >= PIECE_CHARACTERS_MIN) : [];
    for (const text of [value, value.trim(), ...lines].flatMap(formsOf)) if (!found.has(text)) found.set(text, { name, text });
  }
  return [...found.values()];
}

function formsOf(value: string): readonly string[] {
  const bytes = Buffer.from(value, "utf8");
  const hex = bytes.toString("hex");
  return [...spellingsOf(value), ...[hex, hex.toUpperCase(), ...base64Of(bytes)].filter((form) => form.length >= PIECE_CHARACTERS_MIN)];
}

/** What stays the same of its Base64 form whatever stands before and after it, for each of the three places it can begin at. */
function base64Of(bytes: Buffer): readonly string[] {
  return [0, 1, 2].flatMap((before) => {
    const whole = Buffer.concat([Buffer.alloc(before), bytes]);
    const from = Math.ceil((before * 8) / 6);
    const to = Math.floor((whole.length * 8) / 6);
    return [whole.toString("base64").slice(from, to), whole.toString("base64url").slice(from, to)];
  });
}
