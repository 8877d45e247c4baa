/** The server under test and its sessions. Sessions are lent to one case at a time, since a real sandbox takes seconds. */
import { Api } from "./api.ts";
import { check } from "./check.ts";
import { counted, type Driver, type Step } from "./driver.ts";
import { lacksOf, type Lack, type MayLack } from "./needs.ts";
import { openSocket, type SocketOptions, type SocketWatcher } from "./socket-watcher.ts";
import { openSse, type SseOptions, type SseWatcher } from "./sse-watcher.ts";
import type { Transport, Watcher } from "./watcher.ts";
import type { WireEvent, WireMessage, WirePage } from "./wire.ts";

export interface ServerUnderTest {
  readonly url: string;
  readonly key: string;
  readonly driver: Driver;
  /** How long a case waits for something that should come. Default 20 000. */
  readonly patienceMs?: number;
  /** Sessions at a time. Default 3. */
  readonly sessionsMax?: number;
  /** Whether each case gets a new session. Default false. */
  readonly freshSessions?: boolean;
  /** Further fields of the sessions that are made, as `workspace`. */
  readonly session?: Readonly<Record<string, unknown>>;
  /** Newest events that the streams hold, where that is few enough to be passed. */
  readonly eventsHeld?: number;
  /** A key of another organization. */
  readonly otherKey?: string;
  /** Ends the server and starts it again with what it has kept. */
  readonly restart?: () => Promise<void>;
  /** What it does not have. Default: nothing. */
  readonly lacks?: readonly MayLack[];
  /** Where the server was set to other times than the contract's. */
  readonly timings?: Partial<Timings>;
}

export interface Timings {
  readonly stalledMs: number;
  readonly ticketMs: number;
  readonly keepAliveMs: number;
  /** Within this it is said what becomes of a message that steers. */
  readonly steerMs: number;
  /** Longest time between two frames while text is written. */
  readonly tickMs: number;
}

export interface History {
  readonly id: string;
  readonly log: readonly WireEvent[];
  readonly last: number;
}

/** A turn lasts until this was answered, or it was stopped. */
export const HELD: Step = { ask: "Go on?", options: ["yes", "no"] };
export const YES = { kind: "question", answers: [["yes"]] } as const;
const OVER = ["completed", "failed", "stopped", "interrupted", "cancelled"];
const START_MS = 240_000;
const QUIET_MS = 3_000;

export class Venue {
  readonly api: Api;
  readonly server: ServerUnderTest;
  readonly timings: Timings;
  readonly #free: string[] = [];
  readonly #waiting: (() => void)[] = [];
  readonly #shared = new Map<string, Promise<unknown>>();
  #made = 0;
  #making: Promise<unknown> = Promise.resolve();

  constructor(server: ServerUnderTest) {
    this.server = server;
    this.api = new Api(server.url, server.key);
    this.timings = { stalledMs: 30_000, ticketMs: 30_000, keepAliveMs: 15_000, steerMs: 1_000, tickMs: 50, ...server.timings };
  }

  get patienceMs(): number {
    return this.server.patienceMs ?? 20_000;
  }

  /** What this server lacks, each with its reason. */
  get lacking(): readonly Lack[] {
    return lacksOf(this.server);
  }

  /** Made once for all cases that ask for it. */
  shared<T>(name: string, make: () => Promise<T>): Promise<T> {
    const known = this.#shared.get(name) ?? make();
    this.#shared.set(name, known);
    return known as Promise<T>;
  }

  /** One after another: starts that share a core may all come too late. */
  makeSession(): Promise<string> {
    const made = this.#making.then(() => this.#makeSession());
    this.#making = made.catch(() => undefined);
    return made;
  }

