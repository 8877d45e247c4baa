/** The runtime's side of the link on disk: a line is there before anything it says is sent or done. */
import { acked } from "../../../src/core/link/link-end.ts";
import { applyEntry, EMPTY_STATE, type JournalEntry, type RuntimeState } from "./journal-state.ts";

export interface JournalLog {
  readonly lines: readonly string[];
  append(lines: readonly string[]): void;
  rewrite(lines: readonly string[]): void;
}

/** Past this many lines the journal is written anew as one. */
const LINES_MAX = 1_000;

export class Journal {
  readonly #log: JournalLog;
  #lines: number;
  #state: RuntimeState;

  constructor(log: JournalLog) {
    this.#log = log;
    const { lines } = log;
    this.#lines = lines.length;
    this.#state = lines.reduce((state, line) => applyEntry(state, JSON.parse(line) as JournalEntry), EMPTY_STATE);
  }

  get state(): RuntimeState {
    return this.#state;
  }

  /** @throws the log's error when it could not be written down; nothing has changed then */
  commit(entry: JournalEntry): void {
    const next = applyEntry(this.#state, entry);
    this.#log.append([JSON.stringify(entry)]);
    this.#state = next;
    this.#lines += 1;
    if (this.#lines > LINES_MAX) this.#compact();
  }

  /** Not written down by itself: forgetting it only sends again what the other end drops. */
  acknowledged(n: number): void {
    this.#state = { ...this.#state, link: acked(this.#state.link, n) };
  }

  /** What was committed stands either way, so a disk that has no room for this is met again at the next commit. */
  #compact(): void {
    try {
      this.#log.rewrite([JSON.stringify({ state: this.#state } satisfies JournalEntry)]);
      this.#lines = 1;
    } catch {
      this.#lines = LINES_MAX;
    }
  }
}
