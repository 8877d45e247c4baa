/** The session's word on who may act in its sandbox by a terminal or on its files, and for how long. */
import { LIMITS, makeProblem } from "@berth/protocol";
import { hexOf } from "../../core/kernel/hex.ts";
import { isAlive } from "../../core/sandbox/lease.ts";
import type { Author, Result } from "../session-handle.ts";
import type { WorkspaceAnswers, WorkspaceCommand, WorkspaceUse } from "../session-workspace.ts";
import type { SessionActor } from "./session-actor.ts";
import type { SessionPorts } from "./session-ports.ts";
import type { SessionSharing } from "./session-sharing.ts";
import { recheckViewer } from "./viewer-standing.ts";
import { authorOfViewer, newViewer } from "./viewer.ts";

/** As it is kept under its hash: a ticket, or the pass that was given for one. */
type KeptTicket = Author & { readonly opens?: WorkspaceUse | "pass"; readonly port?: number };

export class SessionWorkspace {
  readonly #actor: SessionActor;
  readonly #ports: SessionPorts;
  readonly #sharing: SessionSharing;

  constructor(actor: SessionActor, ports: SessionPorts, sharing: SessionSharing) {
    this.#actor = actor;
    this.#ports = ports;
    this.#sharing = sharing;
  }

  async run<C extends WorkspaceCommand>(command: C, author: Author | null): Promise<Result<WorkspaceAnswers[C["do"]]>> {
    return (await this.#run(command, author)) as Result<WorkspaceAnswers[C["do"]]>;
  }

  async #run(command: WorkspaceCommand, author: Author | null): Promise<Result<WorkspaceAnswers[WorkspaceCommand["do"]]>> {
    switch (command.do) {
      case "redeem":
        return this.#redeem(command.ticket);
      case "preview":
        return this.#preview(command);
      case "pass":
        return this.#pass(command);
      case "stand":
        return { ok: true, value: await this.#stand(command.visitors) };
      case "ticket":
        return author === null ? noAuthor() : this.#ticket(command, author);
      case "enter":
        return author === null ? noAuthor() : this.#enter(command, author);
    }
  }

  async #ticket({ do: _, use: opens, ...of }: Extract<WorkspaceCommand, { do: "ticket" }>, author: Author): Promise<Result<WorkspaceAnswers["ticket"]>> {
    const { state, nowMs } = this.#actor;
    const barred = this.#sharing.barred(author, "write");
    if (barred) return barred;
    if (state === null || this.#epoch === null) return noSandbox();
    // Another word than a viewer's ticket begins with: neither opens what the other does.
    const ticket = `wkt_${state.orgId}.${hexOf(this.#ports.randomBytes(24))}`;
    const expiresAtMs = nowMs + LIMITS.ticketLifetimeMs;
    const kept: KeptTicket = { checkedAtMs: nowMs, ...author, opens, ...of };
    await this.#keep(ticket, kept, expiresAtMs);
    return { ok: true, value: { ticket, expiresAt: new Date(expiresAtMs).toISOString() } };
  }

  async #redeem(ticket: string): Promise<Result<Author>> {
    const { opens, ...author } = await this.#take(ticket);
    return opens === "terminal" ? { ok: true, value: author } : notOpened("The ticket is unknown, used or expired.");
  }

