/** What was found in a call that bears on how much it may cost. */
export type Json = Readonly<Record<string, unknown>>;

export class Judged {
  /** False once there is something that may be more tokens than it has bytes: a picture, a document, a reference. */
  isText = true;
  /** False once part of it is kept elsewhere, so that the bytes of the body say nothing of its size. */
  isInline = true;
  /** What makes its cost endless, as its field is named; null for nothing. */
  endless: string | null = null;

  mayBeLarger({ isInline = false } = {}): void {
    this.isText = false;
    this.isInline &&= isInline;
  }

  isEndless(name: string): void {
    this.endless ??= name.slice(0, 60);
  }
}

export function asJson(value: unknown): Json | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : null;
}

/** One as a list of one, and what is not there as none. */
export function asList(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}
