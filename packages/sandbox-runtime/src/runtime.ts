/**
 * What the runtime does with the agent: prompts one after another, each submitted at most once, and everything the agent
 * says written down and sent up. Stops and answers go past the line of prompts.
 */
import type { DownMessage, Failure, SandboxMeasurement, UpMessage } from "@berth/protocol";
import { isPortError } from "../../../src/core/kernel/port-error.ts";
import type { AgentEvent, CodingAgent, SteerAnswer } from "../../../src/ports/agent/agent.port.ts";
import { besideLink } from "./broker-address.ts";
import type { Checkpoints } from "./checkpoint/checkpointer.ts";
import { CheckpointError } from "./checkpoint/failure.ts";
import type { Clock } from "./clock.ts";
import { isNews, unansweredSteers, unfinished, type Configure, type Prompt, type Steer } from "./journal-state.ts";
import type { Journal } from "./journal.ts";
import { RepositoryError, type PrepareRepository } from "./repository/prepare.ts";
import { LinkClient } from "./link-client.ts";
import type { Beginning, ReadBeginning } from "./environment/beginning.ts";
import type { SetUp } from "./environment/setup.ts";
import type { ReadSecrets } from "./secrets-client.ts";
import type { Dial } from "./wire.ts";

export interface RuntimeDeps {
  readonly agent: CodingAgent;
  readonly journal: Journal;
  readonly dial: Dial;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  random(): number;
  readonly epoch: number;
  readonly workFolder: string;
  readonly token: string;
  /** What `dial` dials; the brokers are beside it. */
  readonly linkUrl: string;
  /** The branch and commit the work starts from; empty when it is no repository. */
  inspectWorkspace(): Promise<{ readonly branch?: string; readonly base?: string }>;
  /** Absent: sessions on a repository find its clone in their folder. */
  readonly prepareRepository?: PrepareRepository;
  /** Absent: the agent has none. */
  readonly readSecrets?: ReadSecrets;
  /** Absent: sessions in an environment begin with none of it. */
  readonly readBeginning?: ReadBeginning;
  /** Absent: no setup script is run. */
  readonly setUp?: SetUp;
  /** Absent: nothing is saved or restored. */
  readonly checkpointer?: Checkpoints;
  /** The way in for people. Absent: there is none. */
  readonly tunnel?: { open(): void; close(): void };
  /** How this sandbox is kept, seen from inside. Absent: nobody looks. */
  measurePolicy?(): Promise<SandboxMeasurement>;
  /** The agent can be prompted; said each time that it was configured. */
  opened?(): void;
  /** The session needs this runtime no more, or it was told to stop; everything is closed by then. */
  over(): void;
}

const HEARTBEAT_MS = 10_000;
/** Between a connection that is refused and the news that its process is gone. */
const AGENT_DEATH_KNOWN_MS = 1_000;
/** What a prompt in line waits at most for the work of the turn before to be saved; then that goes on beside it. */
const SAVE_BETWEEN_TURNS_MS = 300;
/** Within what a sandbox is given to end. */
const LAST_SAVE_MS = 2_500;

export class Runtime {
  readonly #deps: RuntimeDeps;
  readonly #link: LinkClient;
  readonly #stopping = new AbortController();
  /** Steps that touch the agent's life, strictly one after another. */
  #line: Promise<void> = Promise.resolve();
  /** Last prompt given to the agent and how to tell that its turn is over. */
  #turn: { readonly messageId: string; readonly ended: () => void } | null = null;
  /** Told to stop, perhaps before their turn came. */
  readonly #stopped = new Set<string>();
  /** The agent has it, or may have it: only the agent can end its turn. */
  #submitted: string | null = null;
  /** Questions to the agent whether it takes a message into its turn. */
  readonly #steering = new Set<Promise<void>>();
  readonly #said = new Set<string>();
  #isOpen = false;
  /** What the agent was opened with last. */
  #given: { readonly beginning: Beginning; readonly secrets: Readonly<Record<string, string>> } | null = null;
  /** Since this process began. */
  #hasMeasured = false;
  /** The agent said something since the last heartbeat. */
  #isMoving = false;
  #cancelHeartbeat: (() => void) | null = null;

  constructor(deps: RuntimeDeps) {
    this.#deps = deps;
    const { dial, journal, clock, epoch } = deps;
    this.#link = new LinkClient(
      { dial, journal, clock, epoch, random: () => deps.random() },
      { plan: (body) => this.#plan(body), act: (body) => this.#act(body), openTunnel: () => deps.tunnel?.open(), over: () => void this.stop() },
    );
    deps.checkpointer?.listen({
      post: (message) => this.#link.post(message),
      isOnItsWay: (id) => this.#link.isOnItsWay((message) => message.type === "checkpoint-saved" && message.checkpoint.id === id),
    });
  }

