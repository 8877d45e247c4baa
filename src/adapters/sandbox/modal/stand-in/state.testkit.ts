/** What the stand-in knows: sandboxes with their names and tags, their machines, and the images that were made of them. */
import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ModalClient } from "modal";
import { Status } from "nice-grpc";
import { Machine, type Exit } from "./machine.testkit.ts";
import { refuse } from "./service.testkit.ts";

type Client = ModalClient["cpClient"];
type Full<T> = T extends object ? { [Key in keyof T]-?: Full<T[Key]> } : T;
export type Request<Name extends keyof Client> = Full<Parameters<Client[Name]>[0]>;
export type Definition = NonNullable<Request<"sandboxCreateV2">["definition"]>;
export type Tag = Awaited<ReturnType<Client["sandboxTagsGetV2"]>>["tags"][number];
export type Result = NonNullable<Awaited<ReturnType<Client["sandboxWaitV2"]>>["result"]>;

/** Numbers of Modal's protocol. */
const STATUS = { success: 1, failure: 2, terminated: 3 } as const;
const BLOCKED = 2;

export interface Box {
  readonly id: string;
  readonly taskId: string;
  readonly name: string;
  readonly createdAt: number;
  readonly definition: Definition;
  readonly machine: Machine;
  tags: readonly Tag[];
  isTerminated: boolean;
  result: Result | undefined;
  readonly ended: Promise<Result>;
  snapshot: string | undefined;
}

export interface StandInOptions {
  /** Where everything is. */
  readonly root: string;
  /** In every image, beside Node: paths of this machine by where they are inside. */
  readonly programs?: Readonly<Record<string, string>>;
  /** Sandboxes share the network of this machine; absent: they have none, whatever they may reach. */
  readonly sharesNetwork?: boolean;
}

const NAME = /^[a-zA-Z0-9\-_.]{1,64}$/;

export class StandInState {
  readonly boxes = new Map<string, Box>();
  /** By name, the folder of each; the first is made of nothing. */
  readonly images = new Map<string, string | undefined>();
  readonly apps = new Map<string, string>();
  #createdLast = 0;

  readonly #options: StandInOptions;

  constructor(options: StandInOptions) {
    this.#options = options;
    mkdirSync(options.root, { recursive: true });
  }

  image(): string {
    const id = newId("im");
    this.images.set(id, undefined);
    return id;
  }

  create(definition: Definition, tags: readonly Tag[]): Box {
    const { name = "", imageId, timeoutSecs } = definition;
    if (!this.images.has(imageId)) refuse(Status.NOT_FOUND, `no image ${imageId}`);
    if (timeoutSecs < 1 || timeoutSecs > 86_400) refuse(Status.INVALID_ARGUMENT, "timeout_secs must be from 1 to 86400");
    if (name !== "" && !NAME.test(name)) refuse(Status.INVALID_ARGUMENT, `"${name}" is no name`);
    if (name !== "" && this.running().some((box) => box.name === name)) refuse(Status.ALREADY_EXISTS, `a sandbox named ${name} runs already`);
    const id = newId("sb");
    const { root, programs, sharesNetwork = false } = this.#options;
    const machine = new Machine({
      ...{ root, name: id, begins: this.images.get(imageId), command: definition.entrypointArgs },
      environment: { MODAL_SANDBOX_ID: id, MODAL_IS_REMOTE: "1" },
      sharesNetwork: sharesNetwork && Number(definition.networkAccess?.networkAccessType) !== BLOCKED,
      programs: { "/opt/berth/bin/node": process.execPath, ...programs },
    });
    // Lists are paged by it.
    this.#createdLast = Math.max(this.#createdLast + 0.001, Date.now() / 1_000);
    const box: Box = { id, taskId: newId("ta"), name, createdAt: this.#createdLast, definition, machine, tags, isTerminated: false, result: undefined, ended: this.#watch(machine, () => box), snapshot: undefined };
    this.boxes.set(id, box);
    return box;
  }

  find(id: string): Box {
    return this.boxes.get(id) ?? refuse(Status.NOT_FOUND, `no sandbox ${id}`);
  }

  ofTask(taskId: string): Box {
    return [...this.boxes.values()].find((box) => box.taskId === taskId) ?? refuse(Status.NOT_FOUND, `no task ${taskId}`);
  }

  /** Newest first. */
  running(): Box[] {
    return [...this.boxes.values()].filter(({ result }) => result === undefined).toSorted((a, b) => b.createdAt - a.createdAt);
  }

  /** Undefined when it still runs then. */
  async waitFor(box: Box, seconds: number, signal: AbortSignal): Promise<Result | undefined> {
    if (box.result !== undefined || seconds === 0) return box.result;
    const over = new AbortController();
    const stop = (): void => over.abort();
    signal.addEventListener("abort", stop, { once: true });
    try {
      return await Promise.race([box.ended, delay(seconds * 1_000, undefined, { signal: over.signal }).catch(() => undefined)]);
    } finally {
      stop();
      signal.removeEventListener("abort", stop);
    }
  }

  /** Of one that has ended. */
  snapshotOf(box: Box): string {
    if (box.snapshot === undefined) {
      box.snapshot = newId("im");
      const folder = join(this.#options.root, "images", box.snapshot);
      box.machine.copyTo(folder);
      this.images.set(box.snapshot, folder);
    }
    return box.snapshot;
  }

  deleteImage(id: string): void {
    const folder = this.images.get(id);
    if (!this.images.delete(id)) refuse(Status.NOT_FOUND, `no image ${id}`);
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }

  async end(): Promise<void> {
    await Promise.all([...this.boxes.values()].map(({ machine }) => machine.kill()));
  }

  async #watch(machine: Machine, own: () => Box): Promise<Result> {
    const exit = await machine.main.exited;
    const box = own();
    box.result = resultOf(exit, box.isTerminated);
    return box.result;
  }
}

function resultOf({ code, signal }: Exit, isTerminated: boolean): Result {
  const exitcode = code ?? 128 + (signal ?? 0);
  const status = isTerminated ? STATUS.terminated : exitcode === 0 ? STATUS.success : STATUS.failure;
  return { status, exitcode: isTerminated ? 137 : exitcode, exception: "", traceback: "", serializedTb: new Uint8Array(), tbLineCache: new Uint8Array(), propagationReason: "" };
}

/** Of Modal's second version, whose names are longer than those of its first. */
export function newId(kind: string): string {
  return `${kind}-${randomBytes(13).toString("hex")}`;
}
