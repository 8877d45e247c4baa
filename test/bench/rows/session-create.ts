/** Creating a session over HTTP, until it is answered. */
import type { Bench, Group } from "../bench.ts";
import { median, rounded, type Row } from "../row.ts";

const WARM_UP = 5;
const SESSIONS = 40;

export const sessionCreate: Group = {
  ids: ["session-create.p50"],
  async run(bench: Bench): Promise<Row[]> {
    const { world } = await bench.scriptedWorld();
    const values: number[] = [];
    for (let made = 0; made < WARM_UP + SESSIONS; made++) {
      const startedAt = performance.now();
      const session = await world.open();
      if (made >= WARM_UP) values.push(performance.now() - startedAt);
      await world.release(session);
    }
    return [{ id: "session-create.p50", value: rounded(median(values)), unit: "ms", bound: 67, note: "POST /v1/sessions until 201; Open-Inspect 67" }];
  },
};
