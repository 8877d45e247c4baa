/** Makes one checkpoint: looks what changed, stores that and the agent's memory, then the manifest that names both. */
import { mkdtempSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { LIMITS } from "@berth/protocol";
import { storeArchive, type Blobs, type Piece } from "./archive.ts";
import { tooLarge } from "./failure.ts";
import type { Base } from "./kept.ts";
import { storedBytes, storeManifest, type Manifest } from "./manifest.ts";
import type { AgentMemory } from "./memory.ts";
import { packLayer } from "./pack.ts";
import { compare, walk, type Changes, type Tree } from "./tree.ts";

export interface SaveDeps {
  readonly workFolder: string;
  readonly memory: AgentMemory;
  readonly blobs: Blobs;
  /** For the copy of the agent's memory. */
  readonly scratch: string;
  readonly epoch: number;
}

const EMPTY: Tree = new Map();
const LAYERS_MAX = 20;
/** Below this a chain is not worth being made anew. */
const WHOLE_BYTES_MIN = 4 * 1024 * 1024;
const GROWTH = 2;
const LEFT_OUT_NAMED = 20;

/** Null when nothing changed since `base`. @throws CheckpointError, TooManyFiles, or the system's error */
export async function save(deps: SaveDeps, base: Base | null): Promise<Base | null> {
  const { workFolder, memory, blobs } = deps;
  // Before it is read, so that what changes meanwhile is saved again.
  const fingerprint = memory.fingerprint();
  const { tree, leftOut } = await walk(workFolder, LIMITS.checkpointFilesMax);
  const last = base && compare(base.tree, tree);
  if (base && last && isNothing(last) && base.fingerprint === fingerprint) return null;

  const plan = planLayer(base, tree);
  const layer = packLayer({ root: workFolder, tree, changes: plan.changes, now: () => Date.now() });
  const stored = storedBytes(plan.keeps);
  const [pieces, packed] = await Promise.all([storeArchive(layer.stream, blobs, (bytes) => checkSize(stored + bytes)), layer.tree]);
  const layers = isNothing(plan.changes) ? plan.keeps : [...plan.keeps, { pieces }];
  const memoryPieces = base?.fingerprint === fingerprint ? base.manifest.memory.pieces : await storeMemory(deps);
  const manifest: Manifest = {
    version: 1,
    epoch: deps.epoch,
    savedAtMs: Date.now(),
    previous: base?.id ?? null,
    ...count(tree),
    layers,
    memory: { pieces: memoryPieces },
    leftOut: leftOut.slice(0, LEFT_OUT_NAMED).map((name) => Buffer.from(name, "latin1").toString("utf8")),
  };
  const saved = await storeManifest(manifest, blobs);
  return { ...saved, tree: packed, wholeTree: plan.keeps.length === 0 ? packed : (base?.wholeTree ?? null), fingerprint };
}

interface Plan {
  readonly changes: Changes;
  /** Layers that stay. */
  readonly keeps: Manifest["layers"];
}

/** One more layer; or, for a chain that became long or large, one in place of all but the first; or a whole one. */
function planLayer(base: Base | null, tree: Tree): Plan {
  const whole: Plan = { changes: compare(EMPTY, tree), keeps: [] };
  if (base === null) return whole;
  const { layers } = base.manifest;
  const [first, ...others] = layers;
  const isLarge = storedBytes(layers) > Math.max(WHOLE_BYTES_MIN, GROWTH * storedBytes(first ? [first] : []));
  if (layers.length < LAYERS_MAX && !isLarge) return { changes: compare(base.tree, tree), keeps: layers };
  return first && base.wholeTree && others.length > 1 ? { changes: compare(base.wholeTree, tree), keeps: [first] } : whole;
}

function isNothing({ changed, removed }: Changes): boolean {
  return changed.length === 0 && removed.length === 0;
}

function checkSize(bytes: number): void {
  if (bytes > LIMITS.checkpointBytesMax) throw tooLarge();
}

function count(tree: Tree): { readonly files: number; readonly bytes: number } {
  let files = 0;
  let bytes = 0;
  for (const { kind, size } of tree.values()) {
    if (kind !== "folder") files += 1;
    bytes += size;
  }
  return { files, bytes };
}

async function storeMemory({ memory, scratch, blobs }: SaveDeps): Promise<Piece[]> {
  return inScratch(scratch, async (folder) => {
    await memory.save(folder);
    const { tree } = await walk(folder, LIMITS.checkpointFilesMax);
    const packed = packLayer({ root: folder, tree, changes: compare(EMPTY, tree), now: () => Date.now() });
    const [pieces] = await Promise.all([storeArchive(packed.stream, blobs, checkSize), packed.tree]);
    return pieces;
  });
}

/** A folder of its own that is gone afterwards. */
export async function inScratch<Result>(scratch: string, use: (folder: string) => Promise<Result>): Promise<Result> {
  mkdirSync(scratch, { recursive: true });
  const folder = mkdtempSync(join(scratch, "memory-"));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
