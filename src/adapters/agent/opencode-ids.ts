/**
 * Which OpenCode message and session belong to which of Berth's. A mapping is on disk before its prompt is submitted, so
 * that a prompt is looked up, never guessed, after a crash.
 */

/** Lines that survive a crash. */
export interface AppendLog {
  /** What is there now, oldest first. */
  readonly lines: readonly string[];
  /** Synchronous: on disk when it returns. */
  append(lines: readonly string[]): void;
}

export interface OpenCodeIdsDeps {
  readonly log: AppendLog;
  /** Milliseconds since the Unix epoch. */
  now(): number;
  randomBytes(length: number): Uint8Array;
}

const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const RANDOM_CHARACTERS = 14;
const COUNTER_MAX = 0xfff;

/**
 * An id in OpenCode's own ascending format: 12 hex digits of time × 4096 + counter, then 14 of base 62. OpenCode compares
 * message ids to tell whether a prompt was answered, so an id of another shape could count as answered already.
 *
 * @param randomBytes 14 bytes
 */
export function mintOpenCodeId(nowMs: number, counter: number, randomBytes: Uint8Array): string {
  const time = (BigInt(nowMs) * 0x1000n + BigInt(counter)) & 0xffffffffffffn;
  let random = "";
  for (let i = 0; i < RANDOM_CHARACTERS; i++) random += BASE62[(randomBytes[i] ?? 0) % BASE62.length];
  return `msg_${time.toString(16).padStart(12, "0")}${random}`;
}

interface Entry {
  readonly session?: string;
  readonly message?: string;
  readonly id?: string;
  readonly atMs?: number;
  /** The message whose turn this one steered. */
  readonly turn?: string;
}

export class OpenCodeIds {
  readonly #deps: OpenCodeIdsDeps;
  readonly #messages = new Map<string, { readonly id: string; readonly turn: string | null }>();
  #session: string | null = null;
  #lastMs = 0;
  #counter = 0;

  constructor(deps: OpenCodeIdsDeps) {
    this.#deps = deps;
    this.reread();
  }

  /** Before the agent starts: its memory may have been put in place since. */
  reread(): void {
    this.#messages.clear();
    this.#session = null;
    for (const line of this.#deps.log.lines) this.#replay(JSON.parse(line) as Entry);
  }

  /** The OpenCode session of this Berth session, or null before the first one. */
  get session(): string | null {
    return this.#session;
  }

  keepSession(session: string): void {
    this.#deps.log.append([JSON.stringify({ session } satisfies Entry)]);
    this.#session = session;
  }

  of(messageId: string): string | null {
    return this.#messages.get(messageId)?.id ?? null;
  }

  /** The message whose turn this one steered, or null when it began a turn itself. */
  turnOf(messageId: string): string | null {
    return this.#messages.get(messageId)?.turn ?? null;
  }

  /** Ids of what steered the turn of this message, oldest first. */
  steersOf(messageId: string): readonly string[] {
    return [...this.#messages.values()].filter(({ turn }) => turn === messageId).map(({ id }) => id).toSorted();
  }

  /** The id of the prompt that was minted after this one, or null when it is the newest. */
  after(openCodeId: string): string | null {
    const later = [...this.#messages.values()].flatMap(({ id, turn }) => (turn === null && id > openCodeId ? [id] : []));
    return later.length === 0 ? null : later.reduce((first, id) => (id < first ? id : first));
  }

  /**
   * A new id for the message, later than every one before it even when the clock went back; on disk when it returns.
   *
   * @param turn message whose turn this one steers
   */
  assign(messageId: string, turn: string | null = null): string {
    const nowMs = Math.max(this.#deps.now(), this.#lastMs);
    this.#counter = nowMs === this.#lastMs ? this.#counter + 1 : 1;
    this.#lastMs = this.#counter > COUNTER_MAX ? nowMs + 1 : nowMs;
    if (this.#counter > COUNTER_MAX) this.#counter = 1;
    const id = mintOpenCodeId(this.#lastMs, this.#counter, this.#deps.randomBytes(RANDOM_CHARACTERS));
    this.#deps.log.append([JSON.stringify({ message: messageId, id, atMs: this.#lastMs, ...(turn !== null && { turn }) } satisfies Entry)]);
    this.#messages.set(messageId, { id, turn });
    return id;
  }

  #replay({ session, message, id, atMs, turn }: Entry): void {
    if (session !== undefined) this.#session = session;
    if (message !== undefined && id !== undefined) this.#messages.set(message, { id, turn: turn ?? null });
    // One past it: the counter of the earlier process is not known.
    if (atMs !== undefined) this.#lastMs = Math.max(this.#lastMs, atMs + 1);
  }
}
