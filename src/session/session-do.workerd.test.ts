/** The session's object in workerd: what it keeps when the platform takes its memory, and what its sockets notice of it. */
import type { DurableObjectNamespace, DurableObjectStub, WebSocket as WorkerSocket } from "@cloudflare/workers-types";
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { ServerFrame, Session, SessionEvent, UpMessage } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { afterEach, expect, test } from "vitest";
import { around } from "../../test/workerd/session-object.ts";
import type { SessionHandle } from "../app/session-handle.ts";

const ORG = "org_a";
const AUTHOR = { actor: { kind: "user" as const, id: "usr_1", name: "Ada" }, apiKeyId: null, role: "owner" as const };
let count = 0;

afterEach(() => {
  around.skewMs = 0;
});

interface Opened {
  readonly socket: WorkerSocket;
  readonly received: (ServerFrame & { readonly n?: number })[];
  readonly closed: { code: number | null };
  /** Resolves once what was received satisfies it. */
  until(done: () => boolean): Promise<void>;
}

class Subject {
  readonly id = `ses_${String(++count).padStart(26, "0")}`;
  readonly stub: DurableObjectStub & SessionHandle;
  #n = 0;

  constructor() {
    const sessions = env.SESSIONS as DurableObjectNamespace;
    this.stub = sessions.get(sessions.idFromName(`${ORG}:${this.id}`)) as unknown as DurableObjectStub & SessionHandle;
  }

  async open(prompt?: string): Promise<void> {
    const input = { model: "demo/demo", ...(prompt === undefined ? {} : { prompt }) };
    const opened = await this.stub.open({ orgId: ORG, sessionId: this.id, input, author: AUTHOR, providers: [], demoOnly: true, gitIdentity: null });
    expect(opened.ok).toBe(true);
    await settled(() => around.tokens.has(this.id));
  }

  /** A session whose prompt is being worked on, and its link. */
  async running(): Promise<Opened> {
    await this.open("go");
    const link = await this.socket("/link", { authorization: `Bearer ${around.tokens.get(this.id)}` });
    link.socket.send(JSON.stringify({ type: "hello", versions: [1], epoch: 1, received: 0 }));
    this.up(link, { type: "ready", agent: "example", agentVersion: "1" });
    await settled(async () => (await this.stub.read())?.status === "running");
    return link;
  }

  async socket(path: string, headers: Record<string, string>): Promise<Opened> {
    const response = await this.stub.fetch(`https://session.internal${path}`, { headers: { upgrade: "websocket", ...headers } });
    const { webSocket } = response as unknown as { webSocket: WorkerSocket };
    const received: ServerFrame[] = [];
    const closed: { code: number | null } = { code: null };
    webSocket.addEventListener("message", ({ data }) => void received.push((data === "pong" ? { type: "pong" } : JSON.parse(String(data))) as ServerFrame));
    webSocket.addEventListener("close", ({ code }) => void (closed.code = code));
    webSocket.accept();
    return { socket: webSocket, received, closed, until: (done) => settled(done) };
  }

  viewer(after: number): Promise<Opened> {
    return this.socket(`/viewer?after=${after}`, { "x-berth-author": JSON.stringify(AUTHOR) });
  }

