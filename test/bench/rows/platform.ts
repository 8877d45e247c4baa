/** What the platform itself needs where a figure of Berth's is bounded by it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { startBareWorkerd } from "../bare-workerd.ts";
import type { Group } from "../bench.ts";
import { repeat, row, type Row } from "../row.ts";
import { privateMegabytesOf, workerdBelow } from "../workerd.ts";

const OBJECTS = 1_000;
const WARM_UP = 300;
const HIBERNATED_AFTER_MS = 15_000;

export const platform: Group = {
  ids: ["platform.idle.mb"],
  onDemand: true,
  async run(): Promise<Row[]> {
    const runs = await repeat(idleMegabytes);
    return [row("platform.idle.mb", runs, "MB", { note: `memory of workerd per idle object with one socket, of ${OBJECTS}, with nothing of Berth in it` })];
  },
};

async function idleMegabytes(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "berth-bare-"));
  try {
    await using workerd = await startBareWorkerd(folder);
    const pid = workerdBelow(process.pid);
    const asleep = async (): Promise<number> => {
      await delay(HIBERNATED_AFTER_MS);
      return privateMegabytesOf(pid);
    };
    await workerd.open(WARM_UP);
    const before = await asleep();
    await workerd.open(OBJECTS);
    return ((await asleep()) - before) / OBJECTS;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
