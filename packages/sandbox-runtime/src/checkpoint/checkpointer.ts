/**
 * Saves a session's work: after each turn, when the session asks, and while files change inside a turn or with a shell open.
 * One checkpoint is made at a time; who asks meanwhile gets the next one, since this one may have looked before the change.
 */
import type { Checkpoint, Failure, UpMessage } from "@berth/protocol";
import type { Clock } from "../clock.ts";
import { BrokenBlob, type Blobs } from "./archive.ts";
import { CheckpointError, failureOf, notBegun } from "./failure.ts";
import { Garbage } from "./garbage.ts";
import type { Base, KeptState, Mark } from "./kept.ts";
import { checkpointOf, readManifest } from "./manifest.ts";
import type { AgentMemory } from "./memory.ts";
import { AIM_MS, intervalAfter, RETRY_MS } from "./pace.ts";
import { restore } from "./restore.ts";
import { save, type SaveDeps } from "./save.ts";
import { walk } from "./tree.ts";

export interface CheckpointerDeps {
  readonly workFolder: string;
  readonly memory: AgentMemory;
  readonly blobs: Blobs;
  readonly kept: KeptState;
  /** A folder for temporary files. */
  readonly scratch: string;
  readonly epoch: number;
  readonly clock: Clock;
  log(line: string): void;
}

export interface CheckpointListener {
  post(message: Extract<UpMessage, { type: "checkpoint-saved" | "checkpoint-failed" }>): void;
  /** True while the session has not committed that it was saved. */
  isOnItsWay(checkpointId: string): boolean;
}

/** What a runtime asks of it. */
export type Checkpoints = Pick<Checkpointer, "listen" | "begin" | "turnStarted" | "turnEnded" | "request" | "last" | "stop">;

export class Checkpointer {
  readonly #deps: CheckpointerDeps;
  readonly #garbage: Garbage;
  #listener: CheckpointListener | null = null;
  #base: Base | null = null;
  #running: Promise<void> | null = null;
  /** A checkpoint that begins later than now was asked for. */
  #next: Promise<void> | null = null;
  #isAsked = false;
  #isLive = false;
  #isInTurn = false;
  /** A shell is open, whoever looks at it. */
  #isByPeople = false;
  #isOver = false;
  #lastFailure: string | null = null;
  #cancelTimer: (() => void) | null = null;

  constructor(deps: CheckpointerDeps) {
    this.#deps = deps;
    this.#garbage = new Garbage(deps.blobs);
  }

  listen(listener: CheckpointListener): void {
    this.#listener = listener;
  }

  /**
   * Before the agent is opened: a fresh folder gets the content of the session's checkpoint, one with a live tree is left
   * alone. Answers what was restored. @throws CheckpointError
   */
  async begin(checkpointId: string | null): Promise<Checkpoint | null> {
    if (this.#isLive) return null;
    const restored = await this.#begin(checkpointId).catch((error: unknown) => {
      throw notBegun(error);
    });
    this.#isLive = true;
    if (this.#isAsked) void this.#soon();
    return restored;
  }

  turnStarted(): void {
    this.#isInTurn = true;
    this.#saveAfter(AIM_MS);
  }

  /** Resolves when what the turn left is saved, or could not be. */
  turnEnded(): Promise<void> {
    this.#isInTurn = false;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    if (this.#isByPeople) this.#saveAfter(AIM_MS);
    return this.#soon();
  }

