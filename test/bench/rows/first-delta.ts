/** From `git clone` to the first output in the page, from the oldest Node people have and from a current one. */
import type { Group } from "../bench.ts";
import { measureFirstDelta } from "../first-delta.ts";
import { median, type Row } from "../row.ts";

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
      rows.push({ id: `first-delta.node${nodeMajor}`, value: median(seconds), unit: "s", bound: MEDIAN_SECONDS_MAX, note: `empty caches; median of ${seconds.join(", ")}` });
    }
    return rows;
  },
};
