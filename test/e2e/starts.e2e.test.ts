/**
 * Starts of sessions with the real agent: many without a fault, some with one each, and some whose first backend is down.
 * `SOAK=1` takes 200 and 40 of them, `STARTS` and `FAULTS` as many as they say; `SEED` repeats a run.
 */
import { createServer, type Server } from "node:net";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { descendantsOf } from "../../packages/launcher/src/process-table.ts";
import { createPrng } from "../../src/core/kernel/prng.ts";
import { Clients } from "./kill/clients.ts";
import { SEED } from "./kill/run-kind.ts";
import { agentPids, processesOfSandbox, runtimePids, signalAll } from "./kill/victims.ts";
import { LogReader, type TimedEvent } from "./kill/witnesses.ts";
import { MODEL, startTestStack, type TestStack } from "./support/stack.ts";
import { eventually } from "./support/waiting.ts";

const SOAK = process.env["SOAK"] === "1";
const STARTS = Number(process.env["STARTS"] ?? (SOAK ? 200 : 10));
const FAULTS = Number(process.env["FAULTS"] ?? (SOAK ? 40 : 5));
/** Each takes a core for a second or two. */
const AT_ONCE = 2;
const ENDS_WITHIN_MS = 90_000;
/** An alarm comes a moment late, and a Worker that was killed is away for a moment more. */
const LATE_MS = 2_000;

interface Start {
  readonly status: string;
  readonly failure: string | null;
  /** By the server's clock, from the session's first event. */
  readonly ms: number;
  readonly events: readonly TimedEvent[];
}

const isOver = ({ type, data }: TimedEvent): boolean => type === "session.status" && ["idle", "failed"].includes(String(data["status"]));

/** `meanwhile` is told of the session as soon as it is there. */
async function start(stack: TestStack, key: string, meanwhile: (sessionId: string) => Promise<void> = async () => {}): Promise<Start> {
  const clients = new Clients(stack.url, stack.apiKey);
  const sessionId = await clients.createSession(key, { model: MODEL });
  const log = new LogReader(`${stack.url}/v1/sessions/${sessionId}/events`, stack.apiKey);
  try {
    const fault = meanwhile(sessionId);
    await log.until(`start ${key} is over`, (events) => events.some(isOver), ENDS_WITHIN_MS + 30_000);
    await fault;
    const [created] = log.events;
    const end = log.events.find(isOver);
    const failure = end?.data["failure"] as { code: string; message: string } | undefined;
    return { status: String(end?.data["status"]), failure: failure ? `${failure.code}: ${failure.message}` : null, ms: (end?.atMs ?? 0) - (created?.atMs ?? 0), events: log.events };
  } finally {
    log.close();
    await clients.remove(sessionId);
  }
}

function percentile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0;
}

function report(kind: string, starts: readonly Start[]): void {
  const ms = starts.map((each) => each.ms);
  const counts = Object.fromEntries(Object.entries(Object.groupBy(starts, ({ status }) => status)).map(([status, all]) => [status, all?.length]));
  console.log(`KILL ${JSON.stringify({ kind, points: starts.length, counts, p50Ms: percentile(ms, 0.5), maxMs: Math.max(0, ...ms), seed: SEED })}`);
}

describe("starts", () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startTestStack();
  });
  afterAll(() => stack?.end());

  test(`[STA1] of ${STARTS} starts without faults at most one in 200 is not ready`, async () => {
    const starts: Start[] = [];
    let next = 0;
    const line = async (): Promise<void> => {
      while (next < STARTS) starts.push(await start(stack, `plain-${SEED}-${next++}`));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, line));
    report("starts", starts);
    const failed = starts.filter(({ status }) => status !== "idle").map(({ failure, ms }) => ({ failure, ms }));
    expect(failed.slice(Math.floor(STARTS / 200)), "not ready").toEqual([]);
  }, 60_000 + STARTS * 20_000);

  const chance = createPrng(SEED + 3);
  const within = (ms: number): Promise<void> => delay(chance.int(ms));
  /** Until a process is there to be hit, or the start was over before. */
  const hit = async (find: () => readonly number[], signal: NodeJS.Signals): Promise<void> => {
    const found = await eventually("somebody to hit", () => (signalAll(find(), signal) ? true : "nobody"), 15_000).catch(() => null);
    if (found === null) console.log("the start was over before the fault");
  };
  const FAULTY: Readonly<Record<string, (sessionId: string) => Promise<void>>> = {
    "sandbox host killed": async () => {
      await within(1_500);
      signalAll([stack.pids()["sandbox-host"] ?? 0], "SIGKILL");
    },
    "worker killed": async () => {
      await within(2_500);
      signalAll(descendantsOf(stack.pids()["worker"] ?? 0), "SIGKILL");
    },
    "runtime killed": (sessionId) => hit(() => runtimePids(sessionId), "SIGKILL"),
    "agent killed": (sessionId) => hit(() => agentPids(sessionId), "SIGKILL"),
    "sandbox standing still": (sessionId) => hit(() => (runtimePids(sessionId).length > 0 ? processesOfSandbox(sessionId).map(({ pid }) => pid) : []), "SIGSTOP"),
  };

  test(`[STA2] of ${FAULTS} starts with a fault each every one is ready, or failed with a reason, within 90 s (SEED=${SEED})`, async () => {
    const names = Object.keys(FAULTY);
    const starts: (Start & { readonly fault: string })[] = [];
    for (let n = 0; n < FAULTS; n++) {
      const fault = names[n % names.length] ?? "";
      const made = await start(stack, `fault-${SEED}-${n}`, FAULTY[fault]);
      starts.push({ ...made, fault });
      console.log(JSON.stringify({ fault, status: made.status, failure: made.failure, ms: made.ms }));
    }
    report("starts with faults", starts);
    const late = starts.filter(({ ms }) => ms > ENDS_WITHIN_MS + LATE_MS).map(({ fault, ms }) => ({ fault, ms }));
    const wordless = starts.filter(({ status, failure }) => status === "failed" && failure === null);
    expect({ late, wordless }).toEqual({ late: [], wordless: [] });
  }, 60_000 + FAULTS * 120_000);
});

/** A host that is down, in the two ways there are: nobody listens, or nobody answers. */
const DOWN = ["refuses", "never answers"] as const;

describe.each(DOWN)("a first backend that %s", (how) => {
  let stack: TestStack;
  let server: Server;
  beforeAll(async () => {
    server = createServer(() => {});
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const away = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    if (how === "refuses") await new Promise((resolve) => server.close(resolve));
    stack = await startTestStack({ sandboxBackends: ["away", "process"] }, { sandboxHosts: { away } });
  });
  afterAll(async () => {
    await stack?.end();
    server.close();
  });

  test("[STA3] the second one is ready within 90 s, and one event names both", async () => {
    const made = await start(stack, `down-${SEED}`);
    report(`first backend ${how}`, [made]);
    expect([made.status, made.failure]).toEqual(["idle", null]);
    expect(made.ms).toBeLessThanOrEqual(ENDS_WITHIN_MS);
    const both = made.events.filter(({ type, data }) => type === "sandbox.status" && data["backend"] === "process" && data["insteadOf"] !== undefined);
    expect(both.map(({ data }) => data)).toEqual([expect.objectContaining({ phase: "requested", insteadOf: expect.objectContaining({ backend: "away", failure: expect.objectContaining({ code: expect.any(String) }) }) })]);
  }, 180_000);
});
