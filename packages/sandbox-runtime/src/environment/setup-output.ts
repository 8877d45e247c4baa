/** What the setup script prints, read from its file as it grows: without credentials, its beginning as it comes and its end. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { MaskedStream } from "../masking/masked-stream.ts";
import { covered, type Masker } from "../masking/masker.ts";

/** In UTF-16 units. */
export const OUTPUT_UNITS_MAX = 65_536;
export const OUTPUT_END_UNITS = 4_096;
/** Beside what is shown, so that a credential at its border is seen as one: no secret is longer. */
const BORDER_UNITS = 16_384;
/** At once; where more came since, what lies between is not looked at. */
const READ_BYTES_MAX = 1_048_576;
/** Fills the beginning, goes to the end, and has enough of what something that is left running prints. */
const LAST_LOOKS = 3;

export class SetupOutput {
  readonly #file: string;
  readonly #masker: Masker;
  readonly #say: (text: string) => void;
  readonly #decoder = new StringDecoder("utf8");
  readonly #stream = new MaskedStream();
  #bytesRead = 0;
  /** Its beginning, and how much of that was said. */
  #text = "";
  #said = 0;
  /** What came next, to look at and not to show. */
  #border = "";
  /** The end of what came after the beginning. */
  #end = "";

  constructor(file: string, masker: Masker, say: (text: string) => void) {
    this.#file = file;
    this.#masker = masker;
    this.#say = say;
  }

  /** Says what was printed since the last look. @returns whether there was anything */
  look(): boolean {
    const offset = this.#text.length;
    const news = this.#news();
    const room = OUTPUT_UNITS_MAX - offset;
    this.#text += news.slice(0, room);
    this.#border = (this.#border + news.slice(room)).slice(0, BORDER_UNITS);
    this.#end = (this.#end + news.slice(room)).slice(-OUTPUT_END_UNITS - BORDER_UNITS);
    const passed = this.#stream.push(this.#masker, { offset, text: this.#text.slice(offset) });
    if (passed) this.#tell(passed.text);
    return news !== "";
  }

  /** Says the rest. */
  end(): void {
    for (let looks = 0; looks < LAST_LOOKS && this.look(); ) looks += 1;
    const begun = this.#text + this.#border;
    // What might have become a credential has, or has not.
    this.#tell(covered(begun, this.#masker.spans(begun)).slice(this.#said, this.#text.length));
    if (this.#end === "") return;
    const end = covered(this.#end, this.#masker.spans(this.#end)).slice(-OUTPUT_END_UNITS);
    this.#say(`\n… only the beginning and the end of what was printed is kept …\n${end}`);
  }

  #tell(text: string): void {
    if (text === "") return;
    this.#said += text.length;
    this.#say(text);
  }

  /** Nothing where the script removed its own file. */
  #news(): string {
    let file: number | null = null;
    try {
      file = openSync(this.#file, "r");
      const { size } = fstatSync(file);
      // The beginning is read as it comes; of what is far behind only the end is shown.
      if (this.#text.length >= OUTPUT_UNITS_MAX) this.#bytesRead = Math.max(this.#bytesRead, size - READ_BYTES_MAX);
      const bytes = Buffer.alloc(Math.min(Math.max(size - this.#bytesRead, 0), READ_BYTES_MAX));
      const read = readSync(file, bytes, 0, bytes.length, this.#bytesRead);
      this.#bytesRead += read;
      return this.#decoder.write(bytes.subarray(0, read));
    } catch {
      return "";
    } finally {
      if (file !== null) closeSync(file);
    }
  }
}