  async #preview({ ticket, port }: Extract<WorkspaceCommand, { do: "preview" }>): Promise<Result<WorkspaceAnswers["preview"]>> {
    const kept = await this.#take(ticket);
    if (kept.opens !== "port" || kept.port !== port) return notOpened("The ticket is unknown, used or expired.");
    const pass = `wkp_${this.#actor.state?.orgId}.${hexOf(this.#ports.randomBytes(24))}`;
    await this.#keep(pass, { ...kept, opens: "pass" }, this.#actor.nowMs + LIMITS.previewLifetimeMs);
    return { ok: true, value: { pass } };
  }

  async #pass({ pass, port }: Extract<WorkspaceCommand, { do: "pass" }>): Promise<Result<Author>> {
    const { store, sha256 } = this.#ports;
    const { nowMs } = this.#actor;
    const hash = await sha256(pass);
    const kept = readKept(store.takeTicket(hash, nowMs));
    const { opens, port: ofPort, ...author } = kept;
    if (opens !== "pass" || ofPort !== port || this.#isOver) return notOpened("This preview is not open any more.");
    // Before anything is waited for, since it may be asked about twice at once.
    store.putTicket({ hash, author: JSON.stringify(kept), expiresAtMs: nowMs + LIMITS.previewLifetimeMs }, nowMs);
    const mayStay = await this.#mayStay(author);
    if (this.#isOver) return notOpened("This preview is not open any more.");
    if (mayStay === null) return { ok: false, problem: makeProblem("unavailable", "It cannot be asked now who may come in.", { fix: "Try again in a moment." }) };
    if (mayStay) return { ok: true, value: author };
    store.takeTicket(hash, nowMs);
    return this.#sharing.barred(author, "write") ?? notOpened("What this preview was opened with opens nothing any more.");
  }

  get #isOver(): boolean {
    return this.#actor.state === null || this.#actor.state.status === "ended";
  }

  /** Nothing is known of one that is unknown, used or expired. */
  async #take(ticket: string): Promise<Partial<KeptTicket> & Author> {
    return readKept(this.#ports.store.takeTicket(await this.#ports.sha256(ticket), this.#actor.nowMs));
  }

  async #keep(ticket: string, kept: KeptTicket, expiresAtMs: number): Promise<void> {
    this.#ports.store.putTicket({ hash: await this.#ports.sha256(ticket), author: JSON.stringify(kept), expiresAtMs }, this.#actor.nowMs);
  }

  #enter({ acts, tunnelEpoch }: Extract<WorkspaceCommand, { do: "enter" }>, author: Author): Result<WorkspaceAnswers["enter"]> {
    const barred = this.#sharing.barred(author, "write");
    if (barred) return barred;
    const epoch = this.#epoch;
    const { refusal } = this.#actor.apply({ type: "workspace-used", author, acts, dials: tunnelEpoch !== epoch, nowMs: this.#actor.nowMs });
    if (refusal) {
      const { problem, detail, fix } = refusal;
      return { ok: false, problem: makeProblem(problem, detail, fix === undefined ? {} : { fix }) };
    }
    return epoch === null ? noSandbox() : { ok: true, value: { epoch } };
  }

  async #stand(visitors: Extract<WorkspaceCommand, { do: "stand" }>["visitors"]): Promise<WorkspaceAnswers["stand"]> {
    const mayStay = await Promise.all(visitors.map(({ author }) => this.#mayStay(author)));
    for (const [i, { author, acted }] of visitors.entries()) {
      if (acted && mayStay[i] === true) this.#actor.apply({ type: "workspace-used", author, acts: true, dials: false, nowMs: this.#actor.nowMs });
    }
    // A link that is away for a moment takes no sandbox with it.
    const lease = this.#actor.state?.lease ?? null;
    return { epoch: isAlive(lease) && lease.phase === "ready" ? lease.epoch : null, mayStay };
  }

  /** Null where it could not be asked. */
  async #mayStay(author: Author): Promise<boolean | null> {
    const { nowMs } = this.#actor;
    if (author.endsAtMs !== undefined && author.endsAtMs <= nowMs) return false;
    const { standing } = this.#ports;
    if (!standing) return this.#mayWrite(author);
    try {
      const viewer = newViewer("", author, 0);
      const now = await recheckViewer(standing, this.#actor.state?.orgId ?? "", viewer, () => this.#actor.access, nowMs);
      return now !== null && this.#mayWrite(authorOfViewer({ ...viewer, ...now }));
    } catch {
      return null;
    }
  }

  #mayWrite(author: Author): boolean {
    return this.#sharing.accessOf(author) !== "read" && this.#sharing.barred(author, "write") === null;
  }

  /** Of the sandbox that can be entered now. */
  get #epoch(): number | null {
    const lease = this.#actor.state?.lease ?? null;
    return isAlive(lease) && lease.phase === "ready" && lease.linkId !== null ? lease.epoch : null;
  }
}

function readKept(text: string | null): Partial<KeptTicket> & Author {
  return (text === null ? {} : JSON.parse(text)) as KeptTicket;
}

function noAuthor(): Extract<Result<never>, { ok: false }> {
  return { ok: false, problem: makeProblem("not-found", "There is no such session.") };
}

function notOpened(detail: string): Extract<Result<never>, { ok: false }> {
  return { ok: false, problem: makeProblem("unauthenticated", detail, { fix: "Open it again from the session." }) };
}

function noSandbox(): Extract<Result<never>, { ok: false }> {
  return { ok: false, problem: makeProblem("conflict", "There is no sandbox to open now.", { fix: "Resume the session, and try again when it is idle or running." }) };
}
