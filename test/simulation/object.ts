/**
 * The platform's side of one session: the object that can lose its memory at any moment, its sockets, its alarm, its disk.
 * It does what the Durable Object's shell does, around the real actor and service.
 */
import { CLOSE_CODES } from "@berth/protocol";
import type { WireListener } from "../../packages/sandbox-runtime/src/wire.ts";
import type { Author } from "../../src/app/session-handle.ts";
import { onLinkClosed, onLinkMessage } from "../../src/app/session/link-connection.ts";
import { SessionActor, type AnswerToKeep } from "../../src/app/session/session-actor.ts";
import { SessionService } from "../../src/app/session/session-service.ts";
import { onViewerMessage } from "../../src/app/session/viewer-actions.ts";
import { newViewer, type ViewerAttachment } from "../../src/app/session/viewer.ts";
import type { FaultScript } from "../../src/core/kernel/fault.ts";
import { makeId } from "../../src/core/kernel/ids.ts";
import { isPortError } from "../../src/core/kernel/port-error.ts";
import { parseSandboxToken } from "../../src/core/sandbox/sandbox-token.ts";
import type { NoStep, Refusal, Step } from "../../src/core/session/session.effects.ts";
import type { SessionInput } from "../../src/core/session/session.inputs.ts";
import { step } from "../../src/core/session/session.machine.ts";
import type { SessionState } from "../../src/core/session/session.state.ts";
import { MemoryDisk } from "../../src/ports/session-store/session-store.fake.ts";
import { Evicted, Life } from "./life.ts";
import type { LogChecks } from "./log-checks.ts";
import { portsOf, type Outside } from "./object-ports.ts";
import { bump } from "./statistics.ts";
import { Wire } from "./wire.ts";
import type { World } from "./world.ts";

export interface ViewerEnd {
  frame(text: string): void;
  closed(code: number): void;
}

interface ViewerSocket {
  readonly id: string;
  readonly end: ViewerEnd;
  attachment: ViewerAttachment;
  isClosed: boolean;
}

interface Memory {
  readonly life: Life;
  readonly actor: SessionActor;
  readonly service: SessionService;
}

/** The real one; what it takes is counted. */
class CountedActor extends SessionActor {
  world: World | null = null;

  override apply(input: SessionInput, answer?: AnswerToKeep): Step | NoStep {
    const { state } = this;
    const result = super.apply(input, answer);
    this.#count(state, input, result);
    return result;
  }

  override applyAll(inputs: readonly SessionInput[]): Refusal | null {
    let { state } = this;
    const [only] = inputs;
    const refusal = super.applyAll(inputs);
    if (only && inputs.length === 1) this.#count(state, only, { state: this.state, refusal });
    // Decided once more for the count, unless nothing was written.
    else if (this.state !== state) {
      for (const input of inputs) {
        const result = step(state, input);
        this.#count(state, input, result);
        state = result.state;
      }
    }
    return refusal;
  }

  #count(before: SessionState | null, input: SessionInput, result: Pick<Step | NoStep, "state" | "refusal">): void {
    const from = before?.status ?? "none";
    // What its handler refuses for the caller's fault was taken as well, and the status stays.
    const isTaken = result.refusal === null || !("epoch" in input);
    if (isTaken && result.state !== null) bump(this.world?.statistics.transitions ?? {}, `${from} ${input.type} ${result.state.status}`);
    if (this.world?.trace) this.world.say(`  ${input.type}: ${from} -> ${result.refusal ? `refused, ${result.refusal.detail}` : result.state?.status}`);
  }
}

const ALARM_RETRIES = 6;

export class SimObject {
  readonly disk = new MemoryDisk();
  readonly #world: World;
  readonly #outside: Outside;
  readonly #storeFaults: FaultScript;
  readonly #log: LogChecks;
  #memory: Memory | null = null;
  readonly wires = new Map<string, Wire>();
  readonly #viewers = new Map<string, ViewerSocket>();
  alarmAtMs: number | null = null;
  /** A wake-up that was set before it was cleared. */
  clearedAtMs: number | null = null;
  #alarmTries = 0;
  /** Added to what the object takes for the time. */
  clockOffsetMs = 0;
  busyUntilMs = 0;
  inFlight = 0;
  #alarmBeforeMs: number | null = null;
  /** When its memory ended in the middle of something, and with it perhaps the wake-up it was about to set. */
  #lostAtMs: number | null = null;

  constructor(world: World, log: LogChecks, outside: Outside, storeFaults: FaultScript) {
    this.#world = world;
    this.#log = log;
    this.#outside = outside;
    this.#storeFaults = storeFaults;
  }

  get isAwake(): boolean {
    return this.#memory !== null && this.#memory.life.isAlive;
  }

