/** From an empty data folder to an instance that answers, everything built. */
import type { Bench, Group } from "../bench.ts";
import { rounded, type Row } from "../row.ts";

export const start: Group = {
  ids: ["start.ready"],
  async run(bench: Bench): Promise<Row[]> {
    const { startedInMs } = await bench.real();
    return [{ id: "start.ready", value: rounded(startedInMs / 1000), unit: "s", note: "PostgreSQL made and migrated, demo model, sandbox host, Worker" }];
  },
};
