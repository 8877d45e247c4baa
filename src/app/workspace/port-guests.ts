/**
 * Who uses the previews of one session, by the passes that their browsers show. A guest is one pass: asked of the session when
 * it first comes and every minute while it is used, which keeps it good; between that the hub asks who may stay, as of everybody.
 */
import { CLOSE_CODES, makeProblem } from "@berth/protocol";
import type { TunnelEnd } from "../../core/tunnel/tunnel-end.ts";
import type { Author, SessionHandle } from "../session-handle.ts";
import { NotAdmitted, type Visitor, type WorkspaceHub } from "./workspace-hub.ts";

const RENEW_EVERY_MS = 60_000;
/** Each has a window of its own in each direction. */
const STREAMS_MAX = 200;
/** Whoever left without a word is not always told of: one that says nothing for so long makes room where there is none. */
const SILENT_MS = 60_000;
/** Of messages that are not whole or not read, of all sockets together. */
const HELD_BYTES_MAX = 32 * 1024 * 1024;

/** How something under way is ended, and the bytes that are kept for it. */
export interface Work {
  cut(code: number, reason: string): void;
  held(): number;
}

export interface Underway {
  active(): void;
  over(): void;
}

export class PortGuests {
  readonly #hub: WorkspaceHub;
  readonly #session: Pick<SessionHandle, "workspace">;
  readonly #guests = new Map<string, Promise<Guest>>();
  /** With when it was heard of last. */
  readonly #works = new Map<Work, number>();
  /** Let in soon, where the sandbox answers. */
  #entering = 0;

  constructor(hub: WorkspaceHub, session: Pick<SessionHandle, "workspace">) {
    this.#hub = hub;
    this.#session = session;
  }

  /** @returns the pass @throws NotAdmitted */
  async preview(ticket: string, port: number): Promise<string> {
    const opened = await this.#session.workspace({ do: "preview", ticket, port }, null);
    if (!opened.ok) throw new NotAdmitted(CLOSE_CODES.unauthorized, opened.problem);
    return opened.value.pass;
  }

  /** The guest with that pass, who does something now, and the tunnel to the sandbox. @throws NotAdmitted */
  async enter(pass: string, port: number): Promise<{ readonly guest: Guest; readonly tunnel: TunnelEnd }> {
    if (this.#works.size + this.#entering >= STREAMS_MAX && !this.#cutSilent()) throw new NotAdmitted(CLOSE_CODES.refused, makeProblem("unavailable", `${STREAMS_MAX} requests to this sandbox are under way.`, { fix: "Close what you do not need, and try again." }));
    const key = `${port} ${pass}`;
    const known = this.#guests.get(key) ?? this.#arrive(key, pass, port);
    this.#guests.set(key, known);
    this.#entering += 1;
    try {
      const guest = await known;
      return { guest, tunnel: await guest.tunnel() };
    } finally {
      this.#entering -= 1;
    }
  }

  /** More is kept than the object has room for. */
  get isFull(): boolean {
    let held = 0;
    for (const work of this.#works.keys()) held += work.held();
    return held > HELD_BYTES_MAX;
  }

  #cutSilent(): boolean {
    const [longest] = [...this.#works].toSorted(([, a], [, b]) => a - b);
    if (longest === undefined || this.#hub.now() - longest[1] < SILENT_MS) return false;
    longest[0].cut(CLOSE_CODES.refused, "it was silent longest of those under way");
    return true;
  }

  #arrive(key: string, pass: string, port: number): Promise<Guest> {
    const arriving = this.#ask(pass, port).then((author) => {
      const guest = new Guest(this.#hub, author, {
        active: (work) => void this.#works.set(work, this.#hub.now()),
        over: (work) => void this.#works.delete(work),
        left: () => forget(),
      });
      this.#renewLater(guest, pass, port);
      return guest;
    });
    const forget = (): void => {
      if (this.#guests.get(key) === arriving) this.#guests.delete(key);
    };
    arriving.catch(forget);
    return arriving;
  }

  async #ask(pass: string, port: number): Promise<Author> {
    const shown = await this.#session.workspace({ do: "pass", pass, port }, null);
    if (!shown.ok) throw new NotAdmitted(CLOSE_CODES.unauthorized, shown.problem);
    return shown.value;
  }

  #renewLater(guest: Guest, pass: string, port: number): void {
    this.#hub.after(RENEW_EVERY_MS, () => {
      if (guest.isGone) return;
      if (!guest.wasUsed()) return guest.leave();
      this.#renewLater(guest, pass, port);
      this.#ask(pass, port).catch((error: unknown) => {
        // Where it cannot be asked, the hub's own question decides.
        if (error instanceof NotAdmitted && error.problem.status < 500) guest.close(error.code, error.message);
      });
    });
  }
}

interface GuestEvents {
  active(work: Work): void;
  over(work: Work): void;
  left(): void;
}

export class Guest {
  readonly #hub: WorkspaceHub;
  readonly #visitor: Visitor;
  readonly #events: GuestEvents;
  readonly #leaveHub: () => void;
  readonly #works = new Set<Work>();
  #epoch: number | null = null;
  #entering: Promise<TunnelEnd> | null = null;
  #used = true;
  isGone = false;

  constructor(hub: WorkspaceHub, author: Author, events: GuestEvents) {
    this.#hub = hub;
    this.#events = events;
    this.#visitor = { author, acted: false, close: (code, reason) => this.close(code, reason) };
    this.#leaveHub = hub.add(this.#visitor);
  }

  /** To the sandbox that is there now. @throws NotAdmitted */
  async tunnel(): Promise<TunnelEnd> {
    this.acted();
    const open = this.#epoch === null ? null : this.#hub.openTunnel(this.#epoch);
    // A page asks for many things at once, and enters once.
    return open ?? (this.#entering ??= this.#enter().finally(() => (this.#entering = null)));
  }

  acted(): void {
    this.#used = true;
    this.#visitor.acted = true;
  }

  /** Something of theirs is under way. @throws NotAdmitted for who left meanwhile, since nobody would be asked about them */
  began(work: Work): Underway {
    if (this.isGone) throw notThere();
    this.#works.add(work);
    this.#events.active(work);
    return {
      active: () => {
        if (this.#works.has(work)) this.#events.active(work);
      },
      over: () => {
        this.#works.delete(work);
        this.#events.over(work);
      },
    };
  }

  /** Since it was asked last. */
  wasUsed(): boolean {
    const used = this.#used || this.#works.size > 0;
    this.#used = false;
    return used;
  }

  leave(): void {
    this.isGone = true;
    this.#leaveHub();
    this.#events.left();
  }

  close(code: number, reason: string): void {
    this.leave();
    for (const work of [...this.#works]) work.cut(code, reason);
  }

  async #enter(): Promise<TunnelEnd> {
    const epoch = await this.#hub.admit(this.#visitor.author, true);
    const tunnel = await this.#hub.tunnelOf(epoch);
    if (tunnel === null || this.isGone) throw notThere();
    this.#epoch = epoch;
    return tunnel;
  }
}

function notThere(): NotAdmitted {
  return new NotAdmitted(CLOSE_CODES.refused, makeProblem("unavailable", "The sandbox did not answer.", { fix: "Try again in a moment." }));
}
