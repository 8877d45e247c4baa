/** Creating a session over HTTP, until it is answered. */
import type { World } from "../../journeys/world.ts";
import type { Bench, Group } from "../bench.ts";
import { percentile, repeat, row, type Row } from "../row.ts";

const WARM_UP = 5;
const SESSIONS = 40;

export const sessionCreate: Group = {
  ids: ["session-create.p50"],
  async run(bench: Bench): Promise<Row[]> {
    const { world } = await bench.scripted();
    const runs = await repeat(async () => percentile(await times(world), 0.5));
    return [row("session-create.p50", runs, "ms", { bound: 67, note: "POST /v1/sessions until 201" })];
  },
};

async function times(world: World): Promise<number[]> {
  const measured: number[] = [];
  for (let made = 0; made < WARM_UP + SESSIONS; made++) {
    const startedAt = performance.now();
    const session = await world.open();
    if (made >= WARM_UP) measured.push(performance.now() - startedAt);
    await world.release(session);
  }
  return measured;
}
