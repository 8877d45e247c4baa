/**
 * One turn, from its prompt to its end: OpenCode's events in, AgentEvents out. Pure. A part starts once, ends once, and
 * its end carries the whole text; whatever is still open when the turn ends is ended with it.
 */
import type { Failure, UpMessage } from "@berth/protocol";
import type { AssistantMessage, Event, Message, Part as OpenCodePart, ToolPart } from "@opencode-ai/sdk/v2/types";
import type { AgentEvent } from "../../ports/agent/agent.port.ts";
import { failureOfTurn, isOutOfBudget, NOT_STORED, OUT_OF_BUDGET, type OpenCodeError } from "./opencode-classify.ts";
import {
  isSpoken,
  outputSoFar,
  permissionAsked,
  questionAsked,
  spokenPart,
  todoUpdated,
  toolPart,
  usageOf,
  type SpokenPart,
} from "./opencode-events.ts";

export interface StoredMessage {
  readonly info: Message;
  readonly parts: readonly OpenCodePart[];
}

interface OpenPart {
  part: SpokenPart | ToolPart;
  started: boolean;
  ended: boolean;
  /** What was streamed of it, text or tool output. */
  text: string;
  /** Something was missed, so offsets are not known any more; the end will carry the whole. */
  gap: boolean;
}

type TurnEvent = Extract<AgentEvent, { kind: "message" }>["message"];

export class OpenCodeTurn {
  readonly messageId: string;
  readonly openCodeId: string;
  readonly #sessionId: string;
  readonly #nextId: string | null;
  readonly #parts = new Map<string, OpenPart>();
  readonly #answers = new Map<string, AssistantMessage>();
  readonly #requests = new Set<string>();
  /** Messages that steer this turn → whether OpenCode has shown them. Oldest first. */
  readonly #steers = new Map<string, boolean>();
  #failure: Failure | null = null;
  #interruption: Failure | null = null;
  #retrying: string | null = null;
  #begun = false;
  #seen = false;
  #hasBegun = false;
  stopRequested = false;
  /** Of its prompt; for what steers it. */
  model = "";

  /**
   * @param nextId id of the prompt after this one, for a turn of the past
   * @param steers ids of what steered it then
   */
  constructor(messageId: string, openCodeId: string, sessionId: string, nextId: string | null = null, steers: readonly string[] = []) {
    this.messageId = messageId;
    this.openCodeId = openCodeId;
    this.#sessionId = sessionId;
    this.#nextId = nextId;
    for (const id of steers) this.#steers.set(id, false);
  }

  /** True once OpenCode showed the prompt: an idle session before that is about an earlier turn. */
  get seen(): boolean {
    return this.#seen;
  }

