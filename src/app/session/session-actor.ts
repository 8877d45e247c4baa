/**
 * One session at work: takes inputs one by one, lets the core decide, commits what it decided in one transaction, and only
 * then lets anything be seen or done. It decides nothing itself.
 */
import type { Delta, Session, SessionEvent } from "@berth/protocol";
import {
  createDeltaReceiver,
  dropDelta,
  dueDeltaAck,
  forgetPart,
  linkReopened,
  receiveDelta,
  type DeltaReceiver,
} from "../../core/link/delta-receiver.ts";
import type { SessionAccess } from "../../core/access/session-access.ts";
import { makeId } from "../../core/kernel/ids.ts";
import { cutBigOutputs } from "../../core/link/big-output.ts";
import type { NoStep, OutboxItem, Refusal, SessionChangePayload, Step } from "../../core/session/session.effects.ts";
import type { SessionInput } from "../../core/session/session.inputs.ts";
import { step } from "../../core/session/session.machine.ts";
import type { SessionState } from "../../core/session/session.state.ts";
import { stepAll } from "../../core/session/steps.ts";
import { sessionResource } from "../../core/session/session.view.ts";
import { eventsAddress, outputAddress } from "./blob-keys.ts";
import { readAccess } from "./access-text.ts";
import { BlobKeeper } from "./blob-keeper.ts";
import { EffectInterpreter, type LinkSockets } from "./effect-interpreter.ts";
import { notCommitted, unchanged } from "./not-committed.ts";
import { OutboxPump } from "./outbox-pump.ts";
import type { SessionPorts } from "./session-ports.ts";
import { StateText } from "./state-text.ts";
import type { ViewerAttachment } from "./viewer.ts";
import { ViewerHub } from "./viewer-hub.ts";
import { recheckViewer, type Rechecked, type Standing } from "./viewer-standing.ts";

/** As long as answers are kept everywhere else. */
const ANSWER_LIFETIME_MS = 24 * 3_600_000;

/** After a step could not be written, until the alarm tries what is due. */
const COMMIT_AGAIN_MS = 1_000;
/** By how much an alarm may be too early. */
const ALARM_EARLY_MAX_MS = 10_000;

/** An answer to keep under a client's `Idempotency-Key`, committed with the step it belongs to. */
export interface AnswerToKeep {
  readonly key: string;
  readonly bodyHash: string;
  of(step: Step): string;
}

export class SessionActor {
  readonly hub: ViewerHub;
  readonly #ports: SessionPorts;
  readonly #effects: EffectInterpreter;
  readonly #outbox: OutboxPump;
  readonly #blobs: BlobKeeper;
  #state: SessionState | null = null;
  #alarmAtMs: number | null = null;
  /** What the scheduler was last told; undefined before the first time. */
  #armedAtMs: number | null | undefined;
  /** When the outbox wants to be woken; undefined when that has to be asked, which costs queries. */
  #outboxAtMs: number | null | undefined;
  #deltas: DeltaReceiver = createDeltaReceiver();
  readonly #text = new StateText();
  /** As it is stored; null until it is asked for. */
  #access: SessionAccess | null = null;

