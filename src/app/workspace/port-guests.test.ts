/** Guests of previews between a session that is asked, a tunnel and a hub, all of them made up. */
import { CLOSE_CODES, makeProblem, type Problem } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { TunnelEnd } from "../../core/tunnel/tunnel-end.ts";
import type { TunnelStream } from "../../core/tunnel/tunnel-stream.ts";
import type { Author, BrokerGrant, Result, SessionHandle } from "../session-handle.ts";
import type { WorkspaceAnswers, WorkspaceCommand } from "../session-workspace.ts";
import { HubTime, settled } from "./hub-time.testkit.ts";
import { answerPort } from "./port-answer.ts";
import { PortGuests } from "./port-guests.ts";
import { joinPort } from "./port-socket.ts";
import { WorkspaceHub, type SocketEvents } from "./workspace-hub.ts";

const ADA: Author = { actor: { kind: "user", id: "usr_ada" }, apiKeyId: null, role: "owner" };
const PASS = "wkp_org.x";
const CALL = { pass: PASS, port: 3000, origin: "http://3000--ses-x.localhost", socket: false, method: "GET", path: "/", headers: [] };

class World {
  epoch = 1;
  mayStay: boolean | null = true;
  pass: Problem | null = null;
  enter: Problem | null = null;
  readonly asked: WorkspaceCommand[] = [];
  /** What was opened inside. */
  readonly opened: TunnelStream[] = [];
  answersWith: object = { is: "answer", status: 200, headers: [["content-type", "text/plain"]] };
  readonly hub: WorkspaceHub;
  readonly guests: PortGuests;
  readonly #time = new HubTime();
  readonly passes = this.#time.pass;
  #down: SocketEvents | null = null;

  constructor() {
    const session: Pick<SessionHandle, "workspace" | "authorizeBroker"> = {
      workspace: async <C extends WorkspaceCommand>(command: C) => {
        this.asked.push(command);
        return this.#answer(command) as Result<WorkspaceAnswers[C["do"]]>;
      },
      authorizeBroker: async () => ({ epoch: this.epoch }) as BrokerGrant,
    };
    this.hub = new WorkspaceHub({ session, timers: this.#time, log: () => undefined });
    this.guests = new PortGuests(this.hub, session);
  }

  /** The runtime of the sandbox dials. */
  dial(): void {
    const end = new TunnelEnd({ send: (message) => this.#down?.message(message) }, (_what, stream) => {
      this.opened.push(stream);
      queueMicrotask(() => stream.sendHead({ ...this.answersWith }));
      return { data: () => undefined, reset: () => undefined };
    });
    this.#down = this.hub.joinTunnel({ send: (message) => void end.receive(message), close: () => end.lost("closed") }, this.epoch);
  }

  ask(): Promise<Response> {
    return answerPort(this.guests, CALL, null, new AbortController().signal);
  }

  count(what: WorkspaceCommand["do"]): number {
    return this.asked.filter((one) => one.do === what).length;
  }

  #answer(command: WorkspaceCommand): Result<unknown> {
    if (command.do === "pass") return this.pass ? { ok: false, problem: this.pass } : { ok: true, value: ADA };
    if (command.do === "enter") return this.enter ? { ok: false, problem: this.enter } : { ok: true, value: { epoch: this.epoch } };
    if (command.do === "stand") return { ok: true, value: { epoch: this.epoch, mayStay: command.visitors.map(() => this.mayStay) } };
    return { ok: false, problem: makeProblem("conflict", "not asked here") };
  }
}


verifies(["WSP19", "WSP20"], "many who come at once with one pass are one guest, asked about once, and each has an answer of their own", async () => {
  const world = new World();
  const answers = [world.ask(), world.ask(), world.ask()];
  await settled();
  world.dial();
  const got = await Promise.all(answers);
  expect([got.map(({ status }) => status), world.count("pass"), world.count("enter"), world.opened.length]).toEqual([[200, 200, 200], 1, 1, 3]);
  world.opened[1]?.write(Buffer.from("second"));
  for (const stream of world.opened) stream.end();
  expect(await Promise.all(got.map((answer) => answer.text()))).toEqual(["", "second", ""]);
});

verifies("WSP16", "of a pass that is refused, and of who may not enter, nothing goes down", async () => {
  const world = new World();
  world.dial();
  world.pass = makeProblem("unauthenticated", "This preview is not open any more.");
  await expect(world.ask()).rejects.toMatchObject({ problem: { status: 401 } });
  await expect(joinPort(world.guests, { ...CALL, socket: true }, () => new Response())).rejects.toMatchObject({ problem: { status: 401 } });
  world.pass = null;
  world.enter = makeProblem("forbidden", "You may watch this session, and not act in it.");
  world.epoch = 2;
  await expect(world.ask()).rejects.toMatchObject({ problem: { status: 403 } });
  expect(world.opened).toEqual([]);
});

verifies("WSP19", "each use puts off the sleep and is renewed every minute; who does nothing for a minute is forgotten, and comes back by the pass", async () => {
  const world = new World();
  world.dial();
  const stood = (): unknown => {
    const last = world.asked.findLast((one) => one.do === "stand");
    return last?.do === "stand" ? last.visitors.map(({ acted }) => acted) : null;
  };
  await world.ask();
  world.opened[0]?.end();
  await world.passes(15_000);
  expect(stood()).toEqual([true]);
  await world.passes(15_000);
  expect(stood()).toEqual([false]);
  await world.passes(30_000);
  expect(world.count("pass")).toBe(2);
  await world.passes(75_000);
  expect([world.count("pass"), stood()]).toEqual([2, []]);
  world.dial();
  await world.ask();
  expect([world.count("pass"), world.count("enter")]).toEqual([3, 2]);
});

verifies("WSP19", "who may not stay is cut off with all that is under way, request and socket, and so is one whose pass is over", async () => {
  for (const end of ["stand", "pass"] as const) {
    const world = new World();
    world.dial();
    const answer = await world.ask();
    world.answersWith = { is: "socket", protocol: "" };
    const closed: unknown[] = [];
    await joinPort(world.guests, { ...CALL, socket: true }, (join) => {
      join({ send: () => undefined, close: (code, reason) => void closed.push([code, reason]) });
      return new Response();
    });
    if (end === "stand") world.mayStay = false;
    else world.pass = makeProblem("unauthenticated", "This preview is not open any more.");
    const text = answer.text();
    await Promise.all([expect(text).rejects.toThrow(), world.passes(60_000)]);
    expect(closed).toEqual([[CLOSE_CODES.unauthorized, expect.any(String)]]);
    expect(world.opened.map(({ isOver }) => isOver)).toEqual([true, true]);
  }
});

verifies("WSP19", "a sandbox takes so many requests at once and no more", async () => {
  const world = new World();
  world.dial();
  for (let i = 0; i < 200; i++) await world.ask();
  await expect(world.ask()).rejects.toMatchObject({ problem: { status: 503 } });
  world.opened[0]?.end();
  await world.ask();
});
