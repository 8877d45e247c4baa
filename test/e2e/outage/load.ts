/** Prompts at an even pace in a handful of sessions, and beside them, in one more, prompts whose way is timed. */
import { setTimeout as delay } from "node:timers/promises";
import type { SessionClient, SessionStream } from "@berth/sdk";
import type { ScriptedAgent } from "../../bench/scripted-agent.ts";
import type { ScriptedHost } from "../../bench/scripted-host.ts";
import { LogReader } from "../kill/witnesses.ts";
import { untilStatus, type TestStack } from "../support/stack.ts";

export interface Watched {
  readonly client: SessionClient;
  readonly agent: ScriptedAgent;
  readonly log: LogReader;
}

/** Milliseconds from a client's send to the agent in the sandbox. */
export interface Times {
  readonly http: readonly number[];
  readonly socket: readonly number[];
}

const OVER_WITHIN_MS = 60_000;
/** Until the session is idle again after a timed prompt. */
const PAUSE_MS = 100;

export async function openWatched(stack: TestStack, host: ScriptedHost): Promise<Watched> {
  const client = await stack.idleSession();
  return { client, agent: host.sandboxOf(client.id).agent, log: new LogReader(`${stack.url}/v1/sessions/${client.id}/events`, stack.apiKey) };
}

/** One prompt and its run's end, as the log tells. */
async function runOne({ log }: Watched, send: () => Promise<{ readonly id: string }>): Promise<void> {
  const { id } = await send();
  await log.until(`the end of ${id}`, (events) => events.some(({ type, messageId }) => type === "run.ended" && messageId === id), OVER_WITHIN_MS);
}

/** So many runs in each session, spread over the time; answers once the last one ended. */
export async function runLoad(sessions: readonly Watched[], { runs, durationMs }: { readonly runs: number; readonly durationMs: number }): Promise<void> {
  const each = Math.ceil(runs / sessions.length);
  const startedAt = performance.now();
  await Promise.all(
    sessions.map(async (session, n) => {
      for (let i = 0; i < each; i++) {
        const atMs = ((i + n / sessions.length) / each) * durationMs;
        await delay(Math.max(0, startedAt + atMs - performance.now()));
        await runOne(session, () => session.client.send(`run ${i}`));
      }
    }),
  );
}

/** By turns over HTTP and over a socket that is open already, until told to stop. */
export async function timePrompts(session: Watched, stream: SessionStream, signal: AbortSignal, pauseMs = PAUSE_MS): Promise<Times> {
  const times = { http: [] as number[], socket: [] as number[] };
  const { agent, client } = session;
  const answer = agent.onPrompt;
  for (let n = 0; !signal.aborted; n++) {
    const over = n % 2 === 0 ? "http" : "socket";
    const arrived = Promise.withResolvers<number>();
    agent.onPrompt = (prompt) => {
      arrived.resolve(performance.now());
      void answer(prompt);
    };
    const sentAt = performance.now();
    const ended = runOne(session, () => (over === "http" ? client.send("timed") : stream.prompt("timed")));
    times[over].push((await arrived.promise) - sentAt);
    await ended;
    await delay(pauseMs);
  }
  agent.onPrompt = answer;
  return times;
}

export async function openStream({ client }: Watched): Promise<SessionStream> {
  await untilStatus(client, ["idle"]);
  const live = Promise.withResolvers<void>();
  const stream = client.stream({ onFrame: () => undefined, onSynced: () => live.resolve() });
  await live.promise;
  return stream;
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
