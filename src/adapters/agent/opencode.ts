/**
 * The coding agent OpenCode, driven through its own server. One OpenCode session stands for the Berth session and is
 * found again after a restart; one turn runs at a time. A prompt is submitted again only where OpenCode surely lost it.
 */
import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { Answer, Failure } from "@berth/protocol";
import type { Event, SessionStatus } from "@opencode-ai/sdk/v2/types";
import { AsyncQueue } from "../../core/kernel/async-queue.ts";
import { PortError, isPortError } from "../../core/kernel/port-error.ts";
import type { AgentConfig, AgentEvent, AgentInfo, AgentPrompt, CodingAgent, PromptKnowledge, SteerAnswer } from "../../ports/agent/agent.port.ts";
import { OpenCodeBeginning, PAUSES_MS, SILENCE_MS } from "./opencode-beginning.ts";
import { classify, failureOfRetries } from "./opencode-classify.ts";
import { titleOf } from "./opencode-events.ts";
import { OpenCodeIds } from "./opencode-ids.ts";
import { launchOpenCode, type LaunchedOpenCode, type OpenCodeDeps } from "./opencode-launch.ts";
import { OpenCodeSteering } from "./opencode-steering.ts";
import { OpenCodeTurn } from "./opencode-turn.ts";
import { TurnWatch } from "./opencode-turn-watch.ts";

export function createOpenCodeAgent(deps: OpenCodeDeps): CodingAgent {
  return new OpenCodeAgent(deps);
}

const RECONNECT_MS = 100;
const ABORT_GRACE_MS = 2_000;
const DIED: Failure = { code: "agent-died", message: "The agent ended in the middle of the turn.", fix: "Send the message again to go on." };
const CUT_AFTER_TOOL: Failure = {
  code: "model-cut",
  message: "The model's answer was cut after a tool of it had started. It was not asked again, since the tool would have run twice.",
  fix: "Send a message to go on.",
};
const UNANSWERED: Failure = {
  code: "agent-unanswered",
  message: "The agent took the message and went idle without an answer.",
  fix: "Send the message again to go on.",
};
const CUT_OFF: Failure = { code: "agent-restarted", message: "The agent was restarted before the turn ended.", fix: "Send the message again to go on." };

interface Running extends LaunchedOpenCode {
  readonly fingerprint: string;
  readonly stopping: AbortController;
}

class OpenCodeAgent implements CodingAgent {
  readonly #deps: OpenCodeDeps;
  readonly #ids: OpenCodeIds;
  readonly #out = new AsyncQueue<AgentEvent>();
  #running: Running | null = null;
  #turn: OpenCodeTurn | null = null;
  #settling: OpenCodeTurn | null = null;
  /** OpenCode became idle once more while its turn was being settled. */
  #settleAgain = false;
  #aborting: Promise<void> | null = null;
  #title: string | null = null;
  readonly #watch = new TurnWatch(() => this.#turn);
  readonly #beginning: OpenCodeBeginning;
  readonly #steering: OpenCodeSteering;

