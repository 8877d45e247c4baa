/** A session on fakes with a small archive, and the end of the link that its sandbox would hold, to say what the test wants said. */
import type { DownFrame, ServerFrame, SessionEvent, UpMessage } from "@berth/protocol";
import type { InProcessSession, OpenedSocket } from "../../../src/app/session/in-process-session.ts";
import { composeMemory, type MemoryInstance } from "../../../src/compose/memory.ts";
import { ManualTime } from "./manual-time.ts";
import { AUTHOR, MODEL } from "./memory-berth.ts";

export const SESSION = { orgId: "org_a", sessionId: "ses_0123456789abcdefghjkmnpqrs" } as const;
export const PREFIX = `${SESSION.orgId}/${SESSION.sessionId}/`;

export class StreamRig {
  readonly time = new ManualTime();
  readonly instance: MemoryInstance;
  session: InProcessSession;
  #tokens: string[] = [];
  #link: OpenedSocket<unknown> | null = null;
  #n = 0;
  #parts = 0;

  constructor() {
    this.instance = composeMemory({
      timers: this.time,
      seed: 1,
      onSandboxStart: ({ link }) => void this.#tokens.push(link.token),
      archive: { keep: 20, pageEvents: 10, pageBytes: 100_000 },
    });
    this.session = this.instance.session(SESSION.orgId, SESSION.sessionId);
  }

  /** A session whose first prompt is running. */
  static async running(): Promise<StreamRig> {
    const rig = new StreamRig();
    await rig.session.open({ ...SESSION, input: { model: MODEL, prompt: "go" }, author: AUTHOR, providers: [], demoOnly: true, gitIdentity: null });
    await rig.instance.settled();
    await rig.link();
    await rig.up({ type: "ready", agent: "example", agentVersion: "1" });
    return rig;
  }

  async link(): Promise<void> {
    const end = { frame: (_frame: DownFrame) => undefined, closed: () => undefined };
    this.#link = await this.session.openLink(this.#tokens.at(-1) ?? "", end);
    await this.#link?.send({ type: "hello", versions: [1], epoch: 1, received: 0 });
  }

  async up(body: UpMessage): Promise<void> {
    this.#n += 1;
    await this.#link?.send({ type: "up", n: this.#n, body });
  }

  get messageId(): string {
    return this.session.actor.state?.run?.messageId ?? "";
  }

  /** Two events each. */
  async parts(count: number, text = "a text"): Promise<void> {
    for (let i = 0; i < count; i++) {
      const part = { id: `part-${++this.#parts}`, kind: "text" as const, text };
      await this.up({ type: "part-started", messageId: this.messageId, part: { ...part, text: "" } });
      await this.up({ type: "part-ended", messageId: this.messageId, part });
    }
  }

  async open(): Promise<string> {
    const part = { id: `part-${++this.#parts}`, kind: "text" as const };
    await this.up({ type: "part-started", messageId: this.messageId, part });
    return part.id;
  }

  async delta(partId: string, offset: number, text: string): Promise<void> {
    await this.#link?.send({ type: "deltas", deltas: [{ partId, offset, text }] });
  }

  async tool(output: string): Promise<void> {
    const part = { id: `part-${++this.#parts}`, kind: "tool" as const };
    const tool = { name: "bash", callId: part.id, status: "completed" as const, output };
    await this.up({ type: "part-ended", messageId: this.messageId, part: { ...part, tool } });
  }

  async endTurn(): Promise<void> {
    await this.up({ type: "turn-ended", messageId: this.messageId, outcome: "completed" });
  }

  async prompt(): Promise<void> {
    await this.session.send({ text: "go on" }, AUTHOR);
  }

  /** Background work, and `ms` of time with what is due in it. */
  async settle(ms = 0): Promise<void> {
    for (let passed = 0; passed <= ms; passed += 1_000) {
      await this.instance.settled();
      if (ms > 0) this.time.advance(1_000);
      await this.instance.wake();
    }
    await this.instance.settled();
  }

  /** The object loses its memory; the link's socket goes with it. */
  async crash(): Promise<void> {
    this.session = this.instance.crash(SESSION.orgId, SESSION.sessionId);
  }

  async keys(): Promise<string[]> {
    return (await this.instance.services.blobs.list(PREFIX, { after: null, limit: 1_000 })).blobs.map(({ key }) => key.slice(PREFIX.length));
  }

  /** The whole log by REST's cursor, page by page. @throws Error when a page could not be read */
  async log(limit = 7): Promise<SessionEvent[]> {
    const events: SessionEvent[] = [];
    for (;;) {
      const page = await this.session.events(events.at(-1)?.seq ?? 0, limit);
      if (page.problem) throw new Error(page.problem.detail);
      if (page.events.length === 0) return events;
      events.push(...page.events);
    }
  }

  async firstSeq(): Promise<number> {
    return (await this.session.events(0, 1)).firstSeq;
  }

  /** A viewer that acknowledges when it is told to, or always. */
  view(after: number, acknowledges = true) {
    const frames: ServerFrame[] = [];
    const seen: { closed: number | null } = { closed: null };
    let socket: OpenedSocket<unknown> | null = null;
    const ack = (): Promise<void> | undefined => {
      const newest = frames.findLast((frame) => frame.type === "frame");
      return newest && socket?.send({ type: "ack", frame: newest.frame });
    };
    socket = this.session.openViewer(AUTHOR, after, {
      frame: (frame) => {
        frames.push(frame);
        if (acknowledges && socket) void ack();
      },
      closed: (code) => void (seen.closed = code),
    });
    if (acknowledges) void ack();
    return {
      frames,
      seen,
      ack,
      seqs: () => frames.flatMap((frame) => (frame.type === "frame" ? frame.events.map(({ seq }) => seq) : [])),
      deltas: () => frames.flatMap((frame) => (frame.type === "frame" ? frame.deltas : [])),
      bytes: () => frames.reduce((sum, frame) => sum + JSON.stringify(frame).length, 0),
    };
  }
}

export const range = (from: number, to: number): number[] => Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
