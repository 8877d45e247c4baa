/**
 * How much of what a page was sent it has read. A page's word is not enough: one that reads nothing may say that it read
 * all, and what it does not read is kept for it in the platform's own queue. So marks that cannot be guessed go in between
 * of the bytes, and who gives one back has read what came before it.
 */

/** Of what was sent from one mark to the next. Below the tunnel's window, so that a page that reads always has one to give back. */
export const MARK_EVERY_BYTES = 64 * 1024;

export class ShownMarks {
  readonly #newMark: () => string;
  #unmarkedBytes = 0;
  #sent: { readonly mark: string; readonly bytes: number }[] = [];

  constructor(newMark: () => string) {
    this.#newMark = newMark;
  }

  /** Answers the mark that is due now, if one is. */
  wrote(bytes: number): string | null {
    this.#unmarkedBytes += bytes;
    return this.#unmarkedBytes >= MARK_EVERY_BYTES ? this.mark() : null;
  }

  /** For what was sent since the last one; null where that is nothing. */
  mark(): string | null {
    if (this.#unmarkedBytes === 0) return null;
    const mark = this.#newMark();
    this.#sent.push({ mark, bytes: this.#unmarkedBytes });
    this.#unmarkedBytes = 0;
    return mark;
  }

  /** How many bytes that proves to be read, beyond what was proved before; 0 for a mark that is not on its way. */
  cameBack(mark: string): number {
    const at = this.#sent.findIndex((one) => one.mark === mark);
    return this.#sent.splice(0, at + 1).reduce((sum, { bytes }) => sum + bytes, 0);
  }
}
