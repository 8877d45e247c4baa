/** A burst of text as fast as the runtime can send it: what it costs workerd, and whether it comes evenly. */
import type { Bench, Group } from "../bench.ts";
import { burst } from "../pace.ts";
import { repeat, row, viewersOf, type Row } from "../row.ts";
import type { Scripted, ScriptedSession } from "../scripted.ts";
import type { ViewerGroup } from "../viewers.ts";

const PIECE = "abc ";
const PIECES = 5_000;
const PER_TURN = 1;
const CPU = [
  { viewers: 1, bound: 0.3 },
  { viewers: 10, bound: 0.35 },
  { viewers: 25, bound: 0.5 },
] as const;

const LONG_PIECES = 100_000;
/** Of one part; an answer of a model is not longer. */
const PART_PIECES = 10_000;
const GAP_MAX_MS = 60;

export const fanoutBurst: Group = {
  ids: [...CPU.map(({ viewers }) => `fanout.burst.cpu.${viewers}`), "fanout.burst.gap"],
  async run(bench: Bench, wants): Promise<Row[]> {
    const scripted = await bench.scripted();
    const rows: Row[] = [];
    await warmUp(scripted);
    for (const { viewers, bound } of CPU) {
      const id = `fanout.burst.cpu.${viewers}`;
      if (!wants(id)) continue;
      const runs = await bench.record(id, () => repeat(() => onNewSession(scripted, viewers, (session, group) => cpuOf(scripted, session, group))));
      rows.push(row(id, runs, "CPU s", { bound, note: `${PIECES} four-byte deltas, ${viewersOf(viewers)}` }));
    }
    if (wants("fanout.burst.gap")) {
      const runs = await bench.record("fanout.burst.gap", () => repeat(() => onNewSession(scripted, 1, gapOf)));
      rows.push(row("fanout.burst.gap", runs, "ms", { bound: GAP_MAX_MS, note: `largest gap in ${LONG_PIECES} deltas` }));
    }
    return rows;
  },
};

async function onNewSession<T>(scripted: Scripted, viewers: number, measure: (session: ScriptedSession, group: ViewerGroup) => Promise<T>): Promise<T> {
  const session = await scripted.session();
  await using group = await scripted.watch(session, viewers);
  return await measure(session, group);
}

async function warmUp(scripted: Scripted): Promise<void> {
  await onNewSession(scripted, 1, (session, group) => stream(session, group, PIECES));
}

async function cpuOf(scripted: Scripted, session: ScriptedSession, group: ViewerGroup): Promise<number> {
  const before = await scripted.quiet();
  await stream(session, group, PIECES);
  return (await scripted.quiet()) - before;
}

async function gapOf(session: ScriptedSession, group: ViewerGroup): Promise<number> {
  await group.reset();
  await stream(session, group, LONG_PIECES);
  return Math.max(...(await group.reports()).map(({ gapMaxMs }) => gapMaxMs));
}

function stream({ agent, turn }: ScriptedSession, group: ViewerGroup, pieces: number): Promise<void> {
  return turn(group, async (messageId) => {
    for (let written = 0; written < pieces; written += PART_PIECES) {
      const part = agent.startPart(messageId);
      await burst(Math.min(PART_PIECES, pieces - written), PER_TURN, () => agent.write(part, PIECE));
      agent.endPart(messageId, part);
    }
  });
}
