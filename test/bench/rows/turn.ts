/** A prompt's way to its first token with the real OpenCode, beside OpenCode alone on the same model in the same run. */
import type { World } from "../../journeys/world.ts";
import { SessionLog } from "../../journeys/session-log.ts";
import { startDemoModel } from "@berth/demo-model";
import { startBareOpenCode } from "../bare-opencode.ts";
import type { Bench, Group } from "../bench.ts";
import { row, type Row } from "../row.ts";

const COLD = 3;
const SECOND = 12;
const PROMPT = "!stream 30 30";
/** For all turns of a kind; a measurement that waits longer than this has failed. */
const PATIENCE_MS = 240_000;

export const turn: Group = {
  ids: ["turn.cold", "turn.second"],
  async run(bench: Bench): Promise<Row[]> {
    const { world } = await bench.real();
    const signal = AbortSignal.any([bench.signal, AbortSignal.timeout(PATIENCE_MS)]);
    const model = await startDemoModel();
    const [cold, coldBare, second, secondBare] = [[], [], [], []] as number[][] as [number[], number[], number[], number[]];
    try {
      // In turns, so that a noisy minute meets both.
      for (let round = 0; round < COLD; round++) {
        cold.push(await coldTurn(world, signal));
        const startedAt = performance.now();
        await using bare = await startBareOpenCode(model.url);
        coldBare.push((await bare.firstTokenAt(PROMPT)) - startedAt);
      }
      await using bare = await startBareOpenCode(model.url);
      const session = await world.open({ prompt: PROMPT });
      const { log, stream } = SessionLog.stream(session, signal);
      using _closing = log;
      await log.until("the first turn to end", () => log.transcript.turns[0]?.run?.end);
      await bare.firstTokenAt(PROMPT);
      for (let round = 0; round < SECOND; round++) {
        const startedAt = performance.now();
        const { id } = await stream.prompt(PROMPT);
        await log.until("the first token", () => hasText(log, id));
        second.push(performance.now() - startedAt);
        await log.completed(id);
        const bareAt = performance.now();
        secondBare.push((await bare.firstTokenAt(PROMPT)) - bareAt);
      }
      await world.release(session);
    } finally {
      await model.close();
    }
    return [
      row("turn.cold", cold, "ms", { note: "new session with a prompt → first token at a viewer; sandbox and OpenCode start in it" }),
      row("turn.cold.opencode", coldBare, "ms", { note: "`opencode serve` alone, from spawn" }),
      row("turn.second", second, "ms", { note: "warm session, prompt → first token at a viewer" }),
      row("turn.second.opencode", secondBare, "ms", { note: "warm `opencode serve` alone" }),
    ];
  },
};

/** Streamed, or all of it at once when this machine was too busy to stream. */
function hasText(log: SessionLog, messageId: string): boolean {
  return log.turn(messageId)?.items.some((item) => item.kind === "part" && item.part.kind === "text" && item.text !== "") ?? false;
}

async function coldTurn(world: World, signal: AbortSignal): Promise<number> {
  const startedAt = performance.now();
  const session = await world.open({ prompt: PROMPT });
  using log = SessionLog.follow(session, signal);
  await log.until("the first token", () => {
    const first = log.transcript.turns[0];
    return first && hasText(log, first.messageId);
  });
  const ms = performance.now() - startedAt;
  await log.until("the turn to end", () => log.transcript.turns[0]?.run?.end);
  await world.release(session);
  return ms;
}
