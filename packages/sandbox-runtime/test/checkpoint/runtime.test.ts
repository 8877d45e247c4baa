/** The runtime with checkpoints: when they are made, and what comes before the agent. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Checkpointer } from "../../src/checkpoint/checkpointer.ts";
import { CheckpointError } from "../../src/checkpoint/failure.ts";
import { KeptState } from "../../src/checkpoint/kept.ts";
import { CONFIGURE, launch, newWorld, prompt, type World } from "../runtime-world.ts";
import { FileMemory, newFolder } from "./folder.ts";
import { MemoryBlobs } from "./memory-blobs.ts";

interface Place {
  readonly work: string;
  readonly blobs: MemoryBlobs;
  readonly checkpointer: Checkpointer;
}

function newPlace(world: World, blobs = new MemoryBlobs()): Place {
  const folder = newFolder();
  const work = join(folder, "work");
  mkdirSync(work);
  const memory = new FileMemory(join(folder, "home"));
  const kept = new KeptState(join(folder, "kept"), "ses_example", 1);
  const checkpointer = new Checkpointer({ workFolder: work, memory, blobs, kept, scratch: join(folder, "scratch"), epoch: 1, clock: world.clock, log: () => {} });
  return { work, blobs, checkpointer };
}

/** Files take real time, and the runtime's clock stands still: a little of it passes with each look. */
async function until({ clock }: World, isThere: () => boolean): Promise<void> {
  const look = (): boolean => {
    clock.advance(16);
    return isThere();
  };
  await expect.poll(look, { interval: 2, timeout: 20_000 }).toBe(true);
}

const savedOf = ({ session }: World): string[] => session.all("checkpoint-saved").map(({ checkpoint }) => checkpoint.id);

/** What a first sandbox saved after its only turn. */
async function oneTurn() {
  const world = newWorld();
  const place = newPlace(world);
  const launched = launch(world, undefined, place.checkpointer);
  world.session.tell(CONFIGURE);
  writeFileSync(join(place.work, "file"), "work");
  world.session.tell(prompt("msg_1", "!say one"));
  await until(world, () => savedOf(world).length === 1);
  return { world, place, ...launched };
}

describe("a runtime with checkpoints", () => {
  test("[CHK5] saves after the turn's end, and when it is told to", async () => {
    const { world } = await oneTurn();
    const order = world.session.ups.map(({ type }) => type).filter((type) => ["turn-ended", "checkpoint-saved"].includes(type));
    expect(order).toEqual(["turn-ended", "checkpoint-saved"]);
    world.session.tell({ type: "checkpoint" });
    await until(world, () => savedOf(world).length === 2);
  });

  test("[CHK5] the next prompt waits for it no longer than 300 ms", async () => {
    const { world, place } = await oneTurn();
    place.blobs.gate = new Promise(() => {});
    writeFileSync(join(place.work, "file"), "more work");
    world.session.tell(prompt("msg_2", "!say two"));
    world.session.tell(prompt("msg_3", "!say three"));
    await until(world, () => world.session.all("turn-ended").length === 3);
    expect(savedOf(world)).toHaveLength(1);
  });

  test("[CHK9] a fresh sandbox restores, says so, describes what it has, and is ready, in this order", async () => {
    const { world: before, place } = await oneTurn();
    const world = newWorld();
    const next = newPlace(world, place.blobs);
    launch(world, async () => ({ branch: readFileSync(join(next.work, "file"), "utf8") }), next.checkpointer);
    const id = savedOf(before)[0] ?? "";
    world.session.tell({ ...CONFIGURE, restore: { checkpoint: id } });
    await until(world, () => world.session.all("ready").length === 1);
    expect(world.session.ups).toEqual([
      { type: "workspace-restored", checkpoint: { id, files: 1, bytes: 4 } },
      { type: "workspace-ready", branch: "work" },
      { type: "ready", agent: "in-memory", agentVersion: "1.0.0" },
    ]);
  });

  test("[CHK9] no agent is opened and no prompt run where the work could not be restored", async () => {
    const world = newWorld();
    const place = newPlace(world);
    place.blobs.failure = new CheckpointError({ code: "checkpoint-store-unreachable", message: "It did not answer." });
    launch(world, undefined, place.checkpointer);
    world.session.tell({ ...CONFIGURE, restore: { checkpoint: `cp_${"0".repeat(64)}` } });
    world.session.tell(prompt("msg_1", "!say never"));
    await until(world, () => world.session.all("turn-ended").length === 1);
    expect(world.session.all("workspace-failed")).toEqual([{ type: "workspace-failed", failure: { code: "checkpoint-store-unreachable", message: "It did not answer." } }]);
    expect(world.session.all("ready")).toEqual([]);
    expect(world.session.all("part-started")).toEqual([]);
  });

  test("[CHK4] settings that come again restore nothing", async () => {
    const { world, place } = await oneTurn();
    writeFileSync(join(place.work, "file"), "newer");
    world.session.tell({ ...CONFIGURE, permissions: { "*": "allow", bash: "deny" }, restore: { checkpoint: savedOf(world)[0] ?? "" } });
    await until(world, () => world.session.all("ready").length === 2);
    expect(readFileSync(join(place.work, "file"), "utf8")).toBe("newer");
    expect(world.session.all("workspace-restored")).toEqual([]);
  });

  test("[CHK5] a runtime that is told to end saves what there is, and one whose epoch is over does not", async () => {
    const { world, place, runtime, over } = await oneTurn();
    writeFileSync(join(place.work, "file"), "the last words");
    await runtime.stop({ savesFirst: true });
    expect(over).toEqual(["over"]);
    expect(savedOf(world)).toHaveLength(2);
    const { world: other, place: its, runtime: fenced } = await oneTurn();
    writeFileSync(join(its.work, "file"), "too late");
    await fenced.stop();
    expect(savedOf(other)).toHaveLength(1);
  });
});
