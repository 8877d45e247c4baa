/** What the benchmark and the process that holds its viewers say to each other. */

/** A group of viewers of one session. */
export interface OpenViewers {
  readonly group: string;
  /** Address of the session's stream, `ws://…`. */
  readonly url: string;
  readonly apiKey: string;
  readonly after: number;
  readonly count: number;
}

export type Ask =
  /** Answered with {@link Opened} when all of them are live. */
  | ({ readonly ask: "open" } & OpenViewers)
  /** Forgets what was counted so far. */
  | { readonly ask: "reset"; readonly group: string }
  /** Answered when each of them saw the run of this message end. */
  | { readonly ask: "ended"; readonly group: string; readonly messageId: string }
  | { readonly ask: "report"; readonly group: string }
  | { readonly ask: "close"; readonly group: string };

export interface Opened {
  /** From dialling to `synced`, per viewer. */
  readonly syncedMs: readonly number[];
}

/** What one viewer counted since it was opened or reset. */
export interface Report {
  readonly frames: number;
  /** Bytes of the frames that brought text, in pieces or as a part's end, without the socket's own framing. */
  readonly textBytes: number;
  readonly events: number;
  /** UTF-16 units of text in deltas. */
  readonly textUnits: number;
  /** Between one frame and the next, while text was streamed. */
  readonly gapMaxMs: number;
  /** Of each frame with text: units of text that had come by then, and the microsecond. */
  readonly arrivals: readonly (readonly [number, number])[];
  /** Of each part that was begun or ended with a stamp as its text. */
  readonly lagsMs: readonly number[];
}

export interface Numbered<T> {
  readonly id: number;
  readonly body: T;
}

export type Answer = { readonly id: number; readonly value: unknown } | { readonly id: number; readonly error: string };