  constructor(ports: SessionPorts, links: LinkSockets) {
    this.#ports = ports;
    this.hub = new ViewerHub(
      {
        eventTexts: (after, page) => ports.store.eventTexts(after, page),
        firstSeq: () => ports.store.firstSeq(),
        lastSeq: () => ports.store.lastSeq(),
        openParts: () => this.#openParts(),
        archiveAfter: (after) => eventsAddress(this.#state?.sessionId ?? "", after),
      },
      ports.timers,
      ports.standing ? (viewer) => this.#recheck(ports.standing as Standing, viewer) : null,
      () => this.#rearm(),
    );
    this.#effects = new EffectInterpreter(ports, links, {
      apply: (input) => this.apply(input),
      state: () => this.#state,
      alarm: (atMs) => {
        this.#alarmAtMs = atMs;
        this.#rearm();
      },
      forget: () => this.#outbox.forgetWhenEmpty(),
      openPartTexts: () => this.openPartTexts,
    });
    this.#blobs = new BlobKeeper(ports, () => this.#state, () => this.#rearm());
    const outboxMoved = (): void => {
      this.#outboxAtMs = undefined;
      this.#blobs.outboxMoved();
      this.#rearm();
    };
    this.#outbox = new OutboxPump(ports, () => this.#state, outboxMoved, () => this.#forget());
  }

  get state(): SessionState | null {
    return this.#state;
  }

  async #recheck(standing: Standing, viewer: ViewerAttachment): Promise<Rechecked> {
    return recheckViewer(standing, this.#state?.orgId ?? "", viewer, () => this.access, this.nowMs);
  }

  get access(): SessionAccess {
    return (this.#access ??= readAccess(this.#ports.store.access(), this.#state));
  }

  /** Who may see the session from now on, and that lists are to know of it. Null where it was taken. */
  changeAccess(access: SessionAccess): Refusal | null {
    const state = this.#state;
    if (state === null) return { problem: "not-found", detail: "There is no such session." };
    const step = { state, events: [], effects: [], outbox: this.#accessReports(state), messages: [], refusal: null, reply: null };
    return this.#take(step, this.nowMs, undefined, access).refusal;
  }

  #accessReports({ sessionId }: SessionState): readonly OutboxItem[] {
    const id = makeId("shr", this.nowMs, this.#ports.randomBytes(10));
    const payload: SessionChangePayload = { sessionId, removed: false };
    return (["catalog", "event-bus"] as const).map((target) => ({ id: `${target}-${id}`, target, payload: JSON.stringify(payload), nextAttemptAtMs: this.nowMs }));
  }

  get nowMs(): number {
    return this.#ports.timers.now();
  }

  /** Text so far of the open parts, by part id, for inputs that may end a run. */
  get openPartTexts(): Readonly<Record<string, string>> {
    return this.#deltas.texts;
  }

  /** After the object's memory was lost. `linkId`: the link socket that is still open, if any. */
  restore(linkId: string | null): void {
    this.#state = this.#text.read(this.#ports.store);
    if (this.#state === null) return;
    this.configureBackends();
    this.apply({ type: "session-restored", linkId, nowMs: this.nowMs, openPartTexts: this.openPartTexts });
    this.#outbox.pump();
    this.#blobs.tend();
  }

  /** The operator may have changed them since; what the store did not take then is taken when it is needed. */
  configureBackends(): void {
    this.apply({ type: "backends-configured", backends: [...this.#ports.sandboxes.keys()], nowMs: this.nowMs });
  }

  /** A step that the store cannot take is refused: the state is the one of before, and no effect of it starts. */
  apply(input: SessionInput, answer?: AnswerToKeep, access?: SessionAccess): Step | NoStep {
    const result = step(this.#state, input);
    if (result.refusal !== null || result.state === null) return result;
    // A new session is reported anyway.
    const isReported = access === undefined || this.#state === null;
    const taken = isReported ? result : { ...result, outbox: [...result.outbox, ...this.#accessReports(result.state)] };
    return this.#take(taken, input.nowMs, answer, access);
  }

  /**
   * Inputs that came together: one transaction for all of them, then their effects. It ends at the first that is refused;
   * what came before that is taken.
   */
  applyAll(inputs: readonly SessionInput[]): Refusal | null {
    const { taken, refusal } = stepAll(this.#state, inputs);
    const notTaken = taken && this.#take(taken, inputs.at(-1)?.nowMs ?? this.nowMs).refusal;
    return notTaken ?? refusal;
  }

  #take(result: Step, atMs: number, answer?: AnswerToKeep, access?: SessionAccess): Step | NoStep {
    const refusal = this.#commit(result, atMs, answer, access);
    if (refusal !== null) return unchanged(this.#state, refusal);
    for (const effect of result.effects) this.#effects.perform(effect);
    if (result.outbox.length > 0) this.#outbox.added();
    return result;
  }

  #commit(result: Step, atMs: number, answer: AnswerToKeep | undefined, access: SessionAccess | undefined): Refusal | null {
    const { state, messages, outbox } = result;
    if (state === this.#state && result.events.length === 0 && outbox.length === 0 && messages.length === 0) return null;
    const { events, outputs } = this.#cutBigOutputs(state.sessionId, result.events);
    const answersAdd = answer ? [{ key: answer.key, bodyHash: answer.bodyHash, answer: answer.of(result), expiresAtMs: atMs + ANSWER_LIFETIME_MS }] : [];
    const newAccess = access && { ...access, revision: (this.access.revision ?? 0) + 1 };
    let committed: readonly SessionEvent[];
    try {
      committed = this.#ports.store.commit({ ...this.#text.write(state, messages), events, atMs, outboxAdd: outbox, messages, answersAdd, outputsAdd: outputs, ...(newAccess === undefined ? {} : { access: JSON.stringify(newAccess) }) });
    } catch (error) {
      const refusal = notCommitted(error);
      this.#ports.log({ event: "not-committed", sessionId: state.sessionId, error: String(error) });
      // What was due is still due, and a lost effect is made good by the alarm, which may fail the same way.
      this.#alarmAtMs = this.nowMs + COMMIT_AGAIN_MS;
      this.#rearm();
      return refusal;
    }
    this.#state = state;
    this.#access = newAccess ?? this.#access;
    this.#text.written(state, messages);
    this.#show(committed, outputs.length > 0);
    return null;
  }

  #show(committed: readonly SessionEvent[], hasOutputs: boolean): void {
    for (const event of committed) {
      if (event.type === "part.ended") this.#deltas = forgetPart(this.#deltas, event.data.part.id);
    }
    this.hub.publish(committed);
    this.#blobs.tend(committed.at(-1)?.seq ?? 0, hasOutputs);
  }

  /** Deltas of the current epoch's link. Answers the `delta-ack` that is due, in units, or null. */
  takeDeltas(deltas: readonly Delta[]): number | null {
    const fresh: Delta[] = [];
    const open = new Set(this.#state?.run?.openParts.map(({ id }) => id));
    for (const delta of deltas) {
      // Only a part that is open has an end that lets its text go again.
      if (!open.has(delta.partId)) {
        this.#deltas = dropDelta(this.#deltas, delta);
        continue;
      }
      const taken = receiveDelta(this.#deltas, delta);
      this.#deltas = taken.receiver;
      if (taken.fresh) fresh.push(taken.fresh);
    }
    if (fresh.length > 0) this.hub.publishDeltas(fresh);
    const due = dueDeltaAck(this.#deltas);
    if (!due) return null;
    this.#deltas = due.receiver;
    return due.units;
  }

  linkReopened(): void {
    this.#deltas = linkReopened(this.#deltas);
  }

  /** The platform's alarm: late, early or twice. */
  alarm(): void {
    const { nowMs } = this;
    this.#armedAtMs = undefined;
    this.#outboxAtMs = undefined;
    // A time that has come is over also where there is no session to set the next one.
    this.#alarmAtMs = null;
    if (this.#state) this.apply({ type: "clock-ticked", nowMs, openPartTexts: this.openPartTexts });
    this.#outbox.pump();
    this.#blobs.tend();
    this.hub.askAround();
    this.#rearm();
  }

  resource(): Session | null {
    return this.#state && { ...sessionResource(this.#state, this.#ports.store.lastSeq()), visibility: this.access.visibility };
  }

  #openParts(): Delta[] {
    return Object.entries(this.#deltas.texts).flatMap(([partId, text]) => (text === "" ? [] : [{ partId, offset: 0, text }]));
  }

  /** One alarm serves the core's deadlines, the outbox, and whoever watches. */
  #rearm(): void {
    if (this.#outboxAtMs === undefined) this.#outboxAtMs = this.#outbox.wakeAtMs;
    const times = [this.#alarmAtMs, this.#outboxAtMs, this.#blobs.wakeAtMs, this.hub.wakeAtMs].filter((atMs) => atMs !== null);
    const atMs = times.length === 0 ? null : Math.min(...times);
    if (atMs === this.#armedAtMs || this.#isSoonEnough(atMs)) return;
    this.#armedAtMs = atMs;
    this.#ports.background(this.#wakeAt(atMs));
  }

  /** Deadlines of a run move on with each event. To write that each time costs more than an alarm that is early and finds nothing. */
  #isSoonEnough(atMs: number | null): boolean {
    const armedAtMs = this.#armedAtMs ?? null;
    if (atMs === null || armedAtMs === null || !this.#state?.run) return false;
    return armedAtMs > this.nowMs && armedAtMs < atMs && atMs - armedAtMs < ALARM_EARLY_MAX_MS;
  }

  /** Whether a time was set is not known when that failed, and the last one set counts: it is set again, and else with the next. */
  async #wakeAt(atMs: number | null): Promise<void> {
    const { scheduler } = this.#ports;
    try {
      await scheduler.wakeAt(atMs).catch(() => scheduler.wakeAt(this.#armedAtMs === undefined ? atMs : this.#armedAtMs));
    } catch (error) {
      this.#armedAtMs = undefined;
      throw error;
    }
  }

  #cutBigOutputs(sessionId: string, events: Step["events"]) {
    const nameOf = (): string => makeId("out", this.nowMs, this.#ports.randomBytes(10));
    return cutBigOutputs(events, nameOf, (name) => outputAddress(sessionId, name));
  }

  /** Nothing waits to be told any more: what is kept elsewhere goes, then what is kept here. */
  #forget(): void {
    this.#blobs.removeAll(() => {
      if (this.#state?.status === "ended") this.#destroy();
    });
  }

  #destroy(): void {
    this.#state = null;
    this.#access = null;
    this.#ports.store.destroy();
    this.#armedAtMs = null;
    this.#ports.background(this.#ports.scheduler.wakeAt(null));
  }
}
