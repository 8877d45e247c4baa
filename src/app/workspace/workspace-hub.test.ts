/** The hub between a session that is asked, a tunnel and sockets, all of them made up. */
import { CLOSE_CODES, TUNNEL_WINDOW_BYTES } from "@berth/protocol";
import { makeProblem } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { TunnelEnd } from "../../core/tunnel/tunnel-end.ts";
import type { StreamListener, TunnelStream } from "../../core/tunnel/tunnel-stream.ts";
import type { Author, BrokerGrant, Result, SessionHandle } from "../session-handle.ts";
import type { WorkspaceAnswers, WorkspaceCommand } from "../session-workspace.ts";
import { HubTime, settled } from "./hub-time.testkit.ts";
import { MARK_EVERY_BYTES } from "./shown-marks.ts";
import { joinTerminal } from "./terminal-viewer.ts";
import { NotAdmitted, WorkspaceHub, type SocketEvents } from "./workspace-hub.ts";

const ADA: Author = { actor: { kind: "user", id: "usr_ada" }, apiKeyId: null, role: "owner" };
const SHELL = { name: "a", cols: 80, rows: 24 };

class Socket {
  readonly texts: string[] = [];
  bytes = 0;
  closed: readonly [number, string] | null = null;
  send = (message: string | Uint8Array): void => {
    if (typeof message === "string") this.texts.push(message);
    else this.bytes += message.length;
  };
  marks(): string[] {
    return this.texts.flatMap((text) => (text.startsWith('{"type":"mark"') ? [(JSON.parse(text) as { mark: string }).mark] : []));
  }
  close = (code: number, reason: string): void => void (this.closed ??= [code, reason]);
}

class World {
  epoch: number | null = 1;
  answers: Partial<{ [Do in WorkspaceCommand["do"]]: Result<WorkspaceAnswers[Do]> | Error }> = {};
  readonly asked: WorkspaceCommand[] = [];
  readonly logged: object[] = [];
  readonly #time = new HubTime();
  readonly pass = this.#time.pass;
  readonly hub: WorkspaceHub;

  constructor() {
    const session: Pick<SessionHandle, "workspace" | "authorizeBroker"> = {
      workspace: async <C extends WorkspaceCommand>(command: C) => {
        this.asked.push(command);
        const answer = this.answers[command.do] ?? this.#answer(command);
        if (answer instanceof Error) throw answer;
        return answer as Result<WorkspaceAnswers[C["do"]]>;
      },
      authorizeBroker: async (token) => (token === `token-${this.epoch}` ? ({ epoch: this.epoch } as BrokerGrant) : null),
    };
    this.hub = new WorkspaceHub({ session, timers: this.#time, log: (entry) => void this.logged.push(entry) });
  }

  /** The runtime of that sandbox dials; what is opened is answered and kept. */
  async dial(epoch = this.epoch ?? 0): Promise<Sandbox> {
    return new Sandbox(this.hub, await this.hub.admitTunnel(`token-${epoch}`));
  }

  async visit(): Promise<{ readonly socket: Socket; readonly events: SocketEvents }> {
    const who = await this.hub.admitByTicket("wkt_org.x");
    const socket = new Socket();
    const events = joinTerminal(this.hub, socket, who, SHELL);
    await settled();
    return { socket, events };
  }

  #answer(command: WorkspaceCommand): Result<unknown> {
    switch (command.do) {
      case "redeem":
        return { ok: true, value: ADA };
      case "enter":
        return this.epoch === null ? { ok: false, problem: makeProblem("conflict", "There is no sandbox to open now.") } : { ok: true, value: { epoch: this.epoch } };
      case "stand":
        return { ok: true, value: { epoch: this.epoch, mayStay: command.visitors.map(() => true) } };
      case "ticket":
      case "preview":
      case "pass":
        return { ok: false, problem: makeProblem("conflict", "not asked here") };
    }
  }
}

class Sandbox {
  readonly socket = new Socket();
  readonly opened: { readonly what: unknown; readonly stream: TunnelStream; typed: string; word: unknown; reset: string | null }[] = [];
  /** Answers nothing that is opened. */
  isMute = false;
  /** Messages that came down, of any kind. */
  down = 0;
  readonly #events: SocketEvents;

