/** A session that is only a record: no sandbox, no agent. It keeps the handle's rules that routes rely on. */
import { makeProblem, type Message, type NewEvent, type SandboxPolicy, type ServerFrame, type Session, type SessionEvent } from "@berth/protocol";
import { messageUnknown } from "../../src/ports/session-store/committed.ts";
import type { Author, BrokerGrant, Idempotency, OpenSession, Result, SessionDirectory, SessionHandle } from "../../src/app/session-handle.ts";
import type { ShareAnswers, ShareCommand } from "../../src/app/session-share.ts";
import type { WorkspaceAnswers, WorkspaceCommand } from "../../src/app/session-workspace.ts";
import { MemorySocket, upgraded } from "./memory-socket.ts";

const AT = "2026-01-02T03:04:05.000Z";
const POLICY: SandboxPolicy = { epoch: null, verdict: "unmeasured", measuring: false, facts: [] };

interface Opened {
  session: Session;
  readonly events: SessionEvent[];
  readonly messages: Message[];
  readonly answers: Map<string, { readonly bodyHash: string; readonly message: Message }>;
}

export class MemorySession implements SessionHandle {
  readonly sockets: MemorySocket[] = [];
  readonly requests: Request[] = [];
  readonly authors: Author[] = [];
  readonly opens: OpenSession[] = [];
  /** Providers that came with each message. */
  readonly told: (readonly string[] | undefined)[] = [];
  readonly brokerTokens: string[] = [];
  /** What its sandbox's token stands for. */
  grant: BrokerGrant | null = null;
  #opened: Opened | null = null;

