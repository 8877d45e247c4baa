/**
 * Finds credentials in text and puts bullets in their place, one for each character: what comes after them stays where
 * it was, in a stream too.
 */
import { FINGERPRINTS, PRIVATE_KEY, type Fingerprint } from "./fingerprints.ts";
import { needlesOf, type KnownValue, type Needle } from "./known-values.ts";

/** How it was recognized: by a value the session has, or by its form. */
export interface Masked {
  readonly kind: "value" | "fingerprint";
  readonly name: string;
}

export interface Span extends Masked {
  readonly from: number;
  /** After its last character. */
  readonly to: number;
}

const PREFIXES = [...new Set([...FINGERPRINTS.map(({ prefix }) => prefix), PRIVATE_KEY.prefix])].sort((a, b) => b.length - a.length);
/** Not inside a word, whose end may look like a beginning. */
const BEGINNING = new RegExp(`(?<![0-9A-Za-z])(?:${PREFIXES.map((prefix) => prefix.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})`, "g");
/** What may still become a prefix, by length. */
const PARTS_OF_PREFIXES = new Set(PREFIXES.flatMap((prefix) => Array.from({ length: prefix.length - 1 }, (_, index) => prefix.slice(0, index + 1))));
const PART_MOST = Math.max(...PREFIXES.map(({ length }) => length)) - 1;

export class Masker {
  readonly #needles: readonly Needle[];

  constructor(known: readonly KnownValue[]) {
    this.#needles = needlesOf(known);
  }

  /** What is hidden in a text that is whole. They may overlap. */
  spans(text: string): readonly Span[] {
    return this.#look(text, 0).spans;
  }

  /**
   * The same for a text that goes on, from `first`; what is before it only tells where words begin. Before `settled` nothing
   * that comes can change anything.
   */
  look(text: string, first: number): { readonly spans: readonly Span[]; readonly settled: number } {
    const { spans, open } = this.#look(text, first);
    return { spans, settled: Math.max(first, Math.min(open, this.#needleOpen(text, first), partOfPrefix(text))) };
  }

  #look(text: string, first: number): { readonly spans: readonly Span[]; readonly open: number } {
    const spans: Span[] = [];
    let open = text.length;
    for (const { name, text: needle } of this.#needles) {
      for (let from = text.indexOf(needle, first); from >= 0; from = text.indexOf(needle, from + 1)) spans.push({ kind: "value", name, from, to: from + needle.length });
    }
    for (const { index: from } of text.matchAll(BEGINNING)) {
      if (from < first) continue;
      const found = text.startsWith(PRIVATE_KEY.prefix, from) ? [privateKeyAt(text, from)] : FINGERPRINTS.map((fingerprint) => fingerprintAt(text, from, fingerprint));
      for (const each of found) {
        if (each === null) continue;
        if (each.isOpen) open = Math.min(open, from);
        if (each.to > from) spans.push({ kind: "fingerprint", name: each.name, from, to: each.to });
      }
    }
    return { spans, open };
  }

  /** Where a value may have begun that is not all there. */
  #needleOpen(text: string, start: number): number {
    let open = text.length;
    for (const { text: needle } of this.#needles) {
      const initial = needle.charAt(0);
      for (let from = text.indexOf(initial, Math.max(start, text.length - needle.length + 1)); from >= 0 && from < open; from = text.indexOf(initial, from + 1)) {
        if (needle.startsWith(text.slice(from))) open = from;
      }
    }
    return open;
  }
}

interface Found {
  readonly name: string;
  /** Not after its beginning when it is none so far. */
  readonly to: number;
  /** More of the text may make it one, or longer. */
  readonly isOpen: boolean;
}

function fingerprintAt(text: string, from: number, { name, prefix, chars, least, most }: Fingerprint): Found | null {
  if (!text.startsWith(prefix, from)) return null;
  const body = from + prefix.length;
  const run = Math.min(runAt(text, body, chars), most);
  return { name, to: run >= least ? body + run : from, isOpen: run < most && body + run === text.length };
}

function privateKeyAt(text: string, from: number): Found {
  const { name, header, headerMost, end, most } = PRIVATE_KEY;
  header.lastIndex = from;
  if (!header.test(text)) return { name, to: from, isOpen: text.length - from < headerMost };
  end.lastIndex = from;
  const last = end.exec(text.slice(0, from + most));
  return last ? { name, to: last.index + last[0].length, isOpen: false } : { name, to: Math.min(text.length, from + most), isOpen: text.length - from < most };
}

function runAt(text: string, from: number, chars: RegExp): number {
  chars.lastIndex = from;
  return chars.exec(text)?.[0].length ?? 0;
}

/** Where the text ends in what may become a prefix. */
function partOfPrefix(text: string): number {
  for (let length = Math.min(PART_MOST, text.length); length > 0; length--) {
    const from = text.length - length;
    if (PARTS_OF_PREFIXES.has(text.slice(from)) && !/[0-9A-Za-z]/.test(text.charAt(from - 1))) return from;
  }
  return text.length;
}

/** Not an asterisk: a line of those is a rule in Markdown. */
const COVER = "•";

/** Line ends stay, so that what is left keeps its lines. */
export function covered(text: string, spans: readonly Pick<Span, "from" | "to">[]): string {
  if (spans.length === 0) return text;
  let [masked, at] = ["", 0];
  for (const { from, to } of spans.toSorted((a, b) => a.from - b.from)) {
    if (to <= at) continue;
    const start = Math.max(at, from);
    masked += text.slice(at, start) + text.slice(start, to).replaceAll(/[^\r\n]/g, COVER);
    at = to;
  }
  return masked + text.slice(at);
}