  constructor(hub: WorkspaceHub, epoch: number) {
    const end = new TunnelEnd({ send: (message) => this.say(message) }, (what, stream) => this.#accept(what, stream));
    const close = (code: number, reason: string): void => {
      this.socket.close(code, reason);
      end.lost(reason);
    };
    this.#events = hub.joinTunnel({ send: (message) => void ((this.down += 1), end.receive(message)), close }, epoch);
  }

  say(message: string | Uint8Array): void {
    this.#events.message(message);
  }

  hangUp(): void {
    this.#events.gone();
  }

  #accept(what: Readonly<Record<string, unknown>>, stream: TunnelStream): StreamListener {
    const one = { what, stream, typed: "", word: null as unknown, reset: null as string | null };
    this.opened.push(one);
    if (!this.isMute) queueMicrotask(() => stream.sendHead({ fresh: true }));
    return { data: (bytes) => void (one.typed += Buffer.from(bytes).toString()), word: (word) => void (one.word = word), reset: (reason) => void (one.reset = reason) };
  }
}

const ended = { type: "exited", code: 0 };

verifies(["WSP1", "WSP2"], "what is typed goes down and what is shown comes up, once the sandbox dialed, and the end of the shell is told", async () => {
  const world = new World();
  const { socket, events } = await world.visit();
  expect(world.asked.at(-1)).toEqual({ do: "enter", acts: true, tunnelEpoch: null });
  const sandbox = await world.dial();
  await settled();
  const [shell] = sandbox.opened;
  expect(shell?.what).toEqual({ kind: "terminal", ...SHELL });
  expect(socket.texts).toEqual(['{"type":"opened","fresh":true}']);
  events.message(Buffer.from("ls\r"));
  events.message('{"type":"resize","cols":100,"rows":30}');
  shell?.stream.write(Buffer.from("file"));
  expect([shell?.typed, shell?.word, socket.bytes]).toEqual(["ls\r", { resize: true, cols: 100, rows: 30 }, 4]);
  shell?.stream.sendWord({ exit: 0 });
  shell?.stream.end();
  expect([socket.texts.at(-1), socket.closed]).toEqual([JSON.stringify(ended), [1000, "the shell ended"]]);
  await world.visit();
  expect(world.asked.at(-1)).toEqual({ do: "enter", acts: true, tunnelEpoch: 1 });
  expect(sandbox.opened).toHaveLength(2);
});

verifies("WSP6", "of a ticket that is refused, and of who may not enter, nothing goes down", async () => {
  const world = new World();
  const sandbox = await world.dial();
  const tried: readonly [keyof World["answers"], ReturnType<typeof makeProblem>, number][] = [
    ["redeem", makeProblem("unauthenticated", "The ticket is unknown, used or expired."), CLOSE_CODES.unauthorized],
    ["redeem", makeProblem("not-found", "There is no such session."), CLOSE_CODES.unauthorized],
    ["enter", makeProblem("forbidden", "You may watch this session, and not act in it."), CLOSE_CODES.unauthorized],
    ["enter", makeProblem("not-found", "There is no such session."), CLOSE_CODES.notFound],
    ["enter", makeProblem("conflict", "There is no sandbox to open now."), CLOSE_CODES.refused],
  ];
  for (const [command, problem, code] of tried) {
    world.answers = { [command]: { ok: false, problem } };
    const refused = await world.hub.admitByTicket("wkt_org.x").catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(NotAdmitted);
    expect(refused).toMatchObject({ code, message: problem.detail });
  }
  expect([sandbox.down, sandbox.opened]).toEqual([0, []]);
});

verifies("WSP7", "only the current sandbox's token opens the tunnel, and a newer one, or the same sandbox's next, takes the place of the older", async () => {
  const world = new World();
  await expect(world.dial(2)).rejects.toMatchObject({ code: CLOSE_CODES.fenced });
  const first = await world.dial();
  const { socket } = await world.visit();
  const again = await world.dial();
  expect([first.socket.closed?.[0], socket.closed?.[0]]).toEqual([CLOSE_CODES.fenced, CLOSE_CODES.fenced]);
  world.epoch = 2;
  const other = await world.visit();
  const second = await world.dial();
  await settled();
  expect([again.socket.closed?.[0], other.socket.texts, second.opened.length]).toEqual([CLOSE_CODES.fenced, ['{"type":"opened","fresh":true}'], 1]);
  const late = new Sandbox(world.hub, 1);
  expect([late.socket.closed?.[0], second.socket.closed]).toEqual([CLOSE_CODES.fenced, null]);
});

verifies("WSP14", "of several who come at once, one has the sandbox dialed, and none loses what another opened", async () => {
  const world = new World();
  const dials = (): number => world.asked.filter((one) => one.do === "enter" && one.tunnelEpoch !== world.epoch).length;
  const visits = Promise.all([world.visit(), world.visit(), world.visit()]);
  await settled();
  const sandbox = await world.dial();
  const shells = await visits;
  await settled();
  expect([dials(), sandbox.opened.length, shells.map(({ socket }) => socket.closed)]).toEqual([1, 3, [null, null, null]]);
  // The one that was asked did not dial: whoever comes after that asks again.
  sandbox.hangUp();
  await world.visit();
  await world.visit();
  expect(dials()).toBe(2);
  await world.pass(15_000);
  await world.visit();
  expect(dials()).toBe(3);
  world.answers = { enter: new Error("the object is away") };
  await expect(world.visit()).rejects.toThrow("the object is away");
  world.answers = {};
  world.epoch = 2;
  await world.visit();
  expect(world.asked.at(-1)).toMatchObject({ do: "enter", tunnelEpoch: 1 });
});

verifies("WSP4", "who may not stay is sent away at the next look, and everybody when the sandbox or the session is gone", async () => {
  const world = new World();
  const sandbox = await world.dial();
  const [stays, goes] = [await world.visit(), await world.visit()];
  stays.events.message(Buffer.from("x"));
  world.answers = { stand: { ok: true, value: { epoch: 1, mayStay: [true, false] } } };
  await world.pass(15_000);
  expect(world.asked.at(-1)).toMatchObject({ do: "stand", visitors: [{ acted: true }, { acted: false }] });
  expect([stays.socket.closed, goes.socket.closed?.[0], sandbox.opened[1]?.reset]).toEqual([null, CLOSE_CODES.unauthorized, expect.stringContaining("opens nothing any more")]);
  world.answers = {};
  world.epoch = null;
  await world.pass(15_000);
  expect([stays.socket.closed?.[0], sandbox.socket.closed?.[0]]).toEqual([CLOSE_CODES.fenced, CLOSE_CODES.fenced]);

  const over = new World();
  await over.dial();
  const { socket } = await over.visit();
  over.answers = { stand: { ok: false, problem: makeProblem("not-found", "There is no such session.") } };
  await over.pass(15_000);
  expect(socket.closed?.[0]).toBe(CLOSE_CODES.sessionEnded);
});

verifies("WSP4", "who cannot be asked about is believed for 30 s and no longer", async () => {
  const world = new World();
  await world.dial();
  const { socket } = await world.visit();
  world.answers = { stand: new Error("the object is away") };
  await world.pass(30_000);
  expect(socket.closed).toBeNull();
  await world.pass(15_000);
  expect(socket.closed?.[0]).toBe(CLOSE_CODES.unauthorized);
});

verifies("WSP8", "a sandbox that says what it may not loses its tunnel, and who is inside is told", async () => {
  const world = new World();
  const sandbox = await world.dial();
  const { socket } = await world.visit();
  sandbox.say('{"type":"open","id":9,"what":{}}');
  expect([sandbox.socket.closed?.[0], socket.closed?.[0], world.logged]).toEqual([CLOSE_CODES.badRequest, CLOSE_CODES.fenced, [{ event: "tunnel-violation", epoch: 1 }]]);
  const hung = await world.dial();
  const next = await world.visit();
  hung.hangUp();
  expect(next.socket.closed).toEqual([CLOSE_CODES.fenced, "the sandbox is not there any more"]);
});

verifies("WSP9", "who waits for a sandbox that does not dial is told after 15 s, and a tunnel that nobody uses is closed", async () => {
  const world = new World();
  const { socket } = await world.visit();
  await world.pass(15_000);
  expect(socket.closed).toEqual([CLOSE_CODES.refused, "The sandbox did not answer."]);
  const sandbox = await world.dial();
  const used = await world.visit();
  await world.pass(60_000);
  expect(sandbox.socket.closed).toBeNull();
  used.events.gone();
  await world.pass(45_000);
  expect(sandbox.socket.closed?.[0]).toBe(1000);
  const asked = world.asked.length;
  await world.pass(600_000);
  expect(world.asked.length).toBe(asked);
});

verifies("WSP10", "a page that does not read stops its shell at the window, and one that types what is not read is sent away", async () => {
  const world = new World();
  const sandbox = await world.dial();
  const [still, other] = [await world.visit(), await world.visit()];
  const [first, second] = sandbox.opened;
  expect(first?.stream.write(new Uint8Array(TUNNEL_WINDOW_BYTES * 2))).toBe(false);
  expect([still.socket.bytes, first?.stream.waitingBytes]).toEqual([TUNNEL_WINDOW_BYTES, TUNNEL_WINDOW_BYTES]);
  second?.stream.write(new Uint8Array(10));
  expect(other.socket.bytes).toBe(10);
  // Nothing that a page can make up proves that it reads, and neither does what it gave back before.
  for (const made of ["", "mark", still.socket.texts[0] ?? ""]) still.events.message(JSON.stringify({ type: "ack", mark: made.slice(0, 64) }));
  expect(still.socket.bytes).toBe(TUNNEL_WINDOW_BYTES);
  const [one, , , last] = still.socket.marks();
  for (let i = 0; i < 9; i++) still.events.message(JSON.stringify({ type: "ack", mark: one }));
  expect(still.socket.bytes).toBe(TUNNEL_WINDOW_BYTES + MARK_EVERY_BYTES);
  still.events.message(JSON.stringify({ type: "ack", mark: last }));
  expect(still.socket.bytes).toBe(2 * TUNNEL_WINDOW_BYTES);
  expect(new Set(still.socket.marks()).size).toBe(still.socket.marks().length);
  for (let i = 0; i < 6; i++) other.events.message(new Uint8Array(TUNNEL_WINDOW_BYTES));
  expect(other.socket.closed?.[0]).toBe(CLOSE_CODES.slowViewer);
  still.events.message('{"type":"ack","bytes":1000000000}');
  expect(still.socket.closed?.[0]).toBe(CLOSE_CODES.badRequest);
});

verifies("WSP10", "of sizes that come faster than ten a second the newest goes down, and no other waits", async () => {
  const world = new World();
  const sandbox = await world.dial();
  const { events } = await world.visit();
  const [shell] = sandbox.opened;
  const before = sandbox.down;
  for (let cols = 1; cols <= 900; cols++) events.message(JSON.stringify({ type: "resize", cols, rows: 30 }));
  expect([shell?.word, sandbox.down - before]).toEqual([{ resize: true, cols: 1, rows: 30 }, 1]);
  await world.pass(100);
  expect([shell?.word, sandbox.down - before]).toEqual([{ resize: true, cols: 900, rows: 30 }, 2]);
  await world.pass(1_000);
  events.message('{"type":"resize","cols":7,"rows":7}');
  expect([shell?.word, sandbox.down - before]).toEqual([{ resize: true, cols: 7, rows: 7 }, 3]);
});

verifies("WSP9", "what the sandbox refuses is closed for good with its reason, and one that opens no shell in 10 s loses its tunnel", async () => {
  const world = new World();
  const sandbox = await world.dial();
  const { socket } = await world.visit();
  sandbox.opened[0]?.stream.reset("There are 8 shells in this sandbox, and somebody is at each: end one.");
  expect(socket.closed).toEqual([CLOSE_CODES.refused, "There are 8 shells in this sandbox, and somebody is at each: end one."]);
  const inside = await world.visit();
  await world.pass(10_000);
  expect([inside.socket.closed, sandbox.socket.closed]).toEqual([null, null]);
  sandbox.isMute = true;
  const waiting = await world.visit();
  await world.pass(9_999);
  expect(waiting.socket.closed).toBeNull();
  await world.pass(1);
  expect([waiting, inside].map((one) => one.socket.closed?.[0])).toEqual([CLOSE_CODES.fenced, CLOSE_CODES.fenced]);
  expect([sandbox.socket.closed?.[0], world.logged]).toEqual([CLOSE_CODES.fenced, [{ event: "tunnel-silent", epoch: 1 }]]);
});

verifies("WSP13", "who is shown something acts as who types does, however little it is, and what could not be told is told the next time", async () => {
  const world = new World();
  const sandbox = await world.dial();
  const { socket, events } = await world.visit();
  const acted = (): unknown => {
    const last = world.asked.at(-1);
    return last?.do === "stand" ? last.visitors.map((one) => one.acted) : last;
  };
  const isShown = async (): Promise<void> => {
    sandbox.opened[0]?.stream.write(Buffer.from("."));
    await world.pass(5_000);
  };
  await isShown();
  await world.pass(10_000);
  // Sent, and not known to be read.
  expect([socket.marks().length, acted()]).toEqual([1, [false]]);
  world.answers = { stand: new Error("the object is away") };
  events.message(JSON.stringify({ type: "ack", mark: socket.marks()[0] }));
  await world.pass(15_000);
  expect(acted()).toEqual([true]);
  world.answers = {};
  await world.pass(15_000);
  expect(acted()).toEqual([true]);
  await world.pass(15_000);
  expect(acted()).toEqual([false]);
  events.message(JSON.stringify({ type: "ack", mark: socket.marks()[0] }));
  await world.pass(15_000);
  expect(acted()).toEqual([false]);
});
