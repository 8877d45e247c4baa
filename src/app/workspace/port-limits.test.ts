/** What guests, what is served and a sandbox that lies may take of the object that everybody's terminals go through. */
import { makeProblem, PORT_MESSAGE_BYTES_MAX, TUNNEL_WINDOW_BYTES } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { encodeMessage } from "../../core/tunnel/port-messages.ts";
import { TunnelEnd } from "../../core/tunnel/tunnel-end.ts";
import type { TunnelStream } from "../../core/tunnel/tunnel-stream.ts";
import type { Author, BrokerGrant, Result, SessionHandle } from "../session-handle.ts";
import type { WorkspaceAnswers, WorkspaceCommand } from "../session-workspace.ts";
import { answerPort } from "./port-answer.ts";
import { PortCall } from "./port-call.ts";
import { PortGuests } from "./port-guests.ts";
import { joinPort } from "./port-socket.ts";
import { WorkspaceHub, type SocketEvents } from "./workspace-hub.ts";

const ADA: Author = { actor: { kind: "user", id: "usr_ada" }, apiKeyId: null, role: "owner" };
const WHAT = { port: 3000, socket: false, method: "GET", path: "/", headers: [] };
const CALL = { ...WHAT, pass: "wkp_org.x", origin: "http://3000--ses-x.localhost" };
const OK = { is: "answer", status: 200, headers: [] };

class World {
  nowMs = 0;
  /** Null: nothing. */
  head: object | null = OK;
  readonly opened: TunnelStream[] = [];
  readonly hub: WorkspaceHub;
  readonly guests: PortGuests;
  #down: SocketEvents | null = null;

  constructor() {
    const answers: Partial<Record<WorkspaceCommand["do"], unknown>> = { pass: ADA, enter: { epoch: 1 } };
    const session: Pick<SessionHandle, "workspace" | "authorizeBroker"> = {
      workspace: async <C extends WorkspaceCommand>({ do: what }: C) => (answers[what] === undefined ? { ok: false, problem: makeProblem("conflict", "not asked here") } : { ok: true, value: answers[what] }) as Result<WorkspaceAnswers[C["do"]]>,
      authorizeBroker: async () => ({ epoch: 1 }) as BrokerGrant,
    };
    this.hub = new WorkspaceHub({ session, timers: { now: () => this.nowMs, after: () => undefined }, log: () => undefined });
    this.guests = new PortGuests(this.hub, session);
  }

  dial(): void {
    const end = new TunnelEnd({ send: (message) => this.#down?.message(message) }, (_what, stream) => {
      this.opened.push(stream);
      const { head } = this;
      if (head !== null) queueMicrotask(() => stream.sendHead({ ...head }));
      return { data: () => undefined, reset: () => undefined };
    });
    // A wire brings no credit back within the write that it is for.
    const send = (message: string | Uint8Array): void => {
      if (typeof message === "string" && message.includes('"credit"')) queueMicrotask(() => void end.receive(message));
      else end.receive(message);
    };
    this.#down = this.hub.joinTunnel({ send, close: () => end.lost("closed") }, 1);
  }

  ask(signal = new AbortController().signal): Promise<Response> {
    return answerPort(this.guests, CALL, null, signal);
  }