  constructor(deps: OpenCodeDeps) {
    this.#deps = deps;
    this.#ids = new OpenCodeIds(deps);
    this.#beginning = new OpenCodeBeginning({
      watch: this.#watch,
      turn: () => this.#turn,
      conversation: () => this.#running,
      settle: (turn) => this.#settleIfIdle(turn),
      stop: async () => this.#running?.server.stop(),
      silenceMs: deps.silenceMs ?? SILENCE_MS,
      pausesMs: deps.pausesMs ?? PAUSES_MS,
    });
    this.#steering = new OpenCodeSteering({
      ids: this.#ids,
      watch: this.#watch,
      conversation: () => this.#running,
      turn: () => this.#turn,
      isSettling: (turn) => this.#settling === turn,
      lookup: (messageId) => this.lookup(messageId),
    });
  }

  async open(config: AgentConfig, signal: AbortSignal): Promise<AgentInfo> {
    const fingerprint = createHash("sha256").update(JSON.stringify(config)).digest("hex");
    if (this.#running && this.#running.fingerprint !== fingerprint) await this.#shutDown();
    const running = this.#running ?? (await this.#start(config, fingerprint, signal));
    return { name: "opencode", version: running.server.version };
  }

  async prompt({ messageId, text, model }: AgentPrompt): Promise<void> {
    const { calls, sessionId } = this.#need("prompt");
    if (this.#turn && this.#turn.messageId !== messageId) throw refusal("prompt", "failed-precondition", "Another turn is running.");
    if ((await this.lookup(messageId)) !== "unknown") throw refusal("prompt", "already-exists", "This prompt was submitted before.");
    await this.#aborting;
    const turn = new OpenCodeTurn(messageId, this.#assign(messageId), sessionId);
    turn.model = model;
    this.#turn = turn;
    try {
      await calls.submit(sessionId, turn.openCodeId, text, model);
      if (this.#turn === turn) this.#out.push(...turn.begin());
    } catch (error) {
      if (isPortError(error) && error.outcome === "not-applied" && this.#turn === turn) this.#turn = null;
      // Whoever waits for this turn to begin or end, as a message that steers does, waits no more.
      this.#watch.lookAround();
      throw error;
    } finally {
      if (this.#turn === turn) void this.#beginning.see(turn, text).catch(() => {});
    }
  }

  async lookup(messageId: string): Promise<PromptKnowledge> {
    if (this.#turn?.messageId === messageId) return "running";
    const openCodeId = this.#ids.of(messageId);
    if (openCodeId === null) return "unknown";
    const { calls, sessionId } = this.#need("lookup");
    const messages = await calls.messagesFrom(sessionId, openCodeId);
    // Whoever submitted it is gone and OpenCode never stored it, so it will not run by itself.
    if (messages === null) return "unknown";
    const steered = this.#ids.turnOf(messageId);
    if (steered !== null) return this.lookup(steered);
    const turn = this.#past(messageId, openCodeId, sessionId);
    turn.reconcile(messages);
    return turn.finished ? "finished" : "maybe";
  }

  async resume(messageId: string): Promise<void> {
    const { calls, sessionId } = this.#need("resume");
    if (this.#turn?.messageId === messageId) return this.#catchUp(this.#turn);
    const openCodeId = this.#ids.of(messageId);
    if (openCodeId === null) throw refusal("resume", "not-found", "This prompt was never submitted.");
    const steered = this.#ids.turnOf(messageId);
    if (steered !== null) return this.resume(steered);
    const turn = this.#past(messageId, openCodeId, sessionId);
    this.#out.push(...turn.reconcile((await calls.messagesFrom(sessionId, openCodeId)) ?? []));
    this.#out.push(...turn.finish(turn.finished ? undefined : CUT_OFF));
  }

  async steer(turnMessageId: string, steerId: string, text: string): Promise<SteerAnswer> {
    this.#need("steer");
    return this.#steering.give(turnMessageId, steerId, text);
  }

  async interrupt(messageId: string): Promise<void> {
    const turn = this.#turn;
    if (!this.#running || turn?.messageId !== messageId) return;
    const { calls, server, sessionId } = this.#running;
    turn.stopRequested = true;
    this.#watch.lookAround();
    this.#aborting = calls.abort(sessionId).catch(() => {});
    await this.#aborting;
    // The abort was taken, or was not answered: either way the turn ends now or OpenCode does.
    void delay(this.#deps.stopTimeoutMs ?? 10_000, undefined, { signal: this.#running?.stopping.signal ?? AbortSignal.abort() })
      .then(() => (this.#turn === turn ? server.stop() : undefined))
      .catch(() => {});
    await this.#settleIfIdle(turn);
  }

  async answer(requestId: string, answer: Answer): Promise<void> {
    const { calls } = this.#need("answer");
    const turn = this.#turn;
    if (!turn?.has(requestId)) throw refusal("answer", "not-found", "That question is gone: its turn ended, or it was answered.");
    const isPermission = requestId.startsWith("per");
    if (isPermission) {
      if (answer.kind === "question") throw refusal("answer", "invalid-argument", "A permission takes once, always or reject.");
      turn.answered(requestId);
      await calls.replyPermission(requestId, answer.kind === "permission" ? answer.reply : "reject");
      return;
    }
    if (answer.kind === "permission") throw refusal("answer", "invalid-argument", "A question takes one list of labels per question.");
    turn.answered(requestId);
    if (answer.kind === "reject") await calls.rejectQuestion(requestId);
    else await calls.replyQuestion(requestId, answer.answers);
  }

  events(): AsyncIterable<AgentEvent> {
    return this.#out;
  }

  activity(): string | null {
    return this.#turn?.activity() ?? null;
  }

  async close(): Promise<void> {
    await this.#shutDown();
    rmSync(this.#deps.tokenFile, { force: true });
    this.#out.end();
  }

  async #start(config: AgentConfig, fingerprint: string, signal: AbortSignal): Promise<Running> {
    const launched = await launchOpenCode(this.#deps, this.#ids, config, signal);
    const running = { ...launched, fingerprint, stopping: new AbortController() };
    this.#running = running;
    try {
      await this.#follow(running);
    } catch (error) {
      this.#running = null;
      await running.server.stop();
      throw classify(error, "open");
    }
    void running.server.exited.then(() => this.#onExit(running));
    return running;
  }

  /** Reads events until the server is stopped, connecting again when the stream is cut. Answers once the first is in. */
  async #follow(running: Running): Promise<void> {
    const { calls, stopping } = running;
    const { promise: first, resolve: connected } = Promise.withResolvers<void>();
    const read = async (): Promise<void> => {
      while (!stopping.signal.aborted) {
        try {
          for await (const event of await calls.events(stopping.signal)) {
            if (event.type === "server.connected") {
              connected();
              if (this.#turn) void this.#catchUp(this.#turn).catch(() => {});
            } else this.#onEvent(running, event);
          }
        } catch {
          // Cut; what was missed is read after connecting again.
        }
        this.#turn?.markGap();
        await delay(RECONNECT_MS, undefined, { signal: stopping.signal }).catch(() => {});
      }
    };
    void read();
    await Promise.race([first, running.server.exited.then(() => Promise.reject(new Error("OpenCode ended while it was starting")))]);
  }

  #onEvent(running: Running, event: Event): void {
    if (event.type === "session.updated" && event.properties.sessionID === running.sessionId) this.#onTitle(event.properties.info.title);
    const turn = this.#turn;
    if (!turn) return this.#onStray(running, event);
    this.#out.push(...turn.apply(event));
    this.#watch.lookAround();
    // An aborted loop may say that it is idle when the next prompt is already stored.
    const mayBeOver = turn.seen && (turn.hasBegun || turn.isEnding);
    if (event.type === "session.idle" && event.properties.sessionID === running.sessionId && mayBeOver) void this.#settle(turn);
    else if (event.type === "session.status" && event.properties.sessionID === running.sessionId) this.#onStatus(running, turn, event.properties.status);
  }

  /** A message that came in the moment its turn was stopped begins by itself; nobody asks for it any more. */
  #onStray({ calls, sessionId }: Running, event: Event): void {
    const isBusy = event.type === "session.status" && event.properties.sessionID === sessionId && event.properties.status.type === "busy";
    if (isBusy) this.#aborting = calls.abort(sessionId).catch(() => {});
  }

  /** @throws PortError when the disk does not take it; nothing was submitted then */
  #assign(messageId: string): string {
    try {
      return this.#ids.assign(messageId);
    } catch (error) {
      throw classify(error, "prompt");
    }
  }

  #past(messageId: string, openCodeId: string, sessionId: string): OpenCodeTurn {
    return new OpenCodeTurn(messageId, openCodeId, sessionId, this.#ids.after(openCodeId), this.#ids.steersOf(messageId));
  }

  #onTitle(raw: string): void {
    const title = titleOf(raw);
    if (title === null || title === this.#title) return;
    this.#title = title;
    this.#out.push({ kind: "message", message: { type: "title", title } });
  }

  #onStatus({ calls, sessionId }: Running, turn: OpenCodeTurn, status: SessionStatus): void {
    const isGivenUp = status.type === "retry" && status.attempt > (this.#deps.modelRetriesMax ?? 5) && !turn.failure;
    if (isGivenUp) turn.fail(failureOfRetries(status.attempt, status.message));
    // Asked again, the model would call the tool of the cut answer once more.
    const wouldRepeat = status.type === "retry" && turn.ranToolInThisStep && !turn.stopRequested;
    if (wouldRepeat) turn.interrupt(CUT_AFTER_TOOL);
    // A stop that came before OpenCode began found nothing to abort.
    const isStopped = status.type === "busy" && turn.stopRequested;
    if (isGivenUp || isStopped || wouldRepeat) this.#aborting = calls.abort(sessionId).catch(() => {});
  }

  /** After a gap: what is stored by now, and the end when the turn is over. */
  async #catchUp(turn: OpenCodeTurn): Promise<void> {
    const { calls, sessionId } = this.#need("resume");
    const messages = await calls.messagesFrom(sessionId, turn.openCodeId);
    if (messages && this.#turn === turn) this.#out.push(...turn.reconcile(messages));
    this.#watch.lookAround();
    await this.#settleIfIdle(turn);
  }

  async #settleIfIdle(turn: OpenCodeTurn): Promise<void> {
    const running = this.#running;
    if (!running || this.#turn !== turn) return;
    const isBusy = await running.calls.isBusy(running.sessionId).catch(() => true);
    if (!isBusy && (turn.hasBegun || turn.failure || (turn.seen && turn.stopRequested))) await this.#settle(turn);
  }

  /** OpenCode is idle: reads what it stored, so that nothing is lost, and ends the turn. */
  async #settle(turn: OpenCodeTurn): Promise<void> {
    const running = this.#running;
    if (this.#settling === turn) this.#settleAgain = true;
    if (!running || this.#turn !== turn || this.#settling === turn) return;
    this.#settling = turn;
    this.#settleAgain = false;
    // An aborted turn is idle a moment before its last parts are stored.
    await this.#aborting;
    // What was submitted before OpenCode became idle is answered all the same, in a loop of its own.
    await this.#steering.arrived();
    const messages = await running.calls.messagesFrom(running.sessionId, turn.openCodeId).catch(() => null);
    const events = turn.reconcile(messages ?? []);
    const goesOn = (await this.#steering.goesOn(running, turn)) || (await this.#isAtWork(running, turn));
    if (goesOn && turn.stopRequested) this.#aborting = running.calls.abort(running.sessionId).catch(() => {});
    this.#settling = null;
    if (this.#turn !== turn) return;
    if (!goesOn) return this.#end(turn, events, turn.hasAnswer ? undefined : UNANSWERED);
    this.#out.push(...events);
    if (this.#settleAgain) await this.#settle(turn);
  }

  /** Without an end in what is stored, the word that it is idle may have been about the turn before. */
  async #isAtWork({ calls, sessionId }: Running, turn: OpenCodeTurn): Promise<boolean> {
    return !turn.finished && !turn.isEnding && (await calls.isBusy(sessionId).catch(() => false));
  }

  #end(turn: OpenCodeTurn, events: readonly AgentEvent[], cutOff: Failure | undefined): void {
    this.#turn = null;
    this.#aborting = null;
    this.#out.push(...events, ...turn.finish(cutOff));
    this.#watch.lookAround();
  }

  #onExit(running: Running): void {
    if (this.#running !== running) return;
    this.#running = null;
    running.stopping.abort();
    if (this.#turn) this.#end(this.#turn, [], DIED);
    const failure = { code: "agent-died", message: "The agent ended unexpectedly." };
    this.#out.push({ kind: "message", message: { type: "agent-failed", failure } });
  }

  async #shutDown(): Promise<void> {
    const running = this.#running;
    if (!running) return;
    this.#running = null;
    running.stopping.abort();
    // OpenCode ends its tools when it aborts a turn, not when it is ended itself.
    if (this.#turn) await Promise.race([running.calls.abort(running.sessionId).catch(() => {}), delay(ABORT_GRACE_MS, undefined, { ref: false })]);
    await running.server.stop();
    if (this.#turn) this.#end(this.#turn, [], CUT_OFF);
  }

  #need(operation: string): Running {
    if (!this.#running) throw refusal(operation, "failed-precondition", "The agent is not running.");
    return this.#running;
  }
}

function refusal(operation: string, code: "failed-precondition" | "already-exists" | "not-found" | "invalid-argument", message: string): PortError {
  return new PortError({ port: "agent", operation, code, outcome: "not-applied", retry: "never", message });
}
