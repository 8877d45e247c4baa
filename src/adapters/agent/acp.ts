/**
 * Any coding agent that speaks the Agent Client Protocol, driven over its standard input and output. One session of the
 * agent's stands for the Berth session and is loaded again after a restart; one turn runs at a time. A prompt is given once.
 */
import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { AgentLimits, Answer, Failure } from "@berth/protocol";
import { methods, type RequestPermissionRequest, type RequestPermissionResponse, type SessionUpdate } from "@agentclientprotocol/sdk/unstable";
import { AsyncQueue } from "../../core/kernel/async-queue.ts";
import { PortError } from "../../core/kernel/port-error.ts";
import type { AgentConfig, AgentEvent, AgentInfo, AgentPrompt, CodingAgent, PromptKnowledge, SteerAnswer } from "../../ports/agent/agent.port.ts";
import { classify, endOf, endOfError, isRpcError } from "./acp-classify.ts";
import { connectAcp, type AcpConnection, type AcpProgram } from "./acp-connection.ts";
import { AcpRecord, type AppendLog, type TurnEnd } from "./acp-record.ts";
import { AcpReplay } from "./acp-replay.ts";
import { AcpTitle } from "./acp-title.ts";
import { AcpTurn } from "./acp-turn.ts";

export interface AcpDeps {
  readonly program: AcpProgram;
  readonly log: AppendLog;
  readonly startTimeoutMs?: number;
  /** How long a turn may take to end after it was told to stop; then the agent itself is ended. */
  readonly stopTimeoutMs?: number;
}

export function createAcpAgent(deps: AcpDeps): CodingAgent {
  return new AcpAgent(deps);
}

const CANCEL_GRACE_MS = 2_000;
const DIED: Failure = { code: "agent-died", message: "The agent ended in the middle of the turn.", fix: "Send the message again to go on." };
const CUT_OFF: Failure = { code: "agent-restarted", message: "The agent was restarted before the turn ended.", fix: "Send the message again to go on." };

const CANNOT: AgentLimits = {
  steer: "The Agent Client Protocol has no way to put a message into a turn that runs; it waits for the next one.",
  ask: "The agent asks for permissions only; what it wants to know it writes as its answer.",
  "tell-retries": "The Agent Client Protocol does not say that a model failed and is asked again; the turn looks as if the model were silent, and a tool of the answer that was cut may run again.",
};

interface Running extends AcpConnection {
  readonly fingerprint: string;
  readonly stopping: AbortController;
}

class AcpAgent implements CodingAgent {
  readonly #deps: AcpDeps;
  readonly #record: AcpRecord;
  readonly #out = new AsyncQueue<AgentEvent>();
  readonly #title = new AcpTitle((title) => this.#out.push({ kind: "message", message: { type: "title", title } }));
  #replay = new AcpReplay();
  #running: Running | null = null;
  #turn: AcpTurn | null = null;
  /** Questions about permission that the agent waits for. */
  readonly #asked = new Map<string, (response: RequestPermissionResponse) => void>();
  #askedCount = 0;

  constructor(deps: AcpDeps) {
    this.#deps = deps;
    this.#record = new AcpRecord(deps.log);
  }

