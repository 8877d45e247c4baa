/**
 * One session's tunnel and who uses it. It holds both in memory only: whatever ends it ends the sockets too, and whoever was
 * there asks for a new ticket. The session says who may come in and stay, and which sandbox is the current one; bytes pass
 * by here alone.
 */
import { CLOSE_CODES, makeProblem, type Problem } from "@berth/protocol";
import { TunnelEnd } from "../../core/tunnel/tunnel-end.ts";
import type { Author, Result, SessionHandle } from "../session-handle.ts";
import type { HubTimers } from "../session/viewer-hub.ts";
import type { WorkspaceAnswers } from "../session-workspace.ts";

export interface WorkspaceSocket {
  send(message: string | Uint8Array<ArrayBuffer>): void;
  close(code: number, reason: string): void;
}

/** What the platform tells of a socket. */
export interface SocketEvents {
  message(message: string | Uint8Array): void;
  /** @param code with which the far end closed it, where it did */
  gone(code?: number, reason?: string): void;
}

export interface WorkspaceHubDeps {
  readonly session: Pick<SessionHandle, "workspace" | "authorizeBroker">;
  readonly timers: HubTimers;
  log(entry: { readonly event: string; readonly [field: string]: unknown }): void;
}

/** Somebody inside, and how they are sent away. */
export interface Visitor {
  readonly author: Author;
  /** Typed, or was shown something, since it was asked last whether they may stay. */
  acted: boolean;
  close(code: number, reason: string): void;
}

/** Why somebody is not let in: a problem, and the code with which a socket is closed for it. */
export class NotAdmitted extends Error {
  readonly code: number;
  readonly problem: Problem;

  constructor(code: number, problem: Problem) {
    super(problem.detail);
    this.name = "NotAdmitted";
    this.code = code;
    this.problem = problem;
  }
}

/** With what is answered from a cache of 30 s, who may not stay is gone within a minute. */
const CHECK_EVERY_MS = 15_000;
/** Who could not be asked about for so long is taken for somebody who may not stay. */
const UNSURE_MAX_MS = 30_000;
/** From the sandbox's being asked to dial to its tunnel. */
const DIAL_MAX_MS = 15_000;
const REPLACED = "a newer tunnel took its place";
const SILENT = "the sandbox does not answer";
const SANDBOX_GONE = "the sandbox is not there any more";

interface Tunnel {
  readonly end: TunnelEnd;
  readonly epoch: number;
  close(code: number, reason: string): void;
}

export class WorkspaceHub {
  readonly #deps: WorkspaceHubDeps;
  readonly #visitors = new Map<Visitor, { sureAtMs: number }>();
  #tunnel: Tunnel | null = null;
  #waiting: { readonly epoch: number; settle(end: TunnelEnd | null): void }[] = [];
  /** The sandbox that was asked to dial and has not yet: whoever comes meanwhile waits for the same tunnel. */
  #dialing: { readonly epoch: number; readonly untilMs: number } | null = null;
  /** Ends when who came last was let in or not. */
  #entered: Promise<unknown> = Promise.resolve();
  #isChecking = false;
  /** Nobody was inside at the last check. */
  #wasEmpty = false;

  constructor(deps: WorkspaceHubDeps) {
    this.#deps = deps;
  }

  /** @throws NotAdmitted */
  async admitByTicket(ticket: string): Promise<{ readonly author: Author; readonly epoch: number }> {
    const { session } = this.#deps;
    const redeemed = await session.workspace({ do: "redeem", ticket, use: "terminal" }, null);
    if (!redeemed.ok) throw new NotAdmitted(CLOSE_CODES.unauthorized, redeemed.problem);
    return { author: redeemed.value, epoch: await this.admit(redeemed.value, true) };
  }

  /** The epoch of the sandbox they are let into. @param acts whether they change something there, or may @throws NotAdmitted */
  async admit(author: Author, acts: boolean): Promise<number> {
    // One after the other: two who found no tunnel would each have one dialed, and the second takes the place of the first.
    const entering = this.#entered.then(() => this.#enter(author, acts));
    this.#entered = entering.catch(() => undefined);
    const entered = await entering;
    if (entered.ok) return entered.value.epoch;
    const { status } = entered.problem;
    throw new NotAdmitted(status === 404 ? CLOSE_CODES.notFound : status === 403 ? CLOSE_CODES.unauthorized : CLOSE_CODES.refused, entered.problem);
  }

