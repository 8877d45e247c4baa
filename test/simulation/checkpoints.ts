/**
 * What the runtime saves and restores, in the smallest form: the agent's memory under an id, and a blob for it. It has the
 * checkpointer's part towards the runtime and no file system.
 */
import type { Checkpoint } from "@berth/protocol";
import type { CheckpointListener } from "../../packages/sandbox-runtime/src/checkpoint/checkpointer.ts";
import { CheckpointError } from "../../packages/sandbox-runtime/src/checkpoint/failure.ts";
import type { BlobStore } from "../../src/ports/blob-store/blob-store.port.ts";
import type { AgentMemory } from "./agent.ts";
import type { World } from "./world.ts";

/** A sandbox's disk. `isFresh`: nothing was put on it yet. */
export interface SandboxDisk {
  agent: AgentMemory;
  isFresh: boolean;
}

export class Saved {
  readonly memories = new Map<string, AgentMemory>();
}

const EVERY_MS = 30_000;

export class SimCheckpointer {
  readonly #world: World;
  readonly #blobs: BlobStore;
  readonly #saved: Saved;
  readonly #disk: SandboxDisk;
  readonly #guarded: (run: () => void) => void;
  #listener: CheckpointListener | null = null;
  #isOver = false;
  #inTurn = 0;

  constructor(world: World, blobs: BlobStore, saved: Saved, disk: SandboxDisk, guarded: (run: () => void) => void) {
    this.#world = world;
    this.#blobs = blobs;
    this.#saved = saved;
    this.#disk = disk;
    this.#guarded = guarded;
  }

  listen(listener: CheckpointListener): void {
    this.#listener = listener;
  }

  async begin(checkpointId: string | null): Promise<Checkpoint | null> {
    const { isFresh } = this.#disk;
    this.#disk.isFresh = false;
    if (!isFresh || checkpointId === null) return null;
    await this.#world.gate("a checkpoint is read");
    const memory = this.#saved.memories.get(checkpointId);
    if (!memory) throw new CheckpointError({ code: "checkpoint-missing", message: `There is no checkpoint ${checkpointId}.` });
    this.#disk.agent = copyOf(memory);
    return { id: checkpointId, files: 1, bytes: 10 };
  }

  turnStarted(): void {
    this.#inTurn += 1;
    const turn = this.#inTurn;
    this.#world.time.after(EVERY_MS, () => this.#guarded(() => this.#inTurn === turn && void this.#save()));
  }

  turnEnded(): Promise<void> {
    this.#inTurn += 1;
    return this.#save();
  }

  request(): void {
    void this.#save();
  }

  async last(): Promise<void> {
    await this.#save();
  }

  stop(): void {
    this.#isOver = true;
  }

  async #save(): Promise<void> {
    if (this.#isOver) return;
    const id = `chk_${this.#saved.memories.size + 1}`;
    const memory = copyOf(this.#disk.agent);
    this.#saved.memories.set(id, memory);
    const failure = await this.#blobs.put(`checkpoints/${id}`, new Uint8Array(10), { contentType: "application/octet-stream" }).then(
      () => null,
      (error: unknown) => ({ code: "checkpoint-failed", message: (error as Error).message }),
    );
    this.#guarded(() => {
      if (this.#isOver) return;
      this.#listener?.post(failure === null ? { type: "checkpoint-saved", checkpoint: { id, files: 1, bytes: 10 } } : { type: "checkpoint-failed", failure });
    });
  }
}

function copyOf({ turns, titled }: AgentMemory): AgentMemory {
  return { turns: new Map([...turns].map(([id, { said, steers, outcome }]) => [id, { said: [...said], steers: new Set(steers), outcome }])), titled };
}