  async open(config: AgentConfig, signal: AbortSignal): Promise<AgentInfo> {
    const fingerprint = createHash("sha256").update(JSON.stringify(config)).digest("hex");
    if (this.#running && this.#running.fingerprint !== fingerprint) await this.#shutDown();
    const { told, model } = this.#running ?? (await this.#start(config, fingerprint, signal));
    const cannot: AgentLimits = {
      ...CANNOT,
      ...(told.agentCapabilities?.loadSession === true ? {} : { remember: "The agent does not load a session again, so it forgets the conversation when it is restarted." }),
      ...(model ? {} : { "choose-model": "The agent does not let its model be chosen, and works with its own." }),
    };
    return { name: told.agentInfo?.name ?? "ACP agent", version: told.agentInfo?.version ?? `protocol ${told.protocolVersion}`, cannot };
  }

  async prompt({ messageId, text, model }: AgentPrompt): Promise<void> {
    const running = this.#need("prompt");
    if (this.#turn && this.#turn.messageId !== messageId) throw refusal("prompt", "failed-precondition", "Another turn is running.");
    if ((await this.lookup(messageId)) !== "unknown") throw refusal("prompt", "already-exists", "This prompt was submitted before.");
    const turn = new AcpTurn(messageId);
    this.#turn = turn;
    try {
      this.#record.submitted(messageId, text);
    } catch (error) {
      this.#turn = null;
      throw classify(error, "prompt");
    }
    this.#out.push(...turn.begin());
    void this.#play(running, turn, text, model);
  }

  async lookup(messageId: string): Promise<PromptKnowledge> {
    if (this.#turn?.messageId === messageId) return "running";
    if (!this.#record.knows(messageId)) return "unknown";
    return this.#record.endOf(messageId) === null ? "maybe" : "finished";
  }

  async resume(messageId: string): Promise<void> {
    this.#need("resume");
    if (this.#turn?.messageId === messageId) return;
    if (!this.#record.knows(messageId)) throw refusal("resume", "not-found", "This prompt was never submitted.");
    const turn = new AcpTurn(messageId);
    const { prompt, updates } = this.#replay;
    // What the agent tells of older ones is not kept: nobody takes up any but the newest.
    const said = this.#record.isNewest(messageId, prompt) ? updates.flatMap((update) => turn.apply(update)) : [];
    this.#out.push(...turn.begin(), ...said, ...turn.finish(this.#record.endOf(messageId) ?? { outcome: "interrupted", failure: CUT_OFF }));
  }

  async steer(): Promise<SteerAnswer> {
    this.#need("steer");
    return "refused";
  }

  async interrupt(messageId: string): Promise<void> {
    const { stopTimeoutMs = 10_000 } = this.#deps;
    const [running, turn] = [this.#running, this.#turn];
    if (!running || turn?.messageId !== messageId) return;
    turn.stopRequested = true;
    await this.#cancel(running);
    // It ends by what the agent answers to the prompt, or with the agent.
    void delay(stopTimeoutMs, undefined, { signal: running.stopping.signal })
      .then(() => (this.#turn === turn ? running.process.stop() : undefined))
      .catch(() => {});
  }

  async answer(requestId: string, answer: Answer): Promise<void> {
    this.#need("answer");
    const respond = this.#asked.get(requestId);
    const taken = respond && this.#turn ? this.#turn.take(requestId, answer) : "gone";
    if (!respond || taken === "gone") throw refusal("answer", "not-found", "That question is gone: its turn ended, or it was answered.");
    if (taken === "wrong-kind") throw refusal("answer", "invalid-argument", "A permission takes once, always or reject, as far as the agent offers it.");
    this.#asked.delete(requestId);
    respond({ outcome: taken.optionId === null ? { outcome: "cancelled" } : { outcome: "selected", optionId: taken.optionId } });
  }

  events(): AsyncIterable<AgentEvent> {
    return this.#out;
  }

  activity(): string | null {
    return this.#turn?.activity() ?? null;
  }

  async close(): Promise<void> {
    await this.#shutDown();
    this.#deps.program.forget();
    this.#out.end();
  }

  async #start(config: AgentConfig, fingerprint: string, signal: AbortSignal): Promise<Running> {
    const { program, startTimeoutMs = 40_000 } = this.#deps;
    this.#replay = new AcpReplay();
    try {
      this.#record.reread();
      const listener = { update: this.#onUpdate.bind(this), permission: this.#onPermission.bind(this) };
      const connection = await connectAcp({ program, config, session: this.#record.session, listener, startTimeoutMs, signal });
      if (connection.isNew) this.#record.keepSession(connection.sessionId);
      const running = Object.assign(connection, { fingerprint, stopping: new AbortController() });
      this.#running = running;
      void running.process.exited.then(() => this.#onExit(running));
      return running;
    } catch (error) {
      throw classify(error, "open");
    }
  }

  /** From the choice of the model to the turn's end. */
  async #play(running: Running, turn: AcpTurn, text: string, model: string): Promise<void> {
    const { agent, sessionId } = running;
    try {
      const unfit = await this.#chooseModel(running, model);
      if (unfit) return this.#end(turn, unfit);
      if (turn.stopRequested) return this.#end(turn, { outcome: "stopped" });
      const answer = await agent.request(methods.agent.session.prompt, { sessionId, prompt: [{ type: "text", text }] });
      this.#end(turn, endOf(answer, turn.hasAnswer));
    } catch (error) {
      if (isRpcError(error)) this.#end(turn, endOfError(error));
      // The connection is gone. So is the agent, or it is of no use any more; its end is told with that of its process.
      else void running.process.stop();
    }
    if (this.#running === running) this.#title.ask(running);
  }

  /** @returns how the turn ends when the agent does not have the model */
  async #chooseModel(running: Running, model: string): Promise<TurnEnd | null> {
    const { agent, sessionId, model: choice } = running;
    if (!choice || choice.current === model) return null;
    const failure: Failure = { code: "model-not-found", message: `The agent does not offer the model ${model}.`, fix: "Choose another model." };
    if (!choice.offered.includes(model)) return { outcome: "failed", failure };
    await agent.request(methods.agent.session.setConfigOption, { sessionId, configId: choice.configId, value: model });
    running.model = { ...choice, current: model };
    return null;
  }

  #onUpdate(sessionId: string, update: SessionUpdate): void {
    if (update.sessionUpdate === "session_info_update") this.#title.found(update.title);
    const running = this.#running;
    // While the session is loaded, the agent tells all that was said in it.
    if (!running) return this.#replay.add(update);
    const turn = this.#turn;
    if (!turn || sessionId !== running.sessionId) return;
    const events = turn.apply(update);
    this.#out.push(...events);
    // A stop that came before the agent began found nothing to cancel.
    const begins = events.some((event) => event.kind === "message" && event.message.type === "part-started");
    if (turn.stopRequested && begins) void this.#cancel(running);
  }

  async #onPermission(request: RequestPermissionRequest): Promise<RequestPermissionResponse> {
    const turn = this.#turn;
    if (!turn || turn.stopRequested || request.sessionId !== this.#running?.sessionId) return { outcome: { outcome: "cancelled" } };
    const requestId = `${turn.messageId}.ask-${++this.#askedCount}`;
    const { promise, resolve } = Promise.withResolvers<RequestPermissionResponse>();
    this.#asked.set(requestId, resolve);
    this.#out.push(...turn.asked(requestId, request));
    return promise;
  }

  async #cancel({ agent, sessionId }: Running): Promise<void> {
    this.#callOff();
    await agent.notify(methods.agent.session.cancel, { sessionId }).catch(() => {});
  }

  #callOff(): void {
    for (const respond of this.#asked.values()) respond({ outcome: { outcome: "cancelled" } });
    this.#asked.clear();
  }

  #end(turn: AcpTurn, end: TurnEnd): void {
    if (this.#turn !== turn) return;
    this.#turn = null;
    this.#callOff();
    const { usage } = end;
    const told: TurnEnd = turn.stopRequested ? { outcome: "stopped", ...(usage && { usage }) } : end;
    // Cut off: whether its work was done is for a person to tell, also after a restart.
    if (told.outcome !== "interrupted") this.#record.ended(turn.messageId, told);
    this.#out.push(...turn.finish(told));
  }

  #onExit(running: Running): void {
    if (this.#running !== running) return;
    this.#running = null;
    running.stopping.abort();
    if (this.#turn) this.#end(this.#turn, { outcome: "interrupted", failure: DIED });
    this.#out.push({ kind: "message", message: { type: "agent-failed", failure: { code: "agent-died", message: "The agent ended unexpectedly." } } });
  }

  async #shutDown(): Promise<void> {
    const running = this.#running;
    if (!running) return;
    this.#running = null;
    running.stopping.abort();
    // An agent ends its tools when it is told to cancel a turn, not always when it is ended itself.
    if (this.#turn) await Promise.race([this.#cancel(running), delay(CANCEL_GRACE_MS, undefined, { ref: false })]);
    await running.process.stop();
    if (this.#turn) this.#end(this.#turn, { outcome: "interrupted", failure: CUT_OFF });
  }

  #need(operation: string): Running {
    if (!this.#running) throw refusal(operation, "failed-precondition", "The agent is not running.");
    return this.#running;
  }
}

function refusal(operation: string, code: "failed-precondition" | "already-exists" | "not-found" | "invalid-argument", message: string): PortError {
  return new PortError({ port: "agent", operation, code, outcome: "not-applied", retry: "never", message });
}
