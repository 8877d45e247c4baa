/** What the machine itself takes for what every commit waits for; beside it the figures of commits can be read. */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Group } from "../bench.ts";
import { percentile, repeat, row, type Row } from "../row.ts";

const PAGE = Buffer.alloc(4096, 1);
const SYNCS = 300;

export const disk: Group = {
  ids: ["disk.sync.p50", "disk.sync.p99"],
  async run(): Promise<Row[]> {
    const runs = await repeat(async () => syncs());
    const note = "a page appended and synced to the disk that instances of the bench are on, by the machine itself";
    return [0.5, 0.99].map((share) => row(`disk.sync.p${share * 100}`, runs.map((times) => percentile(times, share)), "ms", { note }));
  },
};

function syncs(): number[] {
  const folder = mkdtempSync(join(tmpdir(), "berth-bench-disk-"));
  const file = openSync(join(folder, "pages"), "a");
  try {
    return Array.from({ length: SYNCS }, () => {
      writeSync(file, PAGE);
      const startedAt = performance.now();
      fdatasyncSync(file);
      return performance.now() - startedAt;
    });
  } finally {
    closeSync(file);
    rmSync(folder, { recursive: true });
  }
}
