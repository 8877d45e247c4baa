/**
 * Which reading of a body is the right one: JSON that names a member twice is read one way by some parsers and another way
 * by others, and some take `Model` for `model`. What the broker judges must be what the provider reads.
 */

interface Open {
  /** Names seen so far; null in a list. */
  readonly names: Set<string> | null;
  isKey: boolean;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The first member that an object has twice, at the top whatever its case; null where there is none. @param text valid JSON */
export function ambiguousName(text: string): string | null {
  const open: Open[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    const here = open.at(-1);
    if (code === QUOTE) {
      const end = endOfString(text, at);
      if (here?.isKey && here.names) {
        const name = JSON.parse(text.slice(at, end + 1)) as string;
        const known = open.length === 1 ? name.toLowerCase() : name;
        if (here.names.has(known)) return name;
        here.names.add(known);
        here.isKey = false;
      }
      at = end;
    } else if (code === 0x7b /* { */) open.push({ names: new Set(), isKey: true });
    else if (code === 0x5b /* [ */) open.push({ names: null, isKey: false });
    else if (code === 0x7d || code === 0x5d /* } ] */) open.pop();
    else if (code === 0x2c /* , */ && here?.names) here.isKey = true;
  }
  return null;
}

function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return end;
  }
}
