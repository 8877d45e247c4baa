/** From a client's send to the agent inside the sandbox: through the Worker, the session's log, the link and the runtime's disk. */
import { latencyRows, type Row } from "../row.ts";
import type { Bench, Group, ScriptedSession } from "../bench.ts";

const WARM_UP = 20;
const PROMPTS = 200;

export const promptRuntime: Group = {
  ids: ["prompt-runtime.ws", "prompt-runtime.http"],
  async run(bench: Bench): Promise<Row[]> {
    using scripted = await bench.scriptedSession();
    const { session, stream } = scripted;
    const ws = await measure(scripted, () => stream.prompt("go"));
    const http = await measure(scripted, () => session.send("go"));
    return [
      ...latencyRows("prompt-runtime.ws", ws, { p50: 8.4, p99: 14.9 }, "send → agent in the sandbox, on disk at both ends; Open-Inspect to its sandbox 8.4 / 14.9"),
      ...latencyRows("prompt-runtime.http", http, { p50: 14.4, p99: 33.6 }, "the same by POST; Open-Inspect 14.4 / 33.6"),
    ];
  },
};

async function measure({ agent, log }: ScriptedSession, send: () => Promise<{ readonly id: string }>): Promise<number[]> {
  const values: number[] = [];
  for (let prompt = 0; prompt < WARM_UP + PROMPTS; prompt++) {
    const arrived = Promise.withResolvers<number>();
    agent.onPrompt = ({ messageId }) => {
      arrived.resolve(performance.now());
      agent.begin(messageId);
      agent.end(messageId, "Done.");
    };
    const startedAt = performance.now();
    const sent = send();
    const ms = (await arrived.promise) - startedAt;
    if (prompt >= WARM_UP) values.push(ms);
    await log.completed((await sent).id);
  }
  return values;
}