  async #enter(author: Author, acts: boolean): Promise<Result<WorkspaceAnswers["enter"]>> {
    const { session, timers } = this.#deps;
    const dialing = this.#dialing !== null && timers.now() < this.#dialing.untilMs ? this.#dialing.epoch : null;
    const tunnelEpoch = this.#tunnel?.epoch ?? dialing;
    const entered = await session.workspace({ do: "enter", acts, tunnelEpoch }, author);
    if (entered.ok && entered.value.epoch !== tunnelEpoch) this.#dialing = { epoch: entered.value.epoch, untilMs: timers.now() + DIAL_MAX_MS };
    return entered;
  }

  /** The epoch of the sandbox whose token it is. @throws NotAdmitted for one that is not the current one's */
  async admitTunnel(token: string): Promise<number> {
    const grant = await this.#deps.session.authorizeBroker(token);
    if (grant === null) throw new NotAdmitted(CLOSE_CODES.fenced, makeProblem("unauthenticated", "this sandbox's token is not the current one"));
    return grant.epoch;
  }

  /** The runtime dialed. */
  joinTunnel(socket: WorkspaceSocket, epoch: number): SocketEvents {
    const end = new TunnelEnd(socket, null);
    const tunnel: Tunnel = { end, epoch, close: (code, reason) => socket.close(code, reason) };
    // Admitted before a newer one, and here after it.
    if (this.#tunnel && this.#tunnel.epoch > epoch) {
      socket.close(CLOSE_CODES.fenced, REPLACED);
      return { message: () => undefined, gone: () => undefined };
    }
    this.#dropTunnel(CLOSE_CODES.fenced, REPLACED);
    this.#tunnel = tunnel;
    this.#dialing = null;
    const waiting = this.#waiting;
    this.#waiting = waiting.filter((one) => one.epoch > epoch);
    for (const one of waiting) if (one.epoch <= epoch) one.settle(one.epoch === epoch ? end : null);
    this.#checkSoon();
    return {
      message: (message) => {
        if (this.#tunnel !== tunnel || end.receive(message)) return;
        this.#deps.log({ event: "tunnel-violation", epoch });
        this.#dropTunnel(CLOSE_CODES.badRequest, "that is not understood");
      },
      gone: () => {
        if (this.#tunnel === tunnel) this.#tunnel = null;
        end.lost(SANDBOX_GONE);
      },
    };
  }

  /** The tunnel of that sandbox, where it is open. */
  openTunnel(epoch: number): TunnelEnd | null {
    return this.#tunnel?.epoch === epoch ? this.#tunnel.end : null;
  }

  /** Resolves with the tunnel of that sandbox, once it dialed; null when it does not in time, or was replaced. */
  async tunnelOf(epoch: number): Promise<TunnelEnd | null> {
    const open = this.openTunnel(epoch);
    if (open !== null) return open;
    return new Promise((resolve) => {
      const one = { epoch, settle: resolve };
      this.#waiting.push(one);
      this.#deps.timers.after(DIAL_MAX_MS, () => {
        this.#waiting = this.#waiting.filter((other) => other !== one);
        if (this.#dialing?.epoch === epoch) this.#dialing = null;
        resolve(null);
      });
    });
  }

  /** It is open and does not answer: whoever was in it, and the runtime, begin anew. */
  giveUp(end: TunnelEnd): void {
    if (this.#tunnel?.end !== end) return;
    this.#deps.log({ event: "tunnel-silent", epoch: this.#tunnel.epoch });
    this.#dropTunnel(CLOSE_CODES.fenced, SILENT);
  }

  /** They are asked about from now on; what it answers is called when they leave. */
  add(visitor: Visitor): () => void {
    this.#visitors.set(visitor, { sureAtMs: this.#deps.timers.now() });
    this.#checkSoon();
    return () => void this.#visitors.delete(visitor);
  }

  now(): number {
    return this.#deps.timers.now();
  }

  after(delayMs: number, run: () => void): void {
    this.#deps.timers.after(delayMs, run);
  }

  #checkSoon(): void {
    if (this.#isChecking) return;
    this.#isChecking = true;
    this.#deps.timers.after(CHECK_EVERY_MS, () => {
      void this.#check().finally(() => {
        this.#isChecking = false;
        if (this.#visitors.size > 0 || this.#tunnel !== null) this.#checkSoon();
      });
    });
  }

  async #check(): Promise<void> {
    const asked = [...this.#visitors.keys()];
    const visitors = asked.map(({ author, acted }) => ({ author, acted }));
    for (const visitor of asked) visitor.acted = false;
    const answer = await this.#deps.session.workspace({ do: "stand", visitors }, null).catch(() => null);
    // Of a session that is gone it is known that nobody may stay.
    if (answer?.ok === false) {
      for (const visitor of asked) this.#sendAway(visitor, CLOSE_CODES.sessionEnded, "the session is over");
      return this.#dropTunnel(CLOSE_CODES.sessionEnded, "the session is over");
    }
    for (const [i, visitor] of asked.entries()) {
      const mayStay = answer?.value.mayStay[i] ?? null;
      // Nothing was made of it, so it is told the next time.
      if (mayStay === null && visitors[i]?.acted) visitor.acted = true;
      this.#judge(visitor, mayStay);
    }
    if (answer !== null && this.#tunnel !== null && this.#tunnel.epoch !== answer.value.epoch) this.#dropTunnel(CLOSE_CODES.fenced, SANDBOX_GONE);
    if (this.#visitors.size === 0 && this.#wasEmpty) this.#dropTunnel(1000, "nobody uses it");
    this.#wasEmpty = this.#visitors.size === 0;
  }

  #judge(visitor: Visitor, mayStay: boolean | null): void {
    const known = this.#visitors.get(visitor);
    if (known === undefined) return;
    const nowMs = this.#deps.timers.now();
    if (mayStay === true) known.sureAtMs = nowMs;
    if (mayStay === false || nowMs - known.sureAtMs > UNSURE_MAX_MS) this.#sendAway(visitor, CLOSE_CODES.unauthorized, "what this was opened with opens nothing any more");
  }

  #sendAway(visitor: Visitor, code: number, reason: string): void {
    if (this.#visitors.delete(visitor)) visitor.close(code, reason);
  }

  #dropTunnel(code: number, reason: string): void {
    const tunnel = this.#tunnel;
    this.#tunnel = null;
    tunnel?.close(code, reason);
    tunnel?.end.lost(reason === REPLACED ? SANDBOX_GONE : reason);
  }
}
