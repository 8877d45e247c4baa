/** From `git clone` to the first output in the page, from the oldest Node people have and from a current one. */
import type { Group } from "../bench.ts";
import { measureFirstDelta } from "../first-delta.ts";
import { row, type Row } from "../row.ts";

const RUNS = 3;
const MEDIAN_SECONDS_MAX = 180;

export const firstDelta: Group = {
  ids: ["first-delta.node20", "first-delta.node24"],
  onDemand: true,
  async run(): Promise<Row[]> {
    const rows: Row[] = [];
    for (const nodeMajor of [20, 24]) {
      const seconds: number[] = [];
      for (let run = 0; run < RUNS; run++) seconds.push((await measureFirstDelta(nodeMajor)).seconds);
      rows.push(row(`first-delta.node${nodeMajor}`, seconds, "s", { bound: MEDIAN_SECONDS_MAX, note: "empty caches" }));
    }
    return rows;
  },
};