  up({ socket }: Opened, body: UpMessage): void {
    this.#n += 1;
    socket.send(JSON.stringify({ type: "up", n: this.#n, body }));
  }

  async messageId(): Promise<string> {
    return (await this.stub.messages({ after: null, limit: 1 })).messages[0]?.id ?? "";
  }

  async log(): Promise<readonly SessionEvent[]> {
    return (await this.stub.events(0, 500)).events;
  }
}

async function settled(done: () => boolean | Promise<boolean>): Promise<void> {
  await expect.poll(done, { interval: 5, timeout: 5_000 }).toBe(true);
}

const seqs = (opened: Opened): number[] => opened.received.flatMap((frame) => (frame.type === "frame" ? frame.events.map(({ seq }) => seq) : []));
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const synced = (opened: Opened): boolean => opened.received.some(({ type }) => type === "synced");

verifies("STR13", "viewers and the link of an evicted object go on where they were", async () => {
  const subject = new Subject();
  const link = await subject.running();
  const viewer = await subject.viewer(0);
  await viewer.until(() => synced(viewer));
  const before = seqs(viewer);
  await evictDurableObject(subject.stub);
  const made = around.made.get(subject.id) ?? 0;

  const messageId = await subject.messageId();
  expect(around.made.get(subject.id)).toBe(made + 1);
  subject.up(link, { type: "part-ended", messageId, part: { id: "part-1", kind: "text", text: "after it woke" } });
  await viewer.until(() => seqs(viewer).length > before.length);
  subject.up(link, { type: "turn-ended", messageId, outcome: "completed" });
  await settled(async () => (await subject.stub.read())?.status === "idle");

  const log = await subject.log();
  await viewer.until(() => seqs(viewer).at(-1) === log.at(-1)?.seq);
  expect(seqs(viewer)).toEqual(range(1, log.length));
  expect(viewer.received.filter(({ type }) => type === "synced")).toHaveLength(1);
  expect(viewer.received.flatMap((frame) => (frame.type === "frame" ? [frame.frame] : []))).toEqual(range(1, viewer.received.filter(({ type }) => type === "frame").length));
  expect(link.received.findLast((frame) => (frame as { type: string }).type === "ack")).toMatchObject({ n: 3 });
  expect([link.closed.code, viewer.closed.code]).toEqual([null, null]);
});

verifies("STR13", "`ping` on either socket is answered without waking the object", async () => {
  const subject = new Subject();
  const link = await subject.running();
  const viewer = await subject.viewer(0);
  await viewer.until(() => synced(viewer));
  await evictDurableObject(subject.stub);
  const made = around.made.get(subject.id);
  for (const { socket, received, until } of [link, viewer]) {
    socket.send("ping");
    await until(() => received.some(({ type }) => (type as string) === "pong"));
  }
  expect(around.made.get(subject.id)).toBe(made);
});

verifies("LNK19", "what came in one frame is in the log of an object that was evicted right after its acknowledgement", async () => {
  const subject = new Subject();
  const link = await subject.running();
  const messageId = await subject.messageId();
  const bodies: UpMessage[] = range(1, 50).map((i) => ({ type: "part-ended", messageId, part: { id: `part-${i}`, kind: "text", text: String(i) } }));
  link.socket.send(JSON.stringify({ type: "ups", n: 2, bodies }));
  await link.until(() => link.received.some((frame) => (frame.type as string) === "ack" && frame.n === 51));
  await evictDurableObject(subject.stub);
  const texts = (await subject.log()).flatMap((event) => (event.type === "part.ended" ? [event.data.part.text] : []));
  expect(texts).toEqual(range(1, 50).map(String));
});

verifies("STR13", "an alarm finds an evicted session, early without effect and late with the deadline that passed", async () => {
  const subject = new Subject();
  await subject.open("go");
  const before = await subject.log();
  await evictDurableObject(subject.stub);
  expect(await runDurableObjectAlarm(subject.stub)).toBe(true);
  expect((await subject.stub.read())?.status).toBe("starting");
  expect(await subject.log()).toEqual(before);
  expect(await runInDurableObject(subject.stub, (_object, { storage }) => storage.getAlarm())).not.toBeNull();

  await evictDurableObject(subject.stub);
  around.skewMs = 10 * 60_000;
  expect(await runDurableObjectAlarm(subject.stub)).toBe(true);
  await settled(async () => (await subject.stub.read())?.status === "failed");
  expect(((await subject.stub.read()) as Session).failure).toMatchObject({ message: expect.any(String) });
});

verifies("STR13", "what is committed while viewers sleep reaches them when they are taken back, once", async () => {
  const subject = new Subject();
  await subject.running();
  const viewer = await subject.viewer(0);
  await viewer.until(() => synced(viewer));
  for (let round = 0; round < 3; round++) {
    await evictDurableObject(subject.stub);
    expect((await subject.stub.update({ title: `round ${round}` }, AUTHOR)).ok).toBe(true);
  }
  const last = (await subject.log()).at(-1)?.seq ?? 0;
  await viewer.until(() => seqs(viewer).at(-1) === last);
  // The cursor may be older than what was sent, since it is saved a second later: repeats are allowed, holes are not.
  expect([...new Set(seqs(viewer))]).toEqual(range(1, last));
});

verifies(["STR7", "STR10"], "the archive and big outputs are in R2, and read back over an eviction", async () => {
  const subject = new Subject();
  const link = await subject.running();
  const messageId = await subject.messageId();
  for (let i = 0; i < 40; i++) subject.up(link, { type: "part-ended", messageId, part: { id: `part-${i}`, kind: "text", text: String(i) } });
  const output = `first ${"日本".repeat(30_000)} last`;
  subject.up(link, { type: "part-ended", messageId, part: { id: "tool", kind: "tool", tool: { name: "bash", callId: "c", status: "completed", output } } });
  subject.up(link, { type: "turn-ended", messageId, outcome: "completed" });
  await settled(async () => (await subject.stub.events(0, 1)).firstSeq > 1);
  const tool = (await subject.log()).length;
  await evictDurableObject(subject.stub);
  const all: SessionEvent[] = [];
  for (;;) {
    const page = await subject.stub.events(all.at(-1)?.seq ?? 0, 25);
    if (page.events.length === 0) break;
    all.push(...page.events);
  }
  expect(all.map(({ seq }) => seq)).toEqual(range(1, all.length));
  expect(all.length).toBeGreaterThan(tool);
  const ended = all.find((event) => event.type === "part.ended" && event.data.part.id === "tool");
  const name = ended?.type === "part.ended" ? (ended.data.part.tool?.outputRef?.name ?? "") : "";
  await settled(async () => "key" in ((await subject.stub.output(name)) ?? {}));
  const stored = await (env.BLOBS as { get(key: string): Promise<{ text(): Promise<string> } | null> }).get(`${ORG}/${subject.id}/outputs/${name}`);
  expect(await stored?.text()).toBe(output);
});

test("a viewer without a ticket or an author is refused, and a link without the current token is", async () => {
  const subject = new Subject();
  await subject.open();
  const stranger = await subject.socket("/viewer?after=0&ticket=tkt_example", {});
  const runtime = await subject.socket("/link", { authorization: "Bearer sbx_example" });
  await settled(() => stranger.closed.code !== null && runtime.closed.code !== null);
  expect([stranger.closed.code, runtime.closed.code]).toEqual([4401, 4409]);
});
