/** What the runtime must still know after a crash, and how each line of its journal changes it. Pure. */
import type { DownMessage, UpMessage } from "@berth/protocol";
import { createLinkEnd, enqueue, received, type LinkEnd, type Numbered } from "../../../src/core/link/link-end.ts";

export type Configure = Extract<DownMessage, { type: "configure" }>;
export type Prompt = Extract<DownMessage, { type: "prompt" }>;
export type Steer = Extract<DownMessage, { type: "steer" }>;

export interface RuntimeState {
  readonly link: LinkEnd<UpMessage>;
  readonly configure: Configure | null;
  /** Accepted prompts in order; null once the turn's end is on its way. */
  readonly prompts: Readonly<Record<string, Prompt | null>>;
  /** Messages for a running turn, by their own ids; null once it was said whether the agent has it. */
  readonly steers: Readonly<Record<string, Steer | null>>;
  /** What was already said of the newest turn, so that taking it up again says nothing twice. */
  readonly turn: { readonly messageId: string; readonly started: readonly string[]; readonly ended: readonly string[] } | null;
  readonly ready: boolean;
  /** The work folder was described; it is once per sandbox. */
  readonly workspace: boolean;
}

/** One line: what came down with what goes up because of it, so that a crash leaves both or neither. */
export interface JournalEntry {
  readonly down?: Numbered<DownMessage>;
  readonly ups?: readonly UpMessage[];
  /** Replaces everything before it. */
  readonly state?: RuntimeState;
}

export const EMPTY_STATE: RuntimeState = { link: createLinkEnd(), configure: null, prompts: {}, steers: {}, turn: null, ready: false, workspace: false };

export function applyEntry(state: RuntimeState, entry: JournalEntry): RuntimeState {
  let next = entry.state ? { ...EMPTY_STATE, ...entry.state } : state;
  if (entry.down) next = applyDown({ ...next, link: received(next.link, entry.down.n) }, entry.down.body);
  for (const up of entry.ups ?? []) next = applyUp({ ...next, link: enqueue(next.link, up).end }, up);
  return next;
}

function applyDown(state: RuntimeState, body: DownMessage): RuntimeState {
  if (body.type === "configure") return { ...state, configure: body, ready: false };
  if (body.type === "steer") return body.steerId in state.steers ? state : { ...state, steers: { ...state.steers, [body.steerId]: body } };
  if (body.type !== "prompt" || body.messageId in state.prompts) return state;
  return { ...state, prompts: { ...state.prompts, [body.messageId]: body } };
}

function applyUp(state: RuntimeState, up: UpMessage): RuntimeState {
  switch (up.type) {
    case "ready":
      return { ...state, ready: true };
    case "workspace-ready":
      return { ...state, workspace: true };
    case "turn-started":
      return { ...state, turn: { messageId: up.messageId, started: [], ended: [] } };
    case "part-started":
      return { ...state, turn: note(state.turn, up.messageId, "started", up.part.id) };
    case "part-ended":
      return { ...state, turn: note(state.turn, up.messageId, "ended", up.part.id) };
    case "turn-ended":
      return { ...state, prompts: { ...state.prompts, [up.messageId]: null } };
    case "steered":
    case "steer-refused":
      return { ...state, steers: { ...state.steers, [up.steerId]: null } };
    default:
      return state;
  }
}

function note(turn: RuntimeState["turn"], messageId: string, list: "started" | "ended", partId: string): RuntimeState["turn"] {
  const own = turn?.messageId === messageId ? turn : { messageId, started: [], ended: [] };
  return { ...own, [list]: [...own[list], partId] };
}

/** False for what was said of this turn before the runtime was restarted. */
export function isNews(state: RuntimeState, up: UpMessage): boolean {
  if (up.type === "workspace-ready") return !state.workspace;
  const turn = "messageId" in up && state.turn?.messageId === up.messageId ? state.turn : null;
  switch (up.type) {
    case "turn-started":
      return turn === null;
    case "part-started":
      return !turn?.started.includes(up.part.id);
    case "part-ended":
      return !turn?.ended.includes(up.part.id);
    case "turn-ended":
      return state.prompts[up.messageId] !== null;
    case "steered":
    case "steer-refused":
      return state.steers[up.steerId] !== null;
    default:
      return true;
  }
}

/** What nobody was told of yet, whether the agent has it; for the turn of this message. */
export function unansweredSteers(state: RuntimeState, messageId: string): readonly Steer[] {
  return Object.values(state.steers).filter((steer) => steer?.messageId === messageId) as Steer[];
}

/** Prompts whose turn has not ended, in the order they were accepted. */
export function unfinished(state: RuntimeState): readonly Prompt[] {
  return Object.values(state.prompts).filter((prompt) => prompt !== null);
}