  /** Whether the platform would let its memory go: nothing is under way or due, for ten seconds. */
  get isQuiet(): boolean {
    return this.isAwake && this.inFlight === 0 && this.#memory?.life.timers === 0 && this.#world.time.now() >= this.busyUntilMs;
  }

  get actor(): SessionActor {
    return this.#wake().actor;
  }

  /** Calls the service as a request does; what it throws is the caller's. */
  async call<T>(work: (service: SessionService, actor: SessionActor) => T | Promise<T>): Promise<T> {
    const { service, actor, life } = this.#wake();
    this.inFlight += 1;
    try {
      const result = await work(service, actor);
      life.check();
      return result;
    } catch (error) {
      this.#judge("a request", error);
      throw error;
    } finally {
      this.inFlight -= 1;
    }
  }

  /** Memory and sockets are gone, as after a crash or a deployment. */
  crash(): void {
    const wasAlive = this.isAwake;
    this.#world.records.forgot = true;
    this.#memory?.life.end();
    this.#memory = null;
    if (wasAlive) this.#lostAtMs = null;
    for (const wire of this.wires.values()) wire.lost();
    this.wires.clear();
    for (const viewer of this.#viewers.values()) this.#closeViewer(viewer, 1006);
    this.#viewers.clear();
    this.inFlight = 0;
  }

  /** The memory goes and the sockets stay. The platform does so only where it {@link isQuiet}. */
  hibernate(): void {
    this.#world.records.forgot = true;
    this.#memory?.life.end();
    this.#memory = null;
    this.#lostAtMs = null;
  }

  /** The memory will end in the middle of what happens next, after so many calls to the outside. */
  crashAfter(calls: number): void {
    this.#wake().life.endAfter(calls);
  }

  /** The platform lets it go only after ten quiet seconds. */
  stayAwake(): void {
    this.busyUntilMs = this.#world.time.now() + 10_000;
  }

  /** Between two steps of the world. */
  rest(): void {
    this.#alarmBeforeMs = this.alarmAtMs;
  }

  /** Its clock is right, and its memory does not end by itself any more; a new one reads what the operator changed. */
  heal(isOutdated: boolean): void {
    if (isOutdated) this.crash();
    this.#memory?.life.endAfter(null);
    this.clockOffsetMs = 0;
  }

  async openLink(token: string, listener: WireListener): Promise<Wire | null> {
    const { service, life, actor } = this.#wake();
    let grant: Awaited<ReturnType<SessionService["authorizeBroker"]>>;
    try {
      grant = await service.authorizeBroker(token);
      life.check();
    } catch (error) {
      this.#judge("a link that opens", error);
      listener.closed(1006);
      return null;
    }
    if (!grant) {
      listener.closed(CLOSE_CODES.fenced);
      return null;
    }
    const linkId = makeId("con", actor.nowMs, this.#outside.randomBytes(10));
    const server = {
      message: (wire: Wire, text: string): void => this.#linkMessage(wire, text),
      gone: (wire: Wire): void => this.#linkGone(wire),
    };
    const wire = new Wire(this.#world, { linkId, epoch: parseSandboxToken(token)?.epoch ?? grant.epoch }, server, listener);
    this.wires.set(linkId, wire);
    return wire;
  }

  /** Null when there is no session to watch. */
  openViewer(author: Author, { after, short }: { readonly after: number; readonly short: boolean }, end: ViewerEnd): string | null {
    const { actor, service } = this.#wake();
    if (service.isGone) return null;
    const id = makeId("con", actor.nowMs, this.#outside.randomBytes(10));
    const viewer: ViewerSocket = { id, end, attachment: newViewer(id, author, after, short), isClosed: false };
    this.#viewers.set(id, viewer);
    this.#guarded("a viewer that joins", () => this.#join(actor, viewer));
    return id;
  }

  viewerSays(id: string, text: string): void {
    const viewer = this.#viewers.get(id);
    if (!viewer || viewer.isClosed) return;
    const { actor, service } = this.#wake();
    const close = (code: number): void => this.#closeViewer(viewer, code);
    void onViewerMessage(actor, service, { attachment: viewer.attachment, close }, text, this.#outside.sha256).catch((error: unknown) => this.#judge("a viewer's message", error));
  }

  viewerGone(id: string): void {
    const viewer = this.#viewers.get(id);
    if (!viewer) return;
    viewer.isClosed = true;
    this.#viewers.delete(id);
    if (this.isAwake) this.#guarded("a viewer that leaves", () => this.actor.hub.leave(id));
  }

  /** The platform's wake-up. One that fails is repeated. */
  ring(): void {
    this.alarmAtMs = null;
    const isDone = this.#guarded("the alarm", () => this.actor.alarm());
    if (isDone) {
      this.#alarmTries = 0;
      return;
    }
    this.#alarmTries += 1;
    if (this.#alarmTries > ALARM_RETRIES) return;
    const againMs = this.#world.time.now() + 2_000;
    this.alarmAtMs = this.alarmAtMs === null ? againMs : Math.min(this.alarmAtMs, againMs);
  }

  /** A wake-up that nobody set, or that comes once more. */
  ringAgain(): void {
    this.#guarded("the alarm", () => this.actor.alarm());
  }

  async recordUsage(report: Parameters<SessionService["recordUsage"]>[0]): Promise<void> {
    await this.call((service) => service.recordUsage(report)).catch(() => undefined);
  }

  #wake(): Memory {
    this.stayAwake();
    if (this.#memory && !this.#memory.life.isAlive) this.crash();
    if (this.#memory) return this.#memory;
    const world = this.#world;
    world.say("the object wakes up");
    // Until somebody asked for it again nothing could happen.
    if (this.#lostAtMs !== null) world.records.slackMs += world.time.now() - this.#lostAtMs;
    this.#lostAtMs = null;
    // Its sockets break with it, whether anybody asks for the object again or not.
    const life = new Life(() => {
      world.say("the object's memory is lost");
      this.#lostAtMs = world.time.now();
      // A wake-up that was taken back a moment ago and would have been set anew is still the one of before.
      this.alarmAtMs ??= this.#alarmBeforeMs;
      world.traffic.once("what the object held breaks", () => {
        if (this.#memory?.life === life) this.crash();
      });
    });
    const ports = portsOf(this, this.disk, life, world, this.#outside, this.#storeFaults);
    const actor = new CountedActor(ports, {
      send: (linkId, frame) => {
        life.pass();
        const wire = this.wires.get(linkId);
        if (wire) this.#watchEpoch(wire, frame.type);
        wire?.sendDown(frame);
      },
      close: (linkId, code) => {
        life.pass();
        this.wires.get(linkId)?.closeFromServer(code);
      },
    });
    actor.world = world;
    const service = new SessionService(actor, ports);
    this.#memory = { life, actor, service };
    const newest = [...this.wires.keys()].toSorted().at(-1) ?? null;
    this.#guarded("waking up", () => {
      actor.restore(newest);
      for (const viewer of this.#viewers.values()) this.#join(actor, viewer);
    });
    if (life.isAlive) return this.#memory;
    return this.#wake();
  }

  #join(actor: SessionActor, viewer: ViewerSocket): void {
    const socket = {
      send: (text: string): void => {
        if (viewer.isClosed) return;
        viewer.end.frame(text);
      },
      close: (code: number): void => this.#closeViewer(viewer, code),
      save: (state: ViewerAttachment): void => {
        viewer.attachment = { ...state };
      },
    };
    actor.hub.join(socket, viewer.attachment);
  }

  #closeViewer(viewer: ViewerSocket, code: number): void {
    if (viewer.isClosed) return;
    viewer.isClosed = true;
    this.#viewers.delete(viewer.id);
    viewer.end.closed(code);
  }

  #linkMessage(wire: Wire, text: string): void {
    if (!this.wires.has(wire.linkId)) return;
    this.#guarded("a link's message", () => {
      const { linkId, epoch } = wire;
      const send = (frame: string): void => wire.sendDown(JSON.parse(frame) as Parameters<Wire["sendDown"]>[0]);
      onLinkMessage(this.actor, { linkId, epoch, send, close: (code) => wire.closeFromServer(code) }, text);
    });
  }

  /** From a sandbox that had been let go before this step nothing is taken. */
  #watchEpoch({ epoch }: Wire, answer: string): void {
    if (answer !== "welcome" && answer !== "ack") return;
    if (epoch !== this.#log.epoch || this.#log.isRevoked) this.#world.violate("SIM6", `the sandbox of epoch ${epoch} is answered ${answer} after it was let go`);
  }

  #linkGone(wire: Wire): void {
    if (!this.wires.delete(wire.linkId)) return;
    this.#guarded("a link's end", () => onLinkClosed(this.actor, { linkId: wire.linkId, epoch: wire.epoch }));
  }

  /** What a callback of the platform throws is logged there; only what a port may refuse is expected. */
  #guarded(what: string, work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      this.#judge(what, error);
      return false;
    }
  }

  #judge(what: string, error: unknown): void {
    if (error instanceof Evicted) return;
    if (isPortError(error) && error.port === "session-store") {
      // A database that is closed under the object is opened again with a new one.
      if (error.message.startsWith("session-store:commit:closed")) this.crash();
      return;
    }
    this.#world.violate("SIM1", `${what} broke: ${String((error as Error).stack ?? error)}`);
  }
}