  async join(): Promise<{ readonly events: SocketEvents; readonly closed: readonly [number, string][] }> {
    this.head = { is: "socket", protocol: "" };
    const closed: [number, string][] = [];
    const joined = Promise.withResolvers<SocketEvents>();
    await joinPort(this.guests, { ...CALL, socket: true }, (join) => {
      joined.resolve(join({ send: () => undefined, close: (code, reason) => void closed.push([code, reason]) }));
      return new Response();
    });
    return { events: await joined.promise, closed };
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const problemOf = async (answer: Promise<Response>): Promise<unknown> => (await answer).json();

verifies("WSP21", "who waits for the sandbox counts as who is under way", async () => {
  const world = new World();
  const asked = Promise.allSettled(Array.from({ length: 300 }, () => world.ask()));
  await settled();
  world.dial();
  expect((await asked).filter(({ status }) => status === "fulfilled")).toHaveLength(200);
  expect(world.opened).toHaveLength(200);
});

verifies("WSP21", "of those that are silent the longest makes room where there is none, and none that is heard of", async () => {
  const world = new World();
  world.dial();
  for (let i = 0; i < 200; i++) {
    await world.ask();
    world.nowMs += 1_000;
  }
  world.opened[0]?.write(Buffer.from("still here"));
  await world.ask();
  expect(world.opened.map(({ isOver }) => isOver).indexOf(true)).toBe(1);
  for (const stream of world.opened) stream.write(Buffer.from("as all others"));
  await expect(world.ask()).rejects.toMatchObject({ problem: { status: 503 } });
});

verifies("WSP21", "whoever is gone before the sandbox is asked keeps no place", async () => {
  const world = new World();
  world.dial();
  world.head = null;
  await problemOf(world.ask(AbortSignal.abort()));
  expect(world.opened.map(({ isOver }) => isOver)).toEqual([true]);
});

verifies("WSP21", "a sandbox that ends without an answer, or with one that cannot be, is told as such and keeps no place", async () => {
  const world = new World();
  world.dial();
  world.head = null;
  const silent = problemOf(world.ask());
  await settled();
  world.opened[0]?.end();
  expect(await silent).toMatchObject({ status: 502 });
  for (const head of [{ ...OK, headers: [["not a name", "x"]] }, { ...OK, headers: [["x", "a\r\nset-cookie: b=1"]] }, { is: "socket", protocol: "" }]) {
    world.head = head;
    expect(await problemOf(world.ask())).toMatchObject({ status: 502 });
  }
  expect(world.opened.map(({ isOver }) => isOver)).toEqual([true, true, true, true]);
});

verifies("WSP19", "for who left while the sandbox was asked nothing is opened, since nobody would be asked about them", async () => {
  const world = new World();
  world.dial();
  const { guest, tunnel } = await world.guests.enter(CALL.pass, 3000);
  guest.close(4401, "not any more");
  expect(() => new PortCall(tunnel, guest, WHAT)).toThrow("did not answer");
  expect(world.opened).toEqual([]);
});

verifies("WSP21", "an answer that comes byte by byte for who does not read it costs what it is long", async () => {
  const world = new World();
  world.dial();
  const answer = await world.ask();
  const stream = world.opened[0];
  for (let i = 0; i < TUNNEL_WINDOW_BYTES + 10; i++) stream?.write(Uint8Array.of(i % 251));
  expect(stream?.waitingBytes).toBe(10);
  stream?.end();
  const sizes: number[] = [];
  const read: number[] = [];
  for (const reader = answer.body?.getReader(); ; ) {
    const { done, value } = (await reader?.read()) ?? { done: true };
    if (done || value === undefined) break;
    sizes.push(value.length);
    read.push(...value.subarray(0, 1));
  }
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(TUNNEL_WINDOW_BYTES + 10);
  expect(sizes.length).toBeLessThan(20);
  expect(read[0]).toBe(0);
});

verifies("WSP21", "a socket is closed whatever code the sandbox gives it", async () => {
  for (const [code, sent] of [["0000", 1000], ["0999", 1000], ["5000", 1000], ["1006", 1000], ["4321", 4321]] as const) {
    const world = new World();
    world.dial();
    const { closed } = await world.join();
    const body = Buffer.from(`${code} over`);
    world.opened[0]?.write(Buffer.concat([Uint8Array.of(3, 0, 0, 0, body.length), body]));
    expect(closed).toEqual([[sent, "over"]]);
  }
});

verifies("WSP21", "messages that are not whole, or not read, have so much room in all, and no more with each socket", async () => {
  const world = new World();
  world.dial();
  const sockets = [];
  const message = encodeMessage({ is: "binary", bytes: new Uint8Array(PORT_MESSAGE_BYTES_MAX) });
  for (let i = 0; i < 12; i++) {
    const socket = await world.join();
    sockets.push(socket);
    if (i % 2 === 0) world.opened.at(-1)?.write(message.slice(0, -1));
    else socket.events.message(new Uint8Array(PORT_MESSAGE_BYTES_MAX));
    await settled();
  }
  const closed = sockets.filter((socket) => socket.closed.length > 0);
  expect(closed).toEqual(sockets.slice(-closed.length));
  expect([closed.length > 2, closed.length < 6]).toEqual([true, true]);
});
