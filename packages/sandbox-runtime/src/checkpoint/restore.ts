/** Puts a checkpoint into a fresh folder: the newest that is whole. */
import type { Blobs } from "./archive.ts";
import { BrokenBlob, readArchive } from "./archive.ts";
import { CheckpointError } from "./failure.ts";
import { findManifest, readManifest, type Saved } from "./manifest.ts";
import type { AgentMemory } from "./memory.ts";
import { inScratch } from "./save.ts";
import { Unpacker } from "./unpack.ts";

export interface RestoreDeps {
  readonly workFolder: string;
  readonly memory: AgentMemory;
  readonly blobs: Blobs;
  readonly scratch: string;
}

export interface Restored extends Saved {
  /** Checkpoints that were newer and could not be restored, with why. */
  readonly passedOver: readonly { readonly id: string; readonly why: string }[];
}

/** It cannot even say which one came before. */
class BrokenManifest extends BrokenBlob {}

/** @throws CheckpointError when neither it nor the one before can be restored; the folder is empty or holds a part then */
export async function restore(deps: RestoreDeps, id: string): Promise<Restored> {
  const passedOver: { id: string; why: string }[] = [];
  for (let next: string | null = id; next !== null; ) {
    const current: string = next;
    next = null;
    try {
      const saved = await readManifest(current, deps.blobs).catch((error: unknown) => {
        throw error instanceof BrokenBlob ? new BrokenManifest(error.message, { cause: error }) : error;
      });
      next = saved.manifest.previous;
      await restoreOne(deps, saved);
      return { ...saved, passedOver };
    } catch (error) {
      // Where they are kept may answer in a moment; that the next sandbox asks again is better than an older state.
      if (error instanceof CheckpointError) throw error;
      if (isOfThisMachine(error)) throw error;
      passedOver.push({ id: current, why: error instanceof Error ? error.message : String(error) });
      if (error instanceof BrokenManifest) next = (await findManifest(deps.blobs, passedOver.map(({ id: tried }) => tried)))?.id ?? null;
    }
  }
  const why = passedOver.map(({ why: reason }) => reason).join("; ");
  throw new CheckpointError({
    code: "checkpoint-broken",
    message: `The session's checkpoint could not be restored: ${why}.`,
    fix: "What was saved is kept. Start a new session to go on from the repository.",
  });
}

async function restoreOne({ workFolder, memory, blobs, scratch }: RestoreDeps, { manifest }: Saved): Promise<void> {
  const unpacker = new Unpacker(workFolder);
  unpacker.clear();
  for (const { pieces } of manifest.layers) await unpacker.apply(readArchive(pieces, blobs));
  unpacker.finish();
  await inScratch(scratch, async (folder) => {
    const copy = new Unpacker(folder);
    await copy.apply(readArchive(manifest.memory.pieces, blobs));
    copy.finish();
    await memory.restore(folder);
  });
}

/** Another checkpoint would meet the same. */
function isOfThisMachine(error: unknown): boolean {
  return !(error instanceof BrokenBlob) && ["ENOSPC", "EDQUOT", "EROFS", "EACCES", "EMFILE"].includes((error as NodeJS.ErrnoException).code ?? "");
}