  start(): void {
    const { journal } = this.#deps;
    void this.#listen();
    this.#link.start();
    // Taken up again after a crash of ours.
    if (journal.state.configure) this.#enqueue(() => this.#configure(journal.state.configure as Configure));
    for (const prompt of unfinished(journal.state)) this.#enqueue(() => this.#run(prompt));
  }

  /** @param savesFirst for a sandbox that ends while the session still counts on it */
  async stop({ savesFirst = false }: { readonly savesFirst?: boolean } = {}): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    this.#cancelHeartbeat?.();
    const { agent, checkpointer, tunnel } = this.#deps;
    tunnel?.close();
    if (!savesFirst) checkpointer?.stop();
    await agent.close();
    await checkpointer?.last(LAST_SAVE_MS);
    checkpointer?.stop();
    this.#turn?.ended();
    this.#link.stop();
    this.#deps.over();
  }

  /** The answer to a prompt goes on disk in the same line as the prompt. */
  #plan(body: DownMessage): readonly UpMessage[] {
    return body.type === "prompt" ? [{ type: "accepted", messageId: body.messageId }] : [];
  }

  #act(body: DownMessage): void {
    const { agent } = this.#deps;
    switch (body.type) {
      case "configure":
        return this.#enqueue(() => this.#configure(body));
      case "prompt":
        return this.#enqueue(() => this.#run(body));
      case "interrupt":
        return this.#interrupt(body.messageId);
      case "steer":
        return this.#steer(body);
      case "checkpoint":
        return this.#deps.checkpointer?.request();
      case "measure-policy":
        return void this.#measure();
      case "answer":
        return void agent.answer(body.requestId, body.answer).catch((error: unknown) => {
          if (isPortError(error) && error.code === "not-found") this.#post({ type: "request-gone", requestId: body.requestId });
        });
    }
  }

  /** What the agent does not have ends here and now, however long the agent needs to start. */
  #interrupt(messageId: string): void {
    this.#stopped.add(messageId);
    if (this.#submitted === messageId) return void this.#deps.agent.interrupt(messageId).catch(() => {});
    if (!this.#deps.journal.state.prompts[messageId]) return;
    this.#refuseSteers(messageId);
    this.#post({ type: "turn-ended", messageId, outcome: "stopped" });
    if (this.#turn?.messageId === messageId) this.#turn.ended();
  }

  #steer(steer: Steer): void {
    // Sent down twice, or answered before a restart.
    if (this.#deps.journal.state.steers[steer.steerId] === null) return;
    if (this.#submitted !== steer.messageId || this.#stopped.has(steer.messageId)) return this.#answerSteer(steer, "refused");
    const asked: Promise<void> = this.#offerSteer(steer).finally(() => this.#steering.delete(asked));
    this.#steering.add(asked);
  }

  async #offerSteer(steer: Steer): Promise<void> {
    const { agent } = this.#deps;
    try {
      this.#answerSteer(steer, await agent.steer(steer.messageId, steer.steerId, steer.text));
    } catch (error) {
      if (isPortError(error) && error.outcome === "not-applied") this.#answerSteer(steer, "refused");
      else await this.#lookUpSteer(steer);
    }
  }

  /** Given once already. What cannot be told now is told when the turn ends. */
  async #lookUpSteer(steer: Steer): Promise<void> {
    const known = await this.#deps.agent.lookup(steer.steerId).catch(() => null);
    if (known !== null) this.#answerSteer(steer, known === "unknown" ? "refused" : "taken");
  }

  #answerSteer({ messageId, steerId }: Steer, answer: SteerAnswer): void {
    this.#post({ type: answer === "taken" ? "steered" : "steer-refused", messageId, steerId });
  }

  #refuseSteers(messageId: string): void {
    for (const steer of unansweredSteers(this.#deps.journal.state, messageId)) this.#answerSteer(steer, "refused");
  }

  #enqueue(step: () => Promise<void>): void {
    this.#line = this.#line.then(async () => {
      if (!this.#stopping.signal.aborted) await step();
    });
  }

  async #configure(configure: Configure): Promise<void> {
    const { journal } = this.#deps;
    // A newer one is in the line already.
    if (journal.state.configure !== configure && JSON.stringify(journal.state.configure) !== JSON.stringify(configure)) return;
    const isNew = !journal.state.ready;
    // While the agent starts, which takes longer.
    if (!this.#hasMeasured) void this.#measure();
    try {
      await this.#beginWork(configure);
      if (!journal.state.workspace) void this.#describeWorkspace();
      const { name, version, cannot } = await this.#open(configure);
      this.#markOpened();
      if (isNew) this.#post({ type: "ready", agent: name, agentVersion: version, ...(configure.agent && { kind: configure.agent }), ...(cannot && { cannot }) });
      await this.#setUp(configure);
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      if (error instanceof CheckpointError || error instanceof RepositoryError) this.#post({ type: "workspace-failed", failure: error.failure });
      else this.#post({ type: "agent-failed", failure: failureOf(error, "agent-failed") });
    }
  }

  /** It only lets others start sooner: a disk that is full, or what is in the mark's place, is no fault of the agent. */
  #markOpened(): void {
    try {
      this.#deps.opened?.();
    } catch {
      // The host goes by its clock then.
    }
  }

  /** What cannot be looked at is said to be unknown, so that nobody waits for it. */
  async #measure(): Promise<void> {
    this.#hasMeasured = true;
    const measurement = await this.#deps.measurePolicy?.().catch(() => ({}));
    if (measurement) this.#post({ type: "policy-measured", measurement });
  }

  /** A fresh folder gets the session's work, or its repository, before an agent sees it. @throws CheckpointError, RepositoryError */
  async #beginWork(configure: Configure): Promise<void> {
    const { checkpointer, prepareRepository } = this.#deps;
    const restored = await checkpointer?.begin(configure.restore?.checkpoint ?? null);
    if (restored) this.#post({ type: "workspace-restored", checkpoint: restored });
    await prepareRepository?.(configure, this.#stopping.signal);
  }

  /** The agent is there, so that what the script takes is not part of the start; prompts wait in the line meanwhile. */
  async #setUp({ restore }: Configure): Promise<void> {
    const { setUp, clock, journal } = this.#deps;
    if (!setUp || !this.#given) return;
    const { beginning, secrets } = this.#given;
    let cancel: () => void = () => {};
    const beat = (): void => {
      cancel = clock.after(HEARTBEAT_MS, () => {
        if (unfinished(journal.state).length > 0) this.#link.heartbeat("setup script");
        beat();
      });
    };
    beat();
    await setUp({ script: beginning.setupScript, isRestored: restore !== undefined, variables: beginning.variables, secrets, post: (message) => this.#post(message) }, this.#stopping.signal);
    cancel();
  }

  async #describeWorkspace(): Promise<void> {
    try {
      this.#post({ type: "workspace-ready", ...(await this.#deps.inspectWorkspace()) });
    } catch (error) {
      this.#post({ type: "workspace-failed", failure: failureOf(error, "workspace-failed") });
    }
  }

  async #open(configure: Configure): ReturnType<CodingAgent["open"]> {
    const { type: _type, restore: _restore, repo: _repo, environment: inOne, ...config } = configure;
    const { agent, workFolder, token, linkUrl, readSecrets, readBeginning } = this.#deps;
    const providers = besideLink(config.providers, linkUrl);
    const { signal } = this.#stopping;
    const [environment, beginning] = await Promise.all([readSecrets?.(signal), inOne && readBeginning?.(signal), this.#beginWork(configure)]);
    if (beginning === null) this.#post({ type: "environment-missing" });
    const info = await agent.open({ ...config, providers, workFolder, brokerToken: token, ...(environment && { environment }), ...(beginning && { variables: beginning.variables }) }, signal);
    this.#isOpen = true;
    this.#given = beginning ? { beginning, secrets: environment ?? {} } : null;
    return info;
  }

  async #run(prompt: Prompt): Promise<void> {
    const { messageId } = prompt;
    const { journal, checkpointer } = this.#deps;
    // Sent down twice, or ended before a restart.
    if (journal.state.prompts[messageId] === null) return;
    if (this.#stopped.has(messageId)) return this.#post({ type: "turn-ended", messageId, outcome: "stopped" });
    const over = new Promise<void>((resolve) => {
      this.#turn = { messageId, ended: resolve };
    });
    this.#beat();
    checkpointer?.turnStarted();
    try {
      await this.#submit(prompt).then(() => over);
    } catch (error) {
      await this.#answerSteers(messageId);
      this.#post({ type: "turn-ended", messageId, outcome: "failed", failure: failureOf(error, "agent-failed") });
    }
    this.#turn = null;
    this.#submitted = null;
    this.#stopped.delete(messageId);
    this.#cancelHeartbeat?.();
    if (checkpointer) await this.#atMost(SAVE_BETWEEN_TURNS_MS, checkpointer.turnEnded());
  }

  /**
   * An agent that died a moment ago does not listen, or answers nothing. Once that is known it is started again and asked
   * once more: what of this prompt it knows is looked up before anything is submitted.
   */
  async #submit(prompt: Prompt): Promise<void> {
    try {
      await this.#submitOnce(prompt);
    } catch (error) {
      if (!isPortError(error)) throw error;
      await new Promise<void>((resolve) => void this.#deps.clock.after(AGENT_DEATH_KNOWN_MS, resolve));
      if (this.#isOpen && error.outcome === "not-applied" && error.retry === "never") throw error;
      // It may have begun before the agent died, which ended it.
      if (this.#deps.journal.state.prompts[prompt.messageId] !== null) await this.#submitOnce(prompt);
    }
  }

  /** Submits what the agent never saw; what it saw, or may have seen, it reports again. */
  async #submitOnce({ messageId, text, model }: Prompt): Promise<void> {
    const { agent, journal } = this.#deps;
    if (!this.#isOpen && journal.state.configure) await this.#open(journal.state.configure);
    const known = await agent.lookup(messageId);
    // Stopped and ended meanwhile.
    if (this.#stopped.has(messageId)) return;
    this.#submitted = messageId;
    if (known !== "unknown") {
      for (const steer of unansweredSteers(journal.state, messageId)) await this.#lookUpSteer(steer);
      return agent.resume(messageId);
    }
    // From before a restart; its turn had not begun.
    this.#refuseSteers(messageId);
    try {
      await agent.prompt({ messageId, text, model });
      // The stop came while the prompt was on its way.
      if (this.#stopped.has(messageId)) await agent.interrupt(messageId);
    } catch (error) {
      // It may have arrived all the same; only what surely did not is a failure to report.
      if (!isPortError(error) || error.outcome !== "unknown") throw error;
      await agent.resume(messageId);
    }
  }

  async #listen(): Promise<void> {
    for await (const event of this.#deps.agent.events()) {
      if (event.kind === "message" && event.message.type === "turn-ended") await this.#answerSteers(event.message.messageId);
      this.#onEvent(event);
    }
  }

  /** Before the turn's end: what it may have taken ends with it, and is not given to the agent again. */
  async #answerSteers(messageId: string): Promise<void> {
    // Another may come while these are waited for; its own answer counts too.
    while (this.#steering.size > 0) await Promise.all(this.#steering);
    for (const steer of unansweredSteers(this.#deps.journal.state, messageId)) this.#answerSteer(steer, "taken");
  }

  #onEvent(event: AgentEvent): void {
    this.#isMoving = true;
    if (event.kind === "delta") {
      const { partId, offset, text } = event;
      if (!this.#deps.journal.state.turn?.ended.includes(partId)) this.#link.delta({ partId, offset, text });
      return;
    }
    const { message } = event;
    if (message.type === "agent-failed") return this.#onAgentFailed(message.failure);
    this.#post(message);
    if (message.type === "turn-ended" && this.#turn?.messageId === message.messageId) this.#turn.ended();
  }

  /** The agent's process is gone and its turn, if any, has ended. One new start; if that fails the session decides. */
  #onAgentFailed(failure: Failure): void {
    this.#isOpen = false;
    this.#enqueue(async () => {
      const { configure } = this.#deps.journal.state;
      if (this.#isOpen || !configure) return;
      await this.#open(configure).catch(() => this.#post({ type: "agent-failed", failure }));
    });
  }

  #post(message: UpMessage): void {
    const key = onceKey(message);
    if (!isNews(this.#deps.journal.state, message) || (key !== null && this.#said.has(key))) return;
    if (key !== null) this.#said.add(key);
    this.#link.post(message);
  }

  async #atMost(ms: number, work: Promise<void>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#deps.clock.after(ms, resolve);
    await Promise.race([work, promise]);
    cancel();
  }

  #beat(): void {
    this.#cancelHeartbeat?.();
    this.#cancelHeartbeat = this.#deps.clock.after(HEARTBEAT_MS, () => {
      const activity = this.#deps.agent.activity();
      // A model that says nothing cannot be told from one that hangs; a tool may be silent for as long as it likes.
      this.#link.heartbeat(activity === "model" && !this.#isMoving ? null : activity);
      this.#isMoving = false;
      this.#beat();
    });
  }
}

/** What is said once although two sides may come to say it, each before the other's word is on disk. */
function onceKey(message: UpMessage): string | null {
  if (message.type === "turn-ended") return `turn ${message.messageId}`;
  return message.type === "steered" || message.type === "steer-refused" ? `steer ${message.steerId}` : null;
}

function failureOf(error: unknown, code: string): Failure {
  if (isPortError(error)) return { code, message: error.message, ...(error.fix !== undefined && { fix: error.fix }) };
  return { code, message: error instanceof Error ? error.message : "Something failed inside the sandbox." };
}
