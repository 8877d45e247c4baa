/** The program on fakes with the real runtime in each sandbox, driving a scripted agent over a wire in memory. */
import { createHash } from "node:crypto";
import type { DownFrame, ServerFrame, SessionEvent, UpFrame } from "@berth/protocol";
import { Journal, type JournalLog } from "../../../packages/sandbox-runtime/src/journal.ts";
import { Runtime } from "../../../packages/sandbox-runtime/src/runtime.ts";
import type { CheckpointListener, Checkpoints } from "../../../packages/sandbox-runtime/src/checkpoint/checkpointer.ts";
import type { Dial } from "../../../packages/sandbox-runtime/src/wire.ts";
import type { Author } from "../../../src/app/session-handle.ts";
import type { ArchiveLimits } from "../../../src/app/session/blob-keeper.ts";
import type { InProcessSession, OpenedSocket } from "../../../src/app/session/in-process-session.ts";
import { unchanged } from "../../../src/app/session/not-committed.ts";
import { composeMemory, type MemoryInstance, type MemorySessions } from "../../../src/compose/memory.ts";
import { FaultScript } from "../../../src/core/kernel/fault.ts";
import { createFakeAgentStore, InMemoryCodingAgent, type FakeAgentStore } from "../../../src/ports/agent/agent.fake.ts";
import type { CodingAgent } from "../../../src/ports/agent/agent.port.ts";
import { AGENT_FAULTS } from "../../../src/ports/agent/agent.faults.ts";
import type { SandboxSpec } from "../../../src/ports/sandbox/sandbox.port.ts";
import type { Identity } from "../../../src/ports/identity/identity.port.ts";
import { ManualTime } from "./manual-time.ts";

export const AUTHOR: Author = { actor: { kind: "user", id: "usr_1", name: "Ada" }, apiKeyId: null, role: "owner" };
export const MODEL = "demo/demo";

/** What a sandbox keeps on its disk over its epochs. */
interface SandboxDisk {
  readonly lines: string[];
  readonly agent: FakeAgentStore;
}

export class MemoryBerth {
  readonly time = new ManualTime();
  readonly agentFaults = new FaultScript(AGENT_FAULTS);
  readonly instance: MemoryInstance;
  /** Links of running sandboxes, by sandbox id; cutting one is a lost connection. */
  readonly links = new Map<string, { cut(): void }>();
  /** What each sandbox dials with, by sandbox id. */
  readonly tokens = new Map<string, string>();
  readonly #disks = new Map<string, SandboxDisk>();

  readonly #agentOf: ((spec: SandboxSpec) => CodingAgent) | undefined;

  /** @param options.agentOf the agent of a sandbox; absent: one that obeys directives */
  constructor(options: { readonly agentOf?: (spec: SandboxSpec) => CodingAgent; readonly seed?: number; readonly backends?: readonly string[]; readonly archive?: ArchiveLimits; readonly identity?: (now: () => number) => Identity } = {}) {
    this.#agentOf = options.agentOf;
    this.instance = composeMemory({
      timers: this.time,
      seed: options.seed ?? 1,
      ...(options.backends ? { backends: options.backends } : {}),
      ...(options.identity ? { identity: options.identity(() => this.time.now()) } : {}),
      ...(options.archive ? { archive: options.archive } : {}),
      // In the same turn: time that is moved by hand would run away from a hash that is made by a thread.
      sha256: async (text) => createHash("sha256").update(text).digest("hex"),
      onSandboxStart: (spec, sessions) => this.#start(spec, sessions),
    });
  }

  session(sessionId: string, orgId = "org_a"): InProcessSession {
    return this.instance.session(orgId, sessionId);
  }

  async open(sessionId: string, prompt?: string, orgId = "org_a"): Promise<InProcessSession> {
    const session = this.session(sessionId, orgId);
    const opened = await session.open({
      orgId,
      sessionId,
      input: { model: MODEL, ...(prompt === undefined ? {} : { prompt }) },
      author: AUTHOR,
      providers: [{ id: "demo", kind: "openai-compatible", baseUrl: "http://berth.memory/v1/broker/model/demo", models: [{ id: "demo", name: "Demo" }] }],
      demoOnly: true,
      gitIdentity: null,
    });
    if (!opened.ok) throw new Error(opened.problem.detail);
    return session;
  }

  /** The session's object dies with its memory and its sockets; its disk, its alarm and its sandbox stay. */
  crash(sessionId: string, orgId = "org_a"): InProcessSession {
    const dead = this.session(sessionId, orgId).actor;
    const { state } = dead;
    Object.assign(dead, { apply: () => unchanged(state, { problem: "unavailable", detail: "this object is dead" }), alarm: () => undefined });
    for (const [id, link] of this.links) if (id.startsWith(`${sessionId}-`)) link.cut();
    return this.instance.crash(orgId, sessionId);
  }