  /** How sessions start is not asked here: one that came too late on a busy machine is told to start again, as its failure says. */
  async #makeSession(): Promise<string> {
    const { id } = await this.api.json<{ id: string }>("POST /v1/sessions", { body: { model: this.server.driver.model, ...this.server.driver.session, ...this.server.session } });
    await this.poll(`session ${id} to start`, START_MS, async () => {
      const { status } = await this.api.json<{ status: string }>(`GET /v1/sessions/${id}`);
      if (status === "failed") await this.api.ask(`POST /v1/sessions/${id}/resume`, { body: {} });
      return status === "idle";
    });
    return id;
  }

  async untilIdle(id: string, patienceMs = this.patienceMs): Promise<void> {
    await this.poll(`session ${id} to be idle`, patienceMs, async () => {
      const { status, failure } = await this.api.json<{ status: string; failure?: unknown }>(`GET /v1/sessions/${id}`);
      check(status !== "failed" && status !== "ended", `the session is ${status}: ${JSON.stringify(failure)}`);
      return status === "idle";
    });
  }

  async poll(what: string, patienceMs: number, isSo: () => Promise<boolean>): Promise<void> {
    const until = performance.now() + patienceMs;
    while (!(await isSo())) {
      check(performance.now() < until, `waited ${patienceMs} ms for ${what}`);
      await new Promise((resolve) => setTimeout(resolve, Math.min(100, patienceMs / 200)));
    }
  }

  /** All messages, by the pages of their list. */
  async messages(id: string): Promise<WireMessage[]> {
    const messages: WireMessage[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const page: { readonly data: readonly WireMessage[]; readonly next: string | null } = await this.api.json(`GET /v1/sessions/${id}/messages?limit=500${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
      messages.push(...page.data);
      check(page.next !== cursor, "next leads to another page");
      cursor = page.next;
    }
    return messages;
  }

  /** The whole log, by pages. */
  async log(id: string, after = 0): Promise<WireEvent[]> {
    const events: WireEvent[] = [];
    for (let at: string | null = String(after); at !== null; ) {
      const page: WirePage = await this.api.json(`GET /v1/sessions/${id}/events?after=${at}&limit=500`);
      events.push(...page.data);
      check(page.next === null || Number(page.next) > Number(at), `next ${page.next} does not go on from ${at}`);
      at = page.next;
    }
    return events;
  }

  /** What a server does after a turn by itself, as saving its work, is over too. */
  async #untilQuiet(id: string): Promise<void> {
    let [seen, since] = [0, performance.now()];
    await this.poll(`session ${id} to be quiet`, this.patienceMs + QUIET_MS, async () => {
      const { lastSeq } = await this.api.json<{ lastSeq: number }>(`GET /v1/sessions/${id}`);
      if (lastSeq !== seen) [seen, since] = [lastSeq, performance.now()];
      return performance.now() - since >= QUIET_MS;
    });
  }

  async borrow(): Promise<string> {
    if (this.server.freshSessions) return await this.makeSession();
    for (;;) {
      const id = this.#free.pop();
      if (id !== undefined) return id;
      if (this.#made < (this.server.sessionsMax ?? 3)) {
        this.#made += 1;
        return await this.makeSession().catch((error: unknown) => {
          this.#made -= 1;
          throw error;
        });
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Takes a session back. One that does not become idle is given up. */
  async giveBack(id: string): Promise<void> {
    if (this.server.freshSessions) return;
    try {
      await this.api.ask(`POST /v1/sessions/${id}/stop`);
      await this.untilIdle(id);
      this.#free.push(id);
    } catch {
      this.#made -= 1;
    }
    this.#waiting.shift()?.();
  }

  /** A session with everything in its log that a turn can leave there; nothing happens in it any more. */
  history(): Promise<History> {
    return this.shared("history", async () => {
      const id = await this.makeSession();
      const scenes: Step[][] = [[{ think: "first a thought" }, { say: "before the tool" }, { tool: "from-the-tool" }, { say: "after the tool" }], [{ stream: 40, perSecond: 200 }], [{ say: "naïve 🙂 text – with 𝄞 in it" }]];
      for (let at = 0; at < 4; at++) scenes.push([{ say: `turn ${at}` }]);
      for (const scene of scenes) await this.play(id, scene).then(({ over }) => over());
      if (!this.server.freshSessions) await this.#untilQuiet(id);
      const log = await this.log(id);
      return { id, log, last: log.length };
    });
  }

  async play(id: string, steps: readonly Step[]): Promise<Turn> {
    return await this.say(id, this.server.driver.prompt(steps));
  }

  async say(id: string, text: string): Promise<Turn> {
    const { lastSeq } = await this.api.json<{ lastSeq: number }>(`GET /v1/sessions/${id}`);
    const { id: messageId } = await this.api.json<{ id: string }>(`POST /v1/sessions/${id}/messages`, { body: { text } });
    const over = (patienceMs?: number): Promise<string> => this.#over(id, messageId, lastSeq, patienceMs);
    return { messageId, before: lastSeq, over };
  }

  /** Begins a turn that lasts until it is let go. */
  async hold(id: string, steps: readonly Step[] = [HELD]): Promise<Held> {
    const turn = await this.play(id, steps);
    const requestId = await this.asked(id, turn);
    return { turn, requestId, release: () => this.answer(id, requestId, YES) };
  }

  /** The request of a turn that asks for something. */
  async asked(id: string, { messageId, before }: Turn, kind: "question" | "permission" = "question"): Promise<string> {
    let requestId: unknown;
    await this.poll(`message ${messageId} to ask`, this.patienceMs * 2, async () => {
      requestId = (await this.log(id, before)).find((event) => event.type === `${kind}.asked` && event.messageId === messageId)?.data["requestId"];
      return requestId !== undefined;
    });
    return String(requestId);
  }

  answer(id: string, requestId: string, answer: unknown): Promise<unknown> {
    return this.api.json(`POST /v1/sessions/${id}/answer`, { body: { requestId, answer } });
  }

  /** Ends the server and starts it again; answers once it takes requests. */
  async restart(): Promise<void> {
    check(this.server.restart, "it is known how to start it again");
    await this.server.restart();
    const { id } = await this.history();
    await this.poll("the server to be back", this.patienceMs * 2, async () => (await this.api.ask(`GET /v1/sessions/${id}`).catch(() => null))?.status === 200);
  }

  /** A viewer for all cases, which nobody closes. */
  watch(transport: Transport, id: string, after: number): Promise<Watcher> {
    const headers = this.api.headers();
    return transport === "ws" ? openSocket(this.api.url, id, headers, { after }, this.patienceMs) : openSse(this.api.url, id, headers, { after }, this.patienceMs);
  }

  /** Plays what does not end by itself while it is watched, and then stops it. */
  async playWhile<T>(id: string, steps: readonly Step[], watch: (turn: Turn) => Promise<T>): Promise<T> {
    const turn = await this.play(id, steps);
    const stop = async (): Promise<void> => {
      await this.api.json(`POST /v1/sessions/${id}/stop`);
      await turn.over();
    };
    const seen = await watch(turn).catch(async (error: unknown) => {
      await stop().catch(() => undefined);
      throw error;
    });
    await stop();
    return seen;
  }

  /** @returns how it ended */
  async #over(id: string, messageId: string, before: number, patienceMs = this.patienceMs * 2): Promise<string> {
    let status = "";
    let after = before;
    await this.poll(`message ${messageId} to be over`, patienceMs, async () => {
      const events = await this.log(id, after);
      after = events.at(-1)?.seq ?? after;
      const end = events.find((event) => event.type === "message.status" && event.messageId === messageId && OVER.includes(String(event.data["status"])));
      status = String(end?.data["status"] ?? status);
      return status !== "";
    });
    await this.untilIdle(id);
    return status;
  }
}

export interface Turn {
  readonly messageId: string;
  /** The newest event before it. */
  readonly before: number;
  over(patienceMs?: number): Promise<string>;
}

export interface Held {
  readonly turn: Turn;
  readonly requestId: string;
  /** Answers what it waits for. */
  release(): Promise<unknown>;
}

/** What one case works with; `end` leaves nothing of it. */
export class Stage {
  readonly venue: Venue;
  readonly #watchers: Watcher[] = [];
  readonly #borrowed: string[] = [];

  constructor(venue: Venue) {
    this.venue = venue;
  }

  get api(): Api {
    return this.venue.api;
  }

  get timings(): Timings {
    return this.venue.timings;
  }

  history(): Promise<History> {
    return this.venue.history();
  }

  /** A session that is idle and this case's own. */
  async session(): Promise<string> {
    const id = await this.venue.borrow();
    this.#borrowed.push(id);
    return id;
  }

  async lastSeq(id: string): Promise<number> {
    return (await this.api.json<{ lastSeq: number }>(`GET /v1/sessions/${id}`)).lastSeq;
  }

  async socket(id: string, options: SocketOptions & { readonly key?: string | null } = {}): Promise<SocketWatcher> {
    const { key = options.ticket === undefined ? this.api.key : null } = options;
    const watcher = await openSocket(this.api.url, id, this.api.headers({ key }), options, this.venue.patienceMs);
    this.#watchers.push(watcher);
    return watcher;
  }

  async sse(id: string, options: SseOptions & { readonly key?: string | null } = {}): Promise<SseWatcher> {
    const { key = this.api.key } = options;
    const watcher = await openSse(this.api.url, id, this.api.headers({ key }), options, this.venue.patienceMs);
    this.#watchers.push(watcher);
    return watcher;
  }

  watch(transport: Transport, id: string, after: number): Promise<Watcher> {
    return transport === "ws" ? this.socket(id, { after }) : this.sse(id, { after });
  }

  play(id: string, steps: readonly Step[]): Promise<Turn> {
    return this.venue.play(id, steps);
  }

  hold(id: string): Promise<Held> {
    return this.venue.hold(id);
  }

  playWhile<T>(id: string, steps: readonly Step[], watch: (turn: Turn) => Promise<T>): Promise<T> {
    return this.venue.playWhile(id, steps, watch);
  }

  async end(): Promise<void> {
    for (const watcher of this.#watchers) watcher.close();
    for (const id of this.#borrowed) await this.venue.giveBack(id);
  }
}

export const COUNTED_40 = counted(40);
