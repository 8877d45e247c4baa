/**
 * What a session waits for with and without a sandbox that waits for it: until it is ready, and from its first prompt to the
 * first token, with the real OpenCode, beside OpenCode alone on the same model in the same run.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { startDemoModel } from "@berth/demo-model";
import { lacks } from "@berth/testkit/machine";
import { WAITING_READY_FILE } from "../../../packages/sandbox-runtime/src/link-file.ts";
import { eventually } from "../../e2e/support/waiting.ts";
import { startOwnInstance } from "../../journeys/instance.ts";
import { SessionLog } from "../../journeys/session-log.ts";
import { World } from "../../journeys/world.ts";
import { startBareOpenCode } from "../bare-opencode.ts";
import type { Bench, Group } from "../bench.ts";
import { startByHand } from "../container-by-hand.ts";
import { median, row, type Row } from "../row.ts";
import { CLAIM_NOTE, measureClaims } from "../warm-claims.ts";

const BACKENDS = { process: "sandboxes", docker: "containers" } as const;
type Backend = keyof typeof BACKENDS;
/** Odd, since the middle one of an even number is the lower of two. */
const ROUNDS = 5;
const BARE_ROUNDS = 8;
const PROMPT = "!stream 30 30";
/** What somebody types in, after the session was made. */
const TYPING_MS = 3_000;
const PATIENCE_MS = 300_000;
const WAITS_WITHIN_MS = 120_000;

interface Times {
  readonly ready: number[];
  readonly token: number[];
  /** With somebody typing meanwhile. */
  readonly typed: number[];
}

export const warm: Group = {
  ids: (["process", "docker"] as const).flatMap((backend) => [`start.cold.${backend}`, `start.warm.${backend}`, `claim.${backend}`, `ttft.cold.${backend}`, `ttft.warm.${backend}`, `ttft.typed.${backend}`, `ttft.added.${backend}`, `ttft.bare.${backend}`]).concat("start.hand.docker", "start.ratio.docker"),
  async run(bench: Bench, wants: (id: string) => boolean): Promise<Row[]> {
    const rows: Row[] = [];
    for (const backend of ["process", "docker"] as const) {
      const isWanted = this.ids.some((id) => id.endsWith(backend) && wants(id));
      if (!isWanted || (backend === "docker" && (lacks("docker") ?? lacks("sandbox-image")) !== null)) continue;
      await bench.close();
      rows.push(...(await measure(backend, bench.signal)).filter(({ id }) => wants(id)));
    }
    return rows;
  },
};

async function measure(backend: Backend, interrupted: AbortSignal): Promise<Row[]> {
  const signal = AbortSignal.any([interrupted, AbortSignal.timeout(PATIENCE_MS * 2)]);
  const cold = await sessionsOn(backend, 0, signal);
  const warmed = await sessionsOn(backend, 1, signal);
  const bare = await bareTokens();
  const claims = await measureClaims(backend);
  const byHand = backend === "docker" ? await startsByHand() : [];
  return [
    row(`start.cold.${backend}`, cold.ready, "ms", { note: "POST /v1/sessions → ready, in a sandbox made for it" }),
    row(`start.warm.${backend}`, warmed.ready, "ms", { note: "the same, in one that waited" }),
    row(`claim.${backend}`, claims, "ms", { bound: 100, note: CLAIM_NOTE }),
    row(`ttft.cold.${backend}`, cold.token, "ms", { note: "first prompt → first token at a viewer, as soon as the session is ready; its sandbox was made for it" }),
    row(`ttft.warm.${backend}`, warmed.token, "ms", { note: "the same, in one that waited" }),
    row(`ttft.typed.${backend}`, warmed.typed, "ms", { note: `the same, sent ${TYPING_MS / 1000} s after it was ready` }),
    row(`ttft.bare.${backend}`, bare, "ms", { note: "warm `opencode serve` alone, in the same run" }),
    row(`ttft.added.${backend}`, [median(warmed.typed) - median(bare)], "ms", { bound: 150, note: `the median of \`ttft.typed.${backend}\` − that of \`ttft.bare.${backend}\`` }),
    ...(backend === "docker"
      ? [
          row("start.hand.docker", byHand, "ms", { note: "`docker run` of the same image, until its OpenCode has a session" }),
          row("start.ratio.docker", [median(cold.ready) / median(byHand)], "×", { bound: 1.25, note: "`start.cold.docker` ÷ `start.hand.docker`" }),
        ]
      : []),
  ];
}

async function startsByHand(): Promise<number[]> {
  const model = await startDemoModel();
  try {
    const measured: number[] = [];
    for (let round = 0; round < ROUNDS; round++) measured.push(await startByHand(model.url));
    return measured;
  } finally {
    await model.close();
  }
}

async function sessionsOn(backend: Backend, waiting: number, signal: AbortSignal): Promise<Times> {
  let root = "";
  const instance = await startOwnInstance(
    "local",
    (dataDir) => {
      root = join(dataDir, BACKENDS[backend]);
      return { signal, hostVars: { SANDBOXES_WARM_MAX: String(waiting) } };
    },
    { sandboxBackends: [backend] },
  );
  const world = new World(instance.stack.url, instance.stack.apiKey);
  const times: Times = { ready: [], token: [], typed: [] };
  const oneWaits = async (): Promise<unknown> => waiting > 0 && eventually("one that waits", () => (isThere(root) ? true : "none"), WAITS_WITHIN_MS);
  try {
    for (let round = 0; round < ROUNDS; round++) {
      await oneWaits();
      await measureSession(world, signal, times, 0);
      if (waiting === 0) continue;
      await oneWaits();
      await measureSession(world, signal, times, TYPING_MS);
    }
  } finally {
    await world.close();
    await instance.stop();
  }
  return times;
}

function isThere(root: string): boolean {
  const names = existsSync(root) ? readdirSync(root) : [];
  return names.some((name) => name.startsWith("waiting_") && existsSync(join(root, name, "home", WAITING_READY_FILE)));
}

async function measureSession(world: World, signal: AbortSignal, times: Times, typingMs: number): Promise<void> {
  const startedAt = performance.now();
  const session = await world.open();
  const { log, stream } = SessionLog.stream(session, signal);
  using _closing = log;
  await log.until("the sandbox to be ready", () => log.transcript.sandbox?.phase === "ready");
  times.ready.push(performance.now() - startedAt);
  await delay(typingMs);
  const sentAt = performance.now();
  const { id } = await stream.prompt(PROMPT);
  await log.until("the first token", () => log.turn(id)?.items.some((item) => item.kind === "part" && item.part.kind === "text" && item.text !== "") ?? false);
  (typingMs === 0 ? times.token : times.typed).push(performance.now() - sentAt);
  await log.completed(id);
  await world.release(session);
}

async function bareTokens(): Promise<number[]> {
  const model = await startDemoModel();
  try {
    await using bare = await startBareOpenCode(model.url);
    await bare.firstTokenAt(PROMPT);
    const measured: number[] = [];
    for (let round = 0; round < BARE_ROUNDS; round++) {
      const startedAt = performance.now();
      measured.push((await bare.firstTokenAt(PROMPT)) - startedAt);
    }
    return measured;
  } finally {
    await model.close();
  }
}