  /** People work in the folder by shells, or do not any more: then what they left is saved. */
  peopleAtWork(areThey: boolean): void {
    if (areThey === this.#isByPeople || this.#isOver) return;
    this.#isByPeople = areThey;
    if (this.#isInTurn) return;
    if (areThey) return this.#saveAfter(AIM_MS);
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    void this.#soon();
  }

  /** Answered by a message in any case. */
  request(): void {
    this.#isAsked = true;
    void this.#soon();
  }

  /** The last one before the runtime ends. */
  async last(withinMs: number): Promise<void> {
    if (!this.#isLive || this.#isOver) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#deps.clock.after(withinMs, resolve);
    await Promise.race([this.#soon(), promise]);
    cancel();
  }

  stop(): void {
    this.#isOver = true;
    this.#cancelTimer?.();
  }

  async #begin(checkpointId: string | null): Promise<Checkpoint | null> {
    const { kept } = this.#deps;
    const mark = kept.readMark();
    if (mark !== null && !(await this.#isLeftBehind(mark, checkpointId))) {
      await this.#goOn(checkpointId);
      kept.takeOver(mark);
      return null;
    }
    if (checkpointId !== null) return this.#restore(checkpointId);
    kept.mark(null);
    return null;
  }

  /** The session worked elsewhere since: a later epoch, in another folder, saved what the session knows of. */
  async #isLeftBehind(mark: Mark, knownId: string | null): Promise<boolean> {
    if (knownId === null || knownId === mark.checkpoint) return false;
    const known = await readManifest(knownId, this.#deps.blobs).catch((error: unknown) => {
      // Which epoch made it is not known any more, so the tree that is there is kept.
      if (error instanceof BrokenBlob) return null;
      throw error;
    });
    return known !== null && known.manifest.epoch > mark.epoch;
  }

  async #restore(id: string): Promise<Checkpoint> {
    const { workFolder, kept, memory, log } = this.#deps;
    const startedAtMs = this.#deps.clock.now();
    const { passedOver, ...saved } = await restore(this.#deps, id);
    for (const { id: broken, why } of passedOver) this.#passedOver(broken, why);
    const { tree } = await walk(workFolder, Number.MAX_SAFE_INTEGER);
    this.#base = { ...saved, tree, wholeTree: null, fingerprint: memory.fingerprint() };
    kept.mark(saved.id);
    await kept.note(this.#base);
    await this.#garbage.begin(saved.id).catch(() => {});
    log(`restored ${saved.id} with ${saved.manifest.files} files in ${this.#deps.clock.now() - startedAtMs} ms`);
    return checkpointOf(saved);
  }

  /** An older state than the session knows of is not taken in silence. */
  #passedOver(id: string, why: string): void {
    this.#deps.log(`checkpoint ${id} was passed over: ${why}`);
    const message = `The newest checkpoint could not be restored: ${why}. The one before it was.`;
    this.#listener?.post({ type: "checkpoint-failed", failure: { code: "checkpoint-passed-over", message }, asked: false });
  }

  /** A later runtime in the same folder. */
  async #goOn(knownId: string | null): Promise<void> {
    this.#base = this.#deps.kept.readNotes();
    if (knownId !== null) await this.#garbage.begin(knownId).catch(() => {});
    if (this.#base) this.#garbage.add(this.#base);
  }

  #saveAfter(ms: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#deps.clock.after(ms, () => void this.#atWork());
  }

  async #atWork(): Promise<void> {
    const startedAtMs = this.#deps.clock.now();
    const cancelled = this.#cancelTimer;
    await this.#soon();
    // The work may be over by now.
    if (this.#cancelTimer !== cancelled || this.#isOver) return;
    const tookMs = this.#deps.clock.now() - startedAtMs;
    this.#saveAfter(intervalAfter(tookMs) - tookMs);
  }

  #soon(): Promise<void> {
    if (this.#isOver || !this.#isLive) return Promise.resolve();
    if (this.#running === null) return this.#start();
    this.#next ??= this.#running.then(() => this.#start());
    return this.#next;
  }

  #start(): Promise<void> {
    this.#next = null;
    this.#running = this.#save().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #save(): Promise<void> {
    if (this.#isOver) return;
    const isAsked = this.#isAsked;
    this.#isAsked = false;
    try {
      const made = await this.#make();
      if (made) {
        await this.#deps.kept.note(made);
        this.#base = made;
        this.#garbage.add(made);
      }
      this.#lastFailure = null;
      if (this.#base && (made || isAsked)) this.#listener?.post({ type: "checkpoint-saved", checkpoint: checkpointOf(this.#base), asked: isAsked });
    } catch (error) {
      this.#failed(error, isAsked);
      this.#tryAgain();
      return;
    }
    await this.#garbage.collect((id) => this.#listener?.isOnItsWay(id) === false).catch(() => {});
  }

  async #make(): Promise<Base | null> {
    const deps: SaveDeps = { ...this.#deps, blobs: this.#garbage.watched };
    try {
      return await save(deps, this.#base);
    } catch (error) {
      if (this.#base === null || failureOf(error).code !== "checkpoint-too-large") throw error;
      // Without its past it may be small enough.
      return await save(deps, null);
    }
  }

  /** While somebody works the next one is due anyway; after it nothing else may come for hours. */
  #tryAgain(): void {
    if (this.#isInTurn || this.#isByPeople || this.#isOver) return;
    this.#cancelTimer?.();
    this.#cancelTimer = this.#deps.clock.after(RETRY_MS, () => {
      this.#cancelTimer = null;
      void this.#soon();
    });
  }

  /** Said once for the same reason in a row, and to whoever asked. */
  #failed(error: unknown, isAsked: boolean): void {
    if (error instanceof CheckpointError && error.isOver) {
      this.stop();
      return;
    }
    if (this.#isOver) return;
    const failure: Failure = failureOf(error);
    if (!isAsked && this.#lastFailure === failure.code) return;
    this.#lastFailure = failure.code;
    this.#deps.log(`checkpoint failed: ${failure.message}`);
    this.#listener?.post({ type: "checkpoint-failed", failure, asked: isAsked });
  }
}