  /** Lets promises, ticks, alarms and due timers run until `done`, moving time on by at most `withinMs`. */
  async until(done: () => boolean, withinMs = 5_000): Promise<void> {
    const stepMs = withinMs > 10_000 ? 250 : 5;
    for (let passed = 0; passed <= withinMs; passed += stepMs) {
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      if (done()) return;
      this.time.advance(stepMs);
      await this.instance.wake();
    }
    throw new Error("it did not come to that");
  }

  async events(session: InProcessSession): Promise<readonly SessionEvent[]> {
    return (await session.events(0, 10_000)).events;
  }

  /** A viewer that acknowledges everything. */
  watch(session: InProcessSession, after = 0): { readonly frames: ServerFrame[]; readonly events: SessionEvent[]; text(partId: string): string } {
    const frames: ServerFrame[] = [];
    const events: SessionEvent[] = [];
    const texts = new Map<string, string>();
    let socket: OpenedSocket<unknown> | null = null;
    const early: number[] = [];
    const frame = (sent: ServerFrame): void => {
      frames.push(sent);
      if (sent.type !== "frame") return;
      events.push(...sent.events);
      for (const { partId, offset, text } of sent.deltas) texts.set(partId, (texts.get(partId) ?? "").slice(0, offset) + text);
      if (socket) void socket.send({ type: "ack", frame: sent.frame });
      else early.push(sent.frame);
    };
    socket = session.openViewer(AUTHOR, after, { frame, closed: () => undefined });
    for (const n of early) void socket.send({ type: "ack", frame: n });
    return { frames, events, text: (partId) => texts.get(partId) ?? "" };
  }

  #start(spec: SandboxSpec, sessions: MemorySessions): () => void {
    const disk = this.#disks.get(spec.sessionId) ?? { lines: [], agent: createFakeAgentStore() };
    this.#disks.set(spec.sessionId, disk);
    this.tokens.set(spec.id, spec.link.token);
    // The link's numbers start anew with each epoch; the agent's own memory goes on.
    disk.lines.length = 0;
    const log: JournalLog = {
      lines: disk.lines,
      append: (lines) => void disk.lines.push(...lines),
      rewrite: (lines) => void disk.lines.splice(0, disk.lines.length, ...lines),
    };
    const sleep = (ms: number): Promise<void> => new Promise((resolve) => void this.time.after(ms, resolve));
    const runtime = new Runtime({
      agent: this.#agentOf?.(spec) ?? new InMemoryCodingAgent({ store: disk.agent, faults: this.agentFaults, sleep }),
      ...(this.#agentOf === undefined ? {} : { checkpointer: keepingAll(spec.id) }),
      journal: new Journal(log),
      dial: this.#dial(spec, sessions),
      clock: this.time,
      random: () => 0.5,
      epoch: spec.epoch,
      workFolder: "/workspace",
      token: spec.link.token,
      linkUrl: spec.link.url,
      inspectWorkspace: async () => ({ branch: "main", base: "0".repeat(40) }),
      over: () => undefined,
    });
    runtime.start();
    return () => {
      this.links.get(spec.id)?.cut();
      void runtime.stop();
    };
  }

  #dial({ id, orgId, sessionId, link }: SandboxSpec, sessions: MemorySessions): Dial {
    return (listener) => {
      let socket: OpenedSocket<UpFrame> | null = null;
      let isClosed = false;
      const closed = (code: number): void => {
        if (isClosed) return;
        isClosed = true;
        queueMicrotask(() => listener.closed(code));
      };
      // Frames cross in microtasks, as over a real wire: never inside the call that sends them.
      const end = { frame: (frame: DownFrame) => queueMicrotask(() => !isClosed && listener.frame(frame)), closed };
      const cut = (): void => {
        socket?.close();
        closed(1006);
      };
      this.links.set(id, { cut });
      void sessions.session(orgId, sessionId).openLink(link.token, end).then((opened) => {
        socket = opened;
        if (opened && !isClosed) listener.opened();
      });
      return {
        send: (frame) => queueMicrotask(() => void (!isClosed && socket?.send(frame))),
        ping: () => queueMicrotask(() => listener.alive()),
        close: cut,
      };
    };
  }
}

/** Where the agent's memory outlives its sandbox anyway: it says that it saved, and has nothing to restore. */
function keepingAll(id: string): Checkpoints {
  let listener: CheckpointListener | null = null;
  return {
    listen: (given) => {
      listener = given;
    },
    begin: async () => null,
    turnStarted: () => undefined,
    turnEnded: async () => undefined,
    request: () => listener?.post({ type: "checkpoint-saved", checkpoint: { id: `chk_${id}`, files: 0, bytes: 0 }, asked: true }),
    last: async () => undefined,
    stop: () => undefined,
  };
}