  async open(request: OpenSession): Promise<Result<Session>> {
    this.opens.push(request);
    if (this.#opened) return { ok: true, value: this.#opened.session };
    const { sessionId, input, author } = request;
    const workspace = input.workspace ?? { kind: "empty" as const };
    const title = input.title ?? "New session";
    const session: Session = {
      id: sessionId,
      title,
      status: "starting",
      model: input.model,
      workspace,
      metadata: input.metadata ?? {},
      createdBy: author.actor,
      createdAt: AT,
      lastActiveAt: AT,
      lastSeq: 0,
      queueLength: 0, onInterruption: "ask",
    };
    this.#opened = { session, events: [], messages: [], answers: new Map() };
    this.emit({ type: "session.created", data: { title, model: input.model, workspace } });
    return { ok: true, value: this.#opened.session };
  }

  /** Commits an event, as the session's own work would. */
  emit(event: NewEvent): SessionEvent {
    const opened = this.#must();
    const seq = opened.events.length + 1;
    const committed: SessionEvent = { ...event, seq, id: `evt_${seq}`, at: AT };
    opened.events.push(committed);
    opened.session = { ...opened.session, lastSeq: seq };
    return committed;
  }

  async read(): Promise<Session | null> {
    return this.#opened?.session ?? null;
  }

  async update(input: { readonly title?: string | undefined }, author: Author): Promise<Result<Session>> {
    this.authors.push(author);
    const opened = this.#must();
    opened.session = { ...opened.session, ...(input.title === undefined ? {} : { title: input.title }) };
    return { ok: true, value: opened.session };
  }

  async send(
    input: { readonly text: string; readonly model?: string | undefined },
    author: Author,
    options: { readonly idempotency?: Idempotency; readonly providers?: readonly { readonly id: string }[] } = {},
  ): Promise<Result<Message>> {
    this.told.push(options.providers?.map(({ id }) => id));
    const { messages, answers, session } = this.#must();
    const { idempotency } = options;
    const earlier = idempotency && answers.get(idempotency.key);
    if (earlier && earlier.bodyHash !== idempotency.bodyHash) return { ok: false, problem: makeProblem("idempotency-mismatch", "Another message.") };
    if (earlier) return { ok: true, value: earlier.message };
    const id = `msg_${messages.length + 1}`;
    const message: Message = { id, text: input.text, status: "queued", model: input.model ?? session.model, author: author.actor, createdAt: AT };
    messages.push(message);
    if (idempotency) answers.set(idempotency.key, { bodyHash: idempotency.bodyHash, message });
    return { ok: true, value: message };
  }

  async messages(page: { readonly after: string | null; readonly limit: number }) {
    const { messages } = this.#must();
    const start = page.after === null ? 0 : messages.findIndex(({ id }) => id === page.after) + 1;
    if (page.after !== null && start === 0) throw messageUnknown(page.after);
    const found = messages.slice(start, start + page.limit);
    return { messages: found, next: start + page.limit < messages.length ? (found.at(-1)?.id ?? null) : null };
  }

  async cancel(messageId: string): Promise<Result<Message>> {
    const message = this.#must().messages.find(({ id }) => id === messageId);
    if (!message) return { ok: false, problem: makeProblem("not-found", "There is no such message in this session.") };
    return { ok: true, value: { ...message, status: "cancelled" } };
  }

  move(messageId: string): Promise<Result<Message>> {
    return this.cancel(messageId);
  }

  hibernate(author: Author): Promise<Result<Session>> {
    return this.update({}, author);
  }

  stop(author: Author): Promise<Result<Session>> {
    return this.update({}, author);
  }

  resume(author: Author): Promise<Result<Session>> {
    return this.update({}, author);
  }

  async answer(requestId: string): Promise<Result<{ readonly requestId: string }>> {
    return { ok: true, value: { requestId } };
  }

  async events(after: number, limit: number) {
    const events = this.#opened?.events ?? [];
    return { events: events.filter(({ seq }) => seq > after).slice(0, limit), firstSeq: 1, lastSeq: events.length };
  }

  async output(name: string) {
    return name === "out_00000000000000000000000000" ? { text: "a long text" } : null;
  }

  async policy(ask: "read" | "measure"): Promise<Result<SandboxPolicy>> {
    return this.#opened ? { ok: true, value: { ...POLICY, measuring: ask === "measure" } } : { ok: false, problem: makeProblem("not-found", "There is no such session.") };
  }

  async diff() {
    return { ok: true as const, value: { files: [], patch: "", truncated: false } };
  }

  async applyWork({ branch }: { readonly branch: string }) {
    return { ok: true as const, value: { branch, commit: "0123abc", filesChanged: 1 } };
  }

  async remove(): Promise<Result<null>> {
    this.#opened = null;
    return { ok: true, value: null };
  }

  async issueTicket(author: Author) {
    this.authors.push(author);
    return { ok: true as const, value: { ticket: `tkt_org-a.${"0".repeat(48)}`, expiresAt: AT } };
  }

  async fetch(request: Request): Promise<Response> {
    this.requests.push(request);
    const socket = new MemorySocket();
    this.sockets.push(socket);
    const after = Number(new URL(request.url).searchParams.get("after") ?? "0");
    const events = (this.#opened?.events ?? []).filter(({ seq }) => seq > after);
    socket.onAccept = () => {
      const frames: ServerFrame[] = [...(events.length === 0 ? [] : [{ type: "frame" as const, frame: 1, events, deltas: [] }]), { type: "synced", seq: after + events.length }];
      for (const frame of frames) socket.deliver(frame);
    };
    return upgraded(socket);
  }

  async authorizeBroker(token: string): Promise<BrokerGrant | null> {
    this.brokerTokens.push(token);
    return this.grant;
  }

  async reserveFor() {
    return false;
  }

  async checkpointRoom() {
    return { ok: true as const, id: 1 };
  }

  async recordUsage(): Promise<void> {}
  async hearOfBudget(): Promise<void> {}

  async sharing<C extends ShareCommand>(): Promise<Result<ShareAnswers[C["do"]]>> {
    return { ok: false, problem: makeProblem("not-found", "This session is not shared.") };
  }

  async workspace<C extends WorkspaceCommand>(): Promise<Result<WorkspaceAnswers[C["do"]]>> {
    return { ok: false, problem: makeProblem("conflict", "There is no sandbox here.") };
  }

  async closeViewersOf(): Promise<void> {}

  #must(): Opened {
    if (!this.#opened) throw new Error("this session was never opened");
    return this.#opened;
  }
}

/** Which ids were asked for, and which sessions really exist. */
export class MemoryDirectory implements SessionDirectory {
  readonly #sessions = new Map<string, MemorySession>();

  of(orgId: string, sessionId: string): MemorySession {
    const id = `${orgId}:${sessionId}`;
    const session = this.#sessions.get(id) ?? new MemorySession();
    this.#sessions.set(id, session);
    return session;
  }

  async opened(): Promise<readonly string[]> {
    const found = await Promise.all([...this.#sessions].map(async ([id, session]) => ((await session.read()) === null ? [] : [id])));
    return found.flat();
  }
}
