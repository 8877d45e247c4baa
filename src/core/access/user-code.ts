/** The code that a person carries from a terminal to a browser: no vowels, so no words, and nothing to mistake for a digit. */
const LETTERS = "BCDFGHJKLMNPQRSTVWXZ";
const LENGTH = 8;
const CODE = new RegExp(`^[${LETTERS}]{${LENGTH}}$`);

/** @param bytes 16 random ones or more */
export function makeUserCode(bytes: Uint8Array): string {
  // A byte past the last whole round would make some letters likelier.
  const fair = [...bytes].filter((byte) => byte < 256 - (256 % LETTERS.length)).slice(0, LENGTH);
  return fair.length < LENGTH ? "" : showUserCode(fair.map((byte) => LETTERS[byte % LETTERS.length]).join(""));
}

/** As it is shown; empty for what is no code. */
export function showUserCode(typed: string): string {
  const letters = typed.toUpperCase().replaceAll(/[\s-]/g, "");
  return CODE.test(letters) ? `${letters.slice(0, 4)}-${letters.slice(4)}` : "";
}