  /** True once OpenCode was at work on it: from then on it also says when that is over. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Also for what was learned by asking. That the prompt could not be stored, as was told before, was overcome then. */
  noteBegun(): void {
    if (!this.#hasBegun && this.#failure?.code === NOT_STORED) this.#failure = null;
    this.#hasBegun = true;
  }

  get failure(): Failure | null {
    return this.#failure;
  }

  /** It did not begin and is given another chance to. */
  forgetFailure(): void {
    this.#failure = null;
  }

  /** Another message for this turn is about to be submitted. */
  expectSteer(openCodeId: string): void {
    this.#steers.set(openCodeId, false);
  }

  /** True once OpenCode showed the message, so that its next model request has it. */
  hasSteer(openCodeId: string): boolean {
    return this.#steers.get(openCodeId) === true;
  }

  get isSteered(): boolean {
    return this.#steers.size > 0;
  }

  /** The newest message that steers this turn and has no answer yet. OpenCode names the newest one as an answer's parent. */
  get unanswered(): string | null {
    const newest = [...this.#steers].findLast(([, isShown]) => isShown)?.[0];
    if (newest === undefined || [...this.#answers.values()].some(({ parentID }) => parentID === newest)) return null;
    return newest;
  }

  /** Nothing more of it is wanted: it was told to stop, or cannot go on. */
  get isEnding(): boolean {
    return this.stopRequested || this.#failure !== null || this.#interruption !== null;
  }

  /** Ends the turn as failed once it is idle. */
  fail(failure: Failure): void {
    this.#failure ??= failure;
  }

  /** Ends the turn as interrupted once it is idle: a person decides what happens next. */
  interrupt(failure: Failure): void {
    this.#interruption ??= failure;
  }

  /**
   * True when a tool ran in the step that is being answered. Should the model be asked for that step again, OpenCode has
   * forgotten the tool's result, and the tool would run a second time.
   */
  get ranToolInThisStep(): boolean {
    const step = [...this.#answers.keys()].at(-1);
    return [...this.#parts.values()].some(({ part, started }) => part.type === "tool" && started && part.messageID === step);
  }

  /** True when the answers tell that the turn ran to its end; false when it was cut off, or is not over. */
  get finished(): boolean {
    const last = [...this.#answers.values()].at(-1);
    if (!last) return this.#failure !== null;
    return last.error !== undefined || (this.unanswered === null && last.time.completed !== undefined && last.finish !== undefined && last.finish !== "tool-calls");
  }

  get hasAnswer(): boolean {
    return this.#answers.size > 0;
  }

  activity(): string {
    if (this.#retrying !== null) return `waiting to ask the model again: ${this.#retrying}`;
    for (const { part, started, ended } of this.#parts.values()) if (part.type === "tool" && started && !ended) return part.tool;
    return this.#requests.size > 0 ? "waiting for an answer" : "model";
  }

  has(requestId: string): boolean {
    return this.#requests.has(requestId);
  }

  /** Our own answer was taken, so that the event about it is no news. */
  answered(requestId: string): void {
    this.#requests.delete(requestId);
  }

  begin(): AgentEvent[] {
    if (this.#begun) return [];
    this.#begun = true;
    return this.#say({ type: "turn-started", messageId: this.messageId });
  }

  apply(event: Event): AgentEvent[] {
    switch (event.type) {
      case "message.updated":
        return this.#isOurs(event.properties) ? this.#onMessage(event.properties.info) : [];
      case "message.part.updated":
        return this.#isOurs(event.properties) ? this.#onPart(event.properties.part) : [];
      case "message.part.delta":
        return event.properties.field === "text" ? this.#onDelta(event.properties.partID, event.properties.delta) : [];
      case "session.status":
        return this.#isOurs(event.properties) ? this.#onStatus(event.properties.status) : [];
      case "session.error":
        if (this.#isOurs(event.properties) && event.properties.error) this.#noteError(event.properties.error);
        return [];
      case "todo.updated":
        return this.#isOurs(event.properties) ? this.#say(todoUpdated(this.messageId, event.properties.todos) as TurnEvent) : [];
      // A helper agent's session asks on behalf of this turn, so these are taken from any session.
      case "permission.asked":
        this.#requests.add(event.properties.id);
        return this.#say(permissionAsked(this.messageId, event.properties) as TurnEvent);
      case "question.asked":
        this.#requests.add(event.properties.id);
        return this.#say(questionAsked(this.messageId, event.properties) as TurnEvent);
      case "permission.replied":
      case "question.replied":
      case "question.rejected":
        return this.#gone(event.properties.requestID);
      default:
        return [];
    }
  }

  /** Events may have been missed: text that is open streams no more, and its end brings the rest. */
  markGap(): void {
    for (const open of this.#parts.values()) open.gap = open.part.type !== "tool";
  }

  /**
   * What OpenCode has stored, oldest first; brings in whatever the events did not. OpenCode stores text when it ends, so
   * of text first met here the beginning may have been missed.
   */
  reconcile(messages: readonly StoredMessage[]): AgentEvent[] {
    const met = new Set(this.#parts.keys());
    const events = messages.flatMap(({ info, parts }) => [...this.#onMessage(info), ...parts.flatMap((part) => this.#onPart(part))]);
    for (const [id, open] of this.#parts) if (!met.has(id) && open.part.type !== "tool") open.gap = true;
    return events;
  }

  /** The turn is over: ends what is open, withdraws what is unanswered, and says how it went. */
  finish(cutOff?: Failure): AgentEvent[] {
    const events = [...this.begin(), ...this.#endOpen(() => true)];
    for (const requestId of this.#requests) events.push(...this.#gone(requestId));
    const answers = [...this.#answers.values()];
    const usage = usageOf(answers);
    const ended = (rest: Omit<Extract<UpMessage, { type: "turn-ended" }>, "type" | "messageId" | "usage">): AgentEvent[] =>
      this.#say({ type: "turn-ended", messageId: this.messageId, usage, ...rest });
    if (this.stopRequested) return [...events, ...ended({ outcome: "stopped" })];
    if (this.#interruption) return [...events, ...ended({ outcome: "interrupted", failure: this.#interruption })];
    if (this.#failure) return [...events, ...ended({ outcome: "failed", failure: this.#failure })];
    if (cutOff) return [...events, ...ended({ outcome: "interrupted", failure: cutOff })];
    const aborted = answers.at(-1)?.error?.name === "MessageAbortedError";
    return [...events, ...ended({ outcome: aborted ? "interrupted" : "completed" })];
  }

  #isOurs({ sessionID }: { sessionID?: string | undefined }): boolean {
    return sessionID === this.#sessionId;
  }

  /** Ids ascend, so answers between this prompt and the next are this turn's, also after OpenCode compacted the session. */
  #isAnswer(messageId: string): boolean {
    return messageId > this.openCodeId && (this.#nextId === null || messageId < this.#nextId);
  }

  #onMessage(info: Message): AgentEvent[] {
    if (info.role === "user") {
      if (info.id !== this.openCodeId) return [];
      this.#seen = true;
      return this.begin();
    }
    if (!this.#isAnswer(info.id)) return [];
    this.#seen = true;
    this.noteBegun();
    this.#answers.set(info.id, info);
    if (info.error) this.#noteError(info.error);
    return this.begin();
  }

  #noteError(error: OpenCodeError): void {
    if (isOutOfBudget(error)) this.interrupt(OUT_OF_BUDGET);
    else this.#failure ??= failureOfTurn(error);
  }

  #onPart(part: OpenCodePart): AgentEvent[] {
    // Not with the message itself: what it says is stored after it, or is not when the disk is full.
    if (this.#steers.has(part.messageID)) this.#steers.set(part.messageID, true);
    const answer = this.#answers.get(part.messageID);
    if (!answer || answer.summary === true) return [];
    if (part.type === "tool") return this.#onTool(part);
    return isSpoken(part) ? this.#onSpoken(part) : [];
  }

  #onSpoken(part: SpokenPart): AgentEvent[] {
    const open = this.#open(part);
    if (open.ended) return [];
    const events = this.#advance(open, part.text);
    if (part.time?.end === undefined || (part.text === "" && !open.started)) return events;
    open.ended = true;
    return [...events, ...this.#say({ type: "part-ended", messageId: this.messageId, part: spokenPart(part, part.text) })];
  }

  #onTool(part: ToolPart): AgentEvent[] {
    const open = this.#open(part);
    const mapped = toolPart(part);
    if (open.ended || mapped === null) return [];
    const events: AgentEvent[] = [];
    if (!open.started) {
      open.started = true;
      const running = toolPart({ ...part, state: { status: "running", input: part.state.input, time: { start: 0 } } });
      if (running) events.push(...this.#say({ type: "part-started", messageId: this.messageId, part: running }));
    }
    if (mapped.tool?.status === "running") return [...events, ...this.#advance(open, outputSoFar(part))];
    open.ended = true;
    return [...events, ...this.#say({ type: "part-ended", messageId: this.messageId, part: mapped })];
  }

  #onDelta(partId: string, delta: string): AgentEvent[] {
    const open = this.#parts.get(partId);
    if (!open || open.ended || open.gap) return [];
    return this.#advance(open, open.text + delta);
  }

  /** Streams what `whole` has beyond what was streamed before. A part begins with its first character. */
  #advance(open: OpenPart, whole: string): AgentEvent[] {
    if (open.gap && open.started) return [];
    if (whole.length <= open.text.length || !whole.startsWith(open.text)) return [];
    const events: AgentEvent[] = [];
    if (!open.started && open.part.type !== "tool") {
      open.started = true;
      const part = spokenPart(open.part, "");
      events.push(...this.#say({ type: "part-started", messageId: this.messageId, part }));
    }
    events.push({ kind: "delta", partId: open.part.id, offset: open.text.length, text: whole.slice(open.text.length) });
    open.text = whole;
    return events;
  }

  #onStatus(status: { readonly type: string; readonly message?: string }): AgentEvent[] {
    if (status.type !== "idle") this.noteBegun();
    if (status.type !== "retry") {
      this.#retrying = null;
      return [];
    }
    this.#retrying = status.message ?? "the model failed";
    // The next attempt answers in new parts; OpenCode never ends those of this one.
    return this.#endOpen(({ part }) => part.type !== "tool");
  }

  #endOpen(which: (open: OpenPart) => boolean): AgentEvent[] {
    const events: AgentEvent[] = [];
    for (const open of this.#parts.values()) {
      if (!open.started || open.ended || !which(open)) continue;
      open.ended = true;
      events.push(...this.#say({ type: "part-ended", messageId: this.messageId, part: cutPart(open) }));
    }
    return events;
  }

  #open(part: SpokenPart | ToolPart): OpenPart {
    const known = this.#parts.get(part.id);
    if (known) {
      known.part = part;
      return known;
    }
    const open: OpenPart = { part, started: false, ended: false, text: "", gap: false };
    this.#parts.set(part.id, open);
    return open;
  }

  #gone(requestId: string): AgentEvent[] {
    return this.#requests.delete(requestId) ? this.#say({ type: "request-gone", requestId }) : [];
  }

  #say(message: TurnEvent): AgentEvent[] {
    return [{ kind: "message", message }];
  }
}

function cutPart({ part, text }: OpenPart): Extract<UpMessage, { type: "part-ended" }>["part"] {
  if (part.type !== "tool") return spokenPart(part, text.length > part.text.length ? text : part.text);
  const { id, tool, callID, state } = part;
  const error = "The turn ended before this tool did.";
  return { id, kind: "tool", tool: { name: tool, callId: callID, status: "failed", input: state.input, ...(text && { output: text }), error } };
}
