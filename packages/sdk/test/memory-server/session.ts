/** A session in memory: log, queue and viewers. Stands in for the real one in tests of clients. */
import { makeProblem, type Actor, type Answer, type CreateSession, type Delta, type Message, type NewEvent, type Problem, type Session, type SessionEnvironment, type SessionEvent } from "@berth/protocol";
import { runDirectives, type Turn } from "./agent.ts";

export interface Viewer {
  onEvent(event: SessionEvent): void;
  onDelta(delta: Delta): void;
}

const OWNER: Actor = { kind: "user", id: "user_1", name: "Ada" };

export class Refused extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

export class MemorySession {
  readonly id: string;
  readonly log: SessionEvent[] = [];
  readonly messages: Message[] = [];
  readonly viewers = new Set<Viewer>();
  readonly openParts = new Map<string, string>();
  readonly runs: { id: string; messageId: string; model: string; startedAt: string; endedAt: string; outcome: "completed" | "failed" | "stopped" }[] = [];
  session: Session;
  #turn: (Turn & { messageId: string; stopped: AbortController }) | null = null;
  #answers = new Map<string, (answer: Answer) => void>();

  constructor(id: string, input: CreateSession, at: string, environment?: SessionEnvironment) {
    this.id = id;
    const workspace = input.workspace ?? { kind: "empty" as const };
    const title = input.title ?? input.prompt?.slice(0, 60) ?? "New session";
    this.session = {
      id, title, status: "starting", model: input.model, workspace, metadata: input.metadata ?? {}, createdBy: OWNER,
      createdAt: at, lastActiveAt: at, lastSeq: 0, queueLength: 0, onInterruption: "ask",
      ...(environment && { environment }),
      ...(input.agent && { agent: input.agent }),
      ...(input.externalUserId ? { externalUserId: input.externalUserId } : {}),
    };
    this.emit({ type: "session.created", data: { title, model: input.model, workspace, ...(environment && { environment }), ...(input.agent && { agent: input.agent }) } });
    this.emit({ type: "session.status", data: { status: "starting" } });
    this.emit({ type: "sandbox.status", data: { epoch: 1, phase: "requested", backend: "process", isolation: "none" } });
    if (input.prompt) this.send(input.prompt);
  }

  ready(): void {
    this.emit({ type: "sandbox.status", data: { epoch: 1, phase: "ready", backend: "process", isolation: "none" } });
    if (this.session.workspace.kind === "folder") this.emit({ type: "workspace.status", data: { phase: "ready", branch: "main", base: "4f9c2ad" } });
    this.emit({ type: "session.status", data: { status: "idle" } });
    this.#next();
  }

  emit(event: NewEvent): void {
    const seq = this.log.length + 1;
    const committed = { ...event, seq, id: `ev_${seq}`, at: new Date().toISOString() } as SessionEvent;
    this.log.push(committed);
    this.session = { ...this.session, lastSeq: seq, lastActiveAt: committed.at };
    if (event.type === "session.status") {
      const { waitingFor: _, failure: __, ...rest } = this.session;
      this.session = { ...rest, ...event.data };
    }
    if (event.type === "sandbox.status") this.session = { ...this.session, sandbox: event.data };
    if (event.type === "session.updated") this.session = { ...this.session, title: event.data.title ?? this.session.title, model: event.data.model ?? this.session.model };
    for (const viewer of this.viewers) viewer.onEvent(committed);
  }

  delta(partId: string, text: string): void {
    const soFar = this.openParts.get(partId) ?? "";
    this.openParts.set(partId, soFar + text);
    for (const viewer of this.viewers) viewer.onDelta({ partId, offset: soFar.length, text });
  }

  send(text: string, model?: string): Message {
    const id = `msg_${this.id}_${this.messages.length + 1}`;
    const message: Message = { id, text, status: "queued", model: model ?? this.session.model, author: OWNER, createdAt: new Date().toISOString() };
    this.messages.push(message);
    this.emit({ type: "message.queued", messageId: id, actor: OWNER, data: { text, model: message.model, position: this.messages.length - 1 } });
    if (this.session.status === "idle") this.#next();
    return message;
  }

  cancel(id: string): Message {
    const message = this.messages.find((candidate) => candidate.id === id);
    if (!message) throw new Refused(makeProblem("not-found", "There is no such message"));
    if (message.status !== "queued") throw new Refused(makeProblem("conflict", "Only a queued message can be cancelled"));
    return this.#setStatus(id, "cancelled");
  }

  move(id: string, before: string | null): Message {
    const message = this.messages.find((candidate) => candidate.id === id);
    if (message?.status !== "queued") throw new Refused(makeProblem("conflict", "Only a queued message can be moved"));
    this.messages.splice(this.messages.indexOf(message), 1);
    const at = this.messages.findIndex((candidate) => candidate.id === before);
    const position = at < 0 ? this.messages.length : at;
    this.messages.splice(position, 0, message);
    this.emit({ type: "message.moved", messageId: id, data: { position } });
    return message;
  }

  stop(): Session {
    this.#turn?.stopped.abort();
    return this.session;
  }

  resume(): Session {
    if (this.session.status === "failed") this.ready();
    return this.session;
  }

  answer(requestId: string, answer: Answer): void {
    const resolve = this.#answers.get(requestId);
    if (!resolve) throw new Refused(makeProblem("conflict", "That was answered already, or never asked"));
    this.#answers.delete(requestId);
    this.emit({ type: "request.answered", data: { requestId, answer }, ...(this.#turn ? { messageId: this.#turn.messageId } : {}) });
    resolve(answer);
  }

  ask(requestId: string): Promise<Answer> {
    return new Promise((resolve) => this.#answers.set(requestId, resolve));
  }

  #setStatus(id: string, status: Message["status"], failure?: { code: string; message: string; fix?: string | undefined }): Message {
    const index = this.messages.findIndex((message) => message.id === id);
    const message = { ...(this.messages[index] as Message), status };
    this.messages[index] = message;
    this.emit({ type: "message.status", messageId: id, data: { status, ...(failure ? { failure } : {}) } });
    return message;
  }

  #next(): void {
    const message = this.messages.find(({ status }) => status === "queued");
    if (!message || this.#turn) return;
    const runId = `run_${message.id}`;
    this.#turn = { session: this, messageId: message.id, runId, text: message.text, stopped: new AbortController() };
    this.#setStatus(message.id, "dispatched");
    this.#setStatus(message.id, "running");
    this.emit({ type: "run.started", messageId: message.id, runId, data: { model: message.model, epoch: 1 } });
    this.emit({ type: "session.status", data: { status: "running" } });
    void this.#run(this.#turn);
  }

  async #run(turn: Turn & { stopped: AbortController }): Promise<void> {
    const startedAt = new Date().toISOString();
    const failure = await runDirectives(turn, turn.stopped.signal);
    const outcome = turn.stopped.signal.aborted ? "stopped" : failure ? "failed" : "completed";
    const usage = { inputTokens: 812, outputTokens: 240, reasoningTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };
    this.runs.push({ id: turn.runId, messageId: turn.messageId, model: this.session.model, startedAt, endedAt: new Date().toISOString(), outcome });
    this.emit({ type: "run.ended", messageId: turn.messageId, runId: turn.runId, data: { outcome, usage, costMicros: 0, ...(failure ? { failure } : {}) } });
    this.#setStatus(turn.messageId, outcome, failure ?? undefined);
    this.#turn = null;
    this.emit({ type: "session.status", data: { status: "idle" } });
    this.#next();
  }
}
