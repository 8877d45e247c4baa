/** From an empty data folder to an instance that answers, everything built. */
import type { Bench, Group } from "../bench.ts";
import { row, type Row } from "../row.ts";

export const start: Group = {
  ids: ["start.ready"],
  async run(bench: Bench): Promise<Row[]> {
    const { instance } = await bench.real();
    return [row("start.ready", [instance.startedInMs / 1000], "s", { note: "PostgreSQL made and migrated, demo model, sandbox host, Worker" })];
  },
};
