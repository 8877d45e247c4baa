/** Stopping an instance and starting it again with the same data, as a person does with Ctrl-C and `npm start`. */
import { spawn, type ChildProcess } from "node:child_process";
import { randomInt } from "node:crypto";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Berth, answerText, type SessionClient } from "@berth/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT } from "../../packages/launcher/src/paths.ts";
import { expectNoProcess, logOf, makeDataDir, MODEL, runInHistory, turn, untilStatus, workFile } from "./support/stack.ts";

interface Started {
  readonly url: string;
  readonly apiKey: string;
  /** Sends the signal; answers how the process ended. */
  end(signal: NodeJS.Signals): Promise<number | string | null>;
}

let dataDir: string;
const running = new Set<ChildProcess>();

beforeAll(() => {
  dataDir = makeDataDir();
});

afterAll(async () => {
  for (const child of running) child.kill("SIGTERM");
  await expectNoProcess(dataDir);
  rmSync(dataDir, { recursive: true, force: true });
});

async function start(): Promise<Started> {
  const child = spawn(process.execPath, [join(ROOT, "packages", "launcher", "src", "main.ts"), "start", "--port", "0", "--data-dir", dataDir, "--sandbox-backend", "process"], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  const exited = new Promise<number | string | null>((resolve) => {
    child.once("exit", (code, signal) => {
      running.delete(child);
      resolve(code ?? signal);
    });
  });
  const lines: string[] = [];
  const told = Promise.withResolvers<{ url: string; apiKey: string }>();
  const timer = setTimeout(() => told.reject(new Error(`not ready in time:\n${lines.join("\n")}`)), 120_000);
  void exited.then((how) => told.reject(new Error(`ended (${how}):\n${lines.join("\n")}`)));
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      const url = /Page\s+(http\S+)/.exec(lines.join("\n"))?.[1];
      const apiKey = /API key\s+(berth_\S+)/.exec(lines.join("\n"))?.[1];
      if (url && apiKey) told.resolve({ url, apiKey });
    });
  }
  const { url, apiKey } = await told.promise.finally(() => clearTimeout(timer));
  const end = (signal: NodeJS.Signals): Promise<number | string | null> => {
    child.kill(signal);
    return exited;
  };
  return { url, apiKey, end };
}

async function lastAnswer(session: SessionClient): Promise<string> {
  const newest = (await session.transcript()).turns.at(-1);
  return newest ? answerText(newest) : "";
}

/** All that an instance shows of its past. */
async function past(berth: Berth, session: SessionClient) {
  const events = await logOf(session);
  for (const { type, runId } of events) if (type === "run.ended") await runInHistory(berth, runId ?? "");
  const runs = await berth.runs.list().all();
  return {
    sessions: (await berth.sessions.list().all()).map(({ id, title }) => ({ id, title })),
    events,
    messages: await session.messages().all(),
    runs,
    runEvents: await Promise.all(runs.map((run) => berth.runs.events(run.id).all())),
  };
}

test("[E2E-6] after a stop by SIGTERM or Ctrl-C and a new start everything is there, and the work goes on", async () => {
  const number = randomInt(100_000, 999_999);
  let instance = await start();
  const { apiKey } = instance;
  let berth = new Berth({ baseUrl: instance.url, apiKey });
  const { id } = await berth.sessions.create({ model: MODEL });
  let session = berth.session(id);
  await untilStatus(session, ["idle"]);
  await turn(session, `Remember the number ${number}.`);
  await turn(session, `!write notes/kept.txt first ${number}`);

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    const before = await past(berth, session);
    expect(before.runs.length).toBeGreaterThanOrEqual(2);
    expect(await instance.end(signal), signal).toBe(0);
    await expectNoProcess(dataDir);

    instance = await start();
    expect(instance.apiKey, "the key of the first start goes on").toBe(apiKey);
    berth = new Berth({ baseUrl: instance.url, apiKey });
    session = berth.session(id);
    const after = await past(berth, session);
    expect(after.events.slice(0, before.events.length)).toEqual(before.events);
    expect({ ...after, events: [] }).toEqual({ ...before, events: [] });

    // Sooner than a lost sandbox would be given up: that it is gone is found out, not waited for.
    await turn(session, `!bash cat notes/kept.txt && echo ${signal} >> notes/kept.txt`, 50_000);
    expect(await lastAnswer(session)).toContain(`first ${number}`);
    await turn(session, "!recall");
    expect(await lastAnswer(session)).toContain(`Remember the number ${number}`);
  }
  expect(existsSync(workFile({ dataDir }, id, "notes/kept.txt"))).toBe(true);
  await turn(session, "!bash cat notes/kept.txt");
  expect(await lastAnswer(session)).toMatch(/SIGTERM[^]*SIGINT/);
  expect(await instance.end("SIGTERM")).toBe(0);
}, 400_000);
