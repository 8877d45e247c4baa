/**
 * The state as it is stored. It is written with every step, so what is large and rarely changes is kept out of it: settings
 * have a text of their own, and messages that wait are in the store's messages with their text already.
 */
import type { Message } from "@berth/protocol";
import type { SessionState } from "../../core/session/session.state.ts";
import { readState } from "../../core/session/session.upgrade.ts";
import type { CommitBatch, SessionStore } from "../../ports/session-store/session-store.port.ts";

/** A shorter text costs less where it is than to be looked up. */
const TEXT_UNITS_MIN = 512;

interface Texted {
  readonly messageId: string;
  readonly text: string;
}

export class StateText {
  /** Of messages as the store has them, for as long as the state speaks of them. */
  #kept = new Map<string, string>();
  #cold: SessionState["settings"] | null = null;
  /** Fields without the texts that are kept elsewhere, valid while the field is the same object. */
  readonly #fields = new Map<string, { readonly value: unknown; readonly stored: unknown }>();

  /** What to commit for this state, in the same batch as these messages. */
  write(state: SessionState, messages: readonly Message[]): Pick<CommitBatch, "state" | "coldState"> {
    const coming = new Map(messages.map(({ id, text }) => [id, text]));
    const isKept = ({ messageId, text }: Texted): boolean => (coming.get(messageId) ?? this.#kept.get(messageId)) === text;
    const stored = {
      ...state,
      settings: undefined,
      queue: this.#stored("queue", state.queue, isKept),
      current: this.#stored("current", state.current, isKept),
      steering: this.#stored("steering", state.steering, isKept),
      interrupted: this.#stored("interrupted", state.interrupted, isKept),
    };
    const isColdNew = state.settings !== this.#cold;
    return { state: JSON.stringify(stored), ...(isColdNew ? { coldState: JSON.stringify(state.settings) } : {}) };
  }

  /** That was committed. */
  written(state: SessionState, messages: readonly Message[]): void {
    this.#cold = state.settings;
    for (const { id, text } of messages) if (text.length >= TEXT_UNITS_MIN) this.#kept.set(id, text);
    if (this.#kept.size > 2 * (state.queue.length + 10)) this.#forgetOthers(state);
  }

  /** The state that was committed last, or null. */
  read(store: SessionStore): SessionState | null {
    const stored = store.load();
    if (stored === null) return null;
    const cold = store.coldState();
    const whole = JSON.parse(stored.state, (_name, value: unknown) => this.#withText(store, value)) as SessionState;
    return readState(JSON.stringify(cold === null ? whole : { ...whole, settings: JSON.parse(cold) as unknown }));
  }

  #stored(name: string, value: unknown, isKept: (message: Texted) => boolean): unknown {
    if (value === null) return null;
    const known = this.#fields.get(name);
    if (known && known.value === value) return known.stored;
    const stored = withoutTexts(value, isKept);
    this.#fields.set(name, { value, stored });
    return stored;
  }

  #withText(store: SessionStore, value: unknown): unknown {
    if (typeof value !== "object" || value === null || !("messageId" in value) || !("text" in value) || value.text !== null) return value;
    const { messageId } = value as { readonly messageId: string };
    const message = store.message(messageId);
    if (message === null) throw new Error(`the text of ${messageId} is not with the messages`);
    this.#kept.set(messageId, message.text);
    return { ...value, text: message.text };
  }

  #forgetOthers({ queue, current, steering, interrupted }: SessionState): void {
    const spoken = new Set([...queue, current, ...steering.map(({ message }) => message), interrupted?.message].map((message) => message?.messageId));
    for (const id of this.#kept.keys()) if (!spoken.has(id)) this.#kept.delete(id);
  }
}

function withoutTexts(value: unknown, isKept: (message: Texted) => boolean): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => withoutTexts(item, isKept));
  if (isLong(value) && isKept(value)) return { ...value, text: null };
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, withoutTexts(item, isKept)]));
}

function isLong(value: unknown): value is Texted {
  if (typeof value !== "object" || value === null || !("messageId" in value) || !("text" in value)) return false;
  return typeof value.messageId === "string" && typeof value.text === "string" && value.text.length >= TEXT_UNITS_MIN;
}
