/** So many points of one kind on one session, and the row of the table that they make. */
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { createPrng } from "../../../src/core/kernel/prng.ts";
import { MODEL, type TestStack } from "../support/stack.ts";
import type { Breach } from "./checker.ts";
import { Clients } from "./clients.ts";
import { Ledger } from "./ledger.ts";
import { RECOVERED_WITHIN_MS, runPoint, type Outcome, type Point, type Subject } from "./point.ts";
import { LogReader } from "./witnesses.ts";

/** A share of the points by default, all of them with `SOAK=1`, and `POINTS` as many as it says. */
export const POINTS = (share: number): number => Number(process.env["POINTS"] ?? (process.env["SOAK"] === "1" ? 20 : share));
export const SEED = Number(process.env["SEED"] ?? Date.now() % 1_000_000);
const READY_WITHIN_MS = 90_000;
const POLICY = "continue";

type OpenSubject = Subject & { end(): Promise<void> };

/** A session that was just asked for, with all its witnesses. */
export async function newSubject(stack: TestStack, key: string): Promise<OpenSubject> {
  const clients = new Clients(stack.url, stack.apiKey);
  const sessionId = await clients.createSession(key, { model: MODEL, onInterruption: POLICY });
  const log = new LogReader(`${stack.url}/v1/sessions/${sessionId}/events`, stack.apiKey);
  const folder = mkdtempSync(join(stack.dataDir, "ledgers-"));
  const ledger = new Ledger(join(stack.dataDir, "sandboxes", sessionId, "work"), folder, sessionId);
  const end = async (): Promise<void> => {
    log.close();
    await clients.remove(sessionId);
    rmSync(folder, { recursive: true, force: true });
  };
  return { sessionId, clients, ledger, log, databaseUrl: stack.databaseUrl, accepted: [], end };
}

async function readySubject(stack: TestStack, key: string): Promise<OpenSubject> {
  const subject = await newSubject(stack, key);
  await subject.log.until("the session is ready", (events) => events.some(({ type, data }) => type === "session.status" && data["status"] === "idle"), READY_WITHIN_MS);
  subject.ledger.open();
  return subject;
}

export type Kind = Pick<Point, "kind" | "kill" | "mayEnd"> & {
  /** Before the first point. */
  prepare?(subject: Subject): Promise<void>;
  /** After each point; answers what else was not as it has to be. */
  afterPoint?(): Promise<readonly Breach[]>;
};

/**
 * Kills `points` times at random points, in `lanes` sessions at the same time. Prints a line per point and one for the
 * kind, and fails when anything was lost, done twice or not recovered in time.
 */
export async function runKind(stack: TestStack, kind: Kind, points: number, lanes = 1): Promise<void> {
  const outcomes: Outcome[] = [];
  let next = 1;
  const lane = async (number: number): Promise<void> => {
    const prng = createPrng(SEED + number);
    const subject = await readySubject(stack, `${kind.kind}-${SEED}-${number}-${Date.now()}`.replaceAll(" ", "-"));
    try {
      await kind.prepare?.(subject);
      for (let point = next++; point <= points; point = next++) {
        const outcome = await runPoint(subject, { ...kind, point, prng });
        outcomes.push({ ...outcome, breaches: [...outcome.breaches, ...((await kind.afterPoint?.()) ?? [])] });
      }
    } finally {
      await subject.end();
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(lanes, points) }, (_, number) => lane(number)));
  } finally {
    report(kind.kind, outcomes);
  }
  expect(outcomes.flatMap(({ breaches, point }) => breaches.map((breach) => ({ point, ...breach }))), "lost, twice or wrong").toEqual([]);
  expect(outcomes.filter(({ recoveredMs }) => recoveredMs > RECOVERED_WITHIN_MS), "not recovered in time").toEqual([]);
}

/** One line that a program can read: the soak makes its table of these. */
export function report(kind: string, outcomes: readonly Outcome[]): void {
  const breaches = new Set(outcomes.flatMap(({ breaches: found }) => found.map(({ kind: what, what: text }) => `${what}\0${text}`)));
  const count = (what: string): number => [...breaches].filter((text) => text.startsWith(`${what}\0`)).length;
  const ends: Record<string, number> = {};
  for (const outcome of outcomes) for (const [end, times] of Object.entries(outcome.ends)) ends[end] = (ends[end] ?? 0) + times;
  const recoveredMaxMs = Math.max(0, ...outcomes.map(({ recoveredMs }) => recoveredMs));
  console.log(`KILL ${JSON.stringify({ kind, points: outcomes.length, recoveredMaxMs, lost: count("lost"), twice: count("twice"), wrong: count("wrong"), ends, seed: SEED })}`);
}
