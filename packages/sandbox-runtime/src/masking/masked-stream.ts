/** The text of one part as it is streamed: what may still become a credential waits for what follows. */
import { covered, type Masker } from "./masker.ts";

interface Piece {
  /** In UTF-16 units from the part's beginning. */
  readonly offset: number;
  readonly text: string;
}

export class MaskedStream {
  /** Received and not passed on. */
  #held = "";
  /** How much of it, from its beginning, is known to be covered. */
  #coveredOfHeld = 0;
  /** What was passed on last: whether a word goes on depends on it. */
  #before = "";
  /** Where the next piece belongs. */
  #end = 0;

  /** What can be passed on now that the piece is there; null for nothing. */
  push(masker: Masker, piece: Piece): Piece | null {
    if (piece.offset > this.#end) this.#startAt(piece.offset);
    const news = piece.text.slice(this.#end - piece.offset);
    if (news === "") return null;
    const offset = this.#end - this.#held.length;
    this.#end += news.length;
    const text = this.#before + this.#held + news;
    const first = this.#before.length;
    const { spans, settled } = masker.look(text, first);
    const all = [...spans, { from: first, to: first + this.#coveredOfHeld }];
    const passed = covered(text, all).slice(first, settled);
    this.#coveredOfHeld = Math.max(0, ...all.filter(({ from }) => from <= settled).map(({ to }) => to - settled));
    this.#held = text.slice(settled);
    if (settled > 0) this.#before = text.slice(settled - 1, settled);
    return passed === "" ? null : { offset, text: passed };
  }

  /** After a gap nothing is known of what was before. */
  #startAt(offset: number): void {
    this.#held = "";
    this.#coveredOfHeld = 0;
    this.#before = "";
    this.#end = offset;
  }
}
