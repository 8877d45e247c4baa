/**
 * Sandboxes that wait for their session: everything that is the same for each has been done in them, and nothing of anybody
 * is there. One is given to one session and never comes back. Those that wait end with this process, however it ends.
 */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { freemem } from "node:os";
import { join } from "node:path";
import { WAITING_READY_FILE } from "@berth/sandbox-runtime/link-file";
import type { WaitingBackend, WaitingRuntime } from "./backend.ts";
import { waitingId, type LabelStore, type SandboxLabel, type WorkspaceRecord } from "./label.ts";
import { hasMemoryFor, RECENT_MS, warmTarget } from "./warm-size.ts";

export interface WarmOptions {
  /** At most so many wait; 0 for none. */
  readonly max: number;
  /** After a create, and after the start, before another is begun: whoever works now goes first. */
  readonly quietMs?: number;
  /** Memory that programs can have. */
  readonly freeBytes?: () => number;
}

export interface WarmPoolDeps extends WarmOptions {
  readonly labels: LabelStore;
  readonly backend: WaitingBackend;
  readonly now: () => number;
  /** Makes its folders, as they are before anything is in them. */
  readonly makeFolders: (name: string) => void;
  /** The work folder of a session that begins with nothing. */
  readonly prepareEmpty: (spec: SandboxLabel["spec"]) => Promise<WorkspaceRecord>;
  /** False while the host has no room for more, or starts one that a session waits for. */
  readonly mayStart: () => Promise<boolean>;
}

export interface Taken {
  readonly name: string;
  readonly runtime: WaitingRuntime;
  /** Of its work folder, for a session that begins with nothing. */
  readonly workspace: WorkspaceRecord;
}

interface Waiter extends Taken {
  readonly fingerprint: string;
  readonly sinceMs: number;
}

const QUIET_MS = 5_000;
const SOON_MS = 200;
/** Whether there is room is asked of the backend. */
const ROOM_MS = 1_000;
const CHECK_MS = 20_000;
/** What did not start once may not start the next time either. */
const FAILED_MS = 60_000;
/** One that is not ready by then counts as if it were; it is at least started. */
const READY_WITHIN_MS = 60_000;
const NAME_BYTES = 6;

export class WarmPool {
  readonly #deps: WarmPoolDeps;
  readonly #startedAtMs: number;
  #waiting: readonly Waiter[] = [];
  #createdAtMs: readonly number[] = [];
  #restsUntilMs: number;
  #timer: NodeJS.Timeout | undefined;
  #tick: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(deps: WarmPoolDeps) {
    this.#deps = deps;
    this.#startedAtMs = deps.now();
    this.#restsUntilMs = this.#startedAtMs + (deps.quietMs ?? QUIET_MS);
  }

  /** Goes on by itself from here. What an earlier host left is cleared away first. */
  async open(): Promise<void> {
    const { labels, backend, max } = this.#deps;
    for (const name of labels.waiting()) {
      await backend.clear(waitingId(name));
      labels.removeSession(name);
    }
    if (max > 0) this.#soon();
  }

  /** Those that are ready first. Null when none fits what would be made now. */
  async take(): Promise<Taken | null> {
    const { now, quietMs = QUIET_MS, max, backend } = this.#deps;
    if (this.#closed || max === 0) return null;
    const nowMs = now();
    this.#createdAtMs = [...this.#createdAtMs.filter((atMs) => nowMs - atMs < RECENT_MS), nowMs];
    this.#restsUntilMs = nowMs + quietMs;
    this.#soon();
    if (this.#waiting.length === 0) return null;
    const fingerprint = await backend.fingerprint().catch(() => null);
    const fitting = this.#waiting.filter((waiter) => waiter.fingerprint === fingerprint);
    const taken = fitting.find((waiter) => this.#isReady(waiter)) ?? fitting[0] ?? null;
    this.#waiting = this.#waiting.filter((waiter) => waiter !== taken);
    return taken;
  }

  /** How many wait, and how many of them have their agent ready. */
  count(): { readonly waiting: number; readonly ready: number } {
    return { waiting: this.#waiting.length, ready: this.#waiting.filter((waiter) => this.#isReady(waiter)).length };
  }

  /** None is left then, and none comes any more. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#tick;
    await this.#end(this.#waiting);
  }

  #soon(afterMs = SOON_MS): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#tick = this.#keepUp()
        .catch(() => {
          this.#restsUntilMs = this.#deps.now() + FAILED_MS;
          return CHECK_MS;
        })
        .then((nextMs) => this.#soon(nextMs));
    }, afterMs);
    this.#timer.unref();
  }

  /** One step towards as many as there should be. @returns when to look again, in milliseconds from now */
  async #keepUp(): Promise<number> {
    const { backend, now, max, mayStart, freeBytes = freemem } = this.#deps;
    const target = warmTarget({ max, startedAtMs: this.#startedAtMs, createdAtMs: this.#createdAtMs, nowMs: now() });
    const fingerprint = this.#waiting.length > 0 || target > 0 ? await backend.fingerprint() : "";
    const fitting = this.#waiting.filter((waiter) => waiter.fingerprint === fingerprint);
    await this.#end([...this.#waiting.filter((waiter) => !fitting.includes(waiter)), ...fitting.slice(target)]);
    if (this.#waiting.length >= target) return CHECK_MS;
    const isBusy = this.#waiting.some((waiter) => !this.#isReady(waiter) && now() - waiter.sinceMs < READY_WITHIN_MS);
    if (isBusy) return SOON_MS;
    const restMs = this.#restsUntilMs - now();
    if (restMs > 0) return restMs;
    if (!(await mayStart())) return ROOM_MS;
    if (!hasMemoryFor(freeBytes())) return CHECK_MS;
    await this.#start(fingerprint);
    return SOON_MS;
  }

  async #start(fingerprint: string): Promise<void> {
    const { labels, backend, makeFolders, prepareEmpty, now } = this.#deps;
    const name = `waiting_${randomBytes(NAME_BYTES).toString("hex")}`;
    const id = waitingId(name);
    const { promise: exited, resolve: exit } = Promise.withResolvers<void>();
    let workspace: WorkspaceRecord | null = null;
    try {
      makeFolders(name);
      const prepare = async (): Promise<void> => {
        workspace = await prepareEmpty({ id, orgId: "", sessionId: name, epoch: 1, workspace: { kind: "empty" }, demoOnly: false });
      };
      const runtime = await backend.start({ id, folders: labels.foldersOf(name), prepare, onExit: exit });
      if (workspace === null) throw new Error("its work folder was not made");
      const waiter: Waiter = { name, runtime, workspace, fingerprint, sinceMs: now() };
      this.#waiting = [...this.#waiting, waiter];
      void exited.then(() => (this.#waiting.includes(waiter) ? this.#end([waiter]) : undefined)).catch(() => undefined);
    } catch (error) {
      labels.removeSession(name);
      throw error;
    }
  }

  #isReady({ name }: Waiter): boolean {
    return existsSync(join(this.#deps.labels.foldersOf(name).home, WAITING_READY_FILE));
  }

  async #end(waiters: readonly Waiter[]): Promise<void> {
    this.#waiting = this.#waiting.filter((waiter) => !waiters.includes(waiter));
    for (const { name, runtime } of waiters) {
      await runtime.end();
      this.#deps.labels.removeSession(name);
    }
  }
}
