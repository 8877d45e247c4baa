/**
 * One random point: prompts are sent, something is killed while they run, and nobody does anything further. Recovered is
 * when a run that began after the kill has completed. Then the witnesses are heard.
 */
import { loadavg } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import type { Prng } from "../../../src/core/kernel/prng.ts";
import { eventually } from "../support/waiting.ts";
import { check, type Accepted, type Breach, type Evidence } from "./checker.ts";
import type { Clients } from "./clients.ts";
import { Ledger } from "./ledger.ts";
import { asSeen, type LogReader, storedRuns, type TimedEvent } from "./witnesses.ts";

/** What is seen of a session that goes on from point to point. */
export interface Subject {
  readonly sessionId: string;
  readonly clients: Clients;
  readonly ledger: Ledger;
  readonly log: LogReader;
  readonly databaseUrl: string;
  readonly accepted: Accepted[];
}

export interface Outcome {
  readonly kind: string;
  readonly point: number;
  /** After the first prompt was sent. */
  readonly atMs: number;
  /** From the kill, or from when it was noticed or taken back where that is counted, to the end of a run begun after it. */
  readonly recoveredMs: number;
  readonly ends: Readonly<Record<string, number>>;
  readonly breaches: readonly Breach[];
  readonly status: string;
  /** Of the machine over the last minute: a figure beside a missed limit. */
  readonly load: number;
}

export interface Point {
  readonly kind: string;
  readonly point: number;
  readonly prng: Prng;
  /** Kills; answers when the time to recover begins, in milliseconds since the epoch. */
  kill(subject: Subject): Promise<number>;
  /** How a message may end besides `completed`. */
  readonly mayEnd?: readonly string[];
}

export const RECOVERED_WITHIN_MS = 60_000;
/** Three turns take about this long. */
const KILL_WITHIN_MS = 6_000;
const OVER_WITHIN_MS = 300_000;
const PROMPTS = 3;

/** @throws Error when what was accepted is not over in time, or the session is not idle then */
export async function runPoint(subject: Subject, { kind, point, prng, kill, mayEnd = ["interrupted"] }: Point): Promise<Outcome> {
  const { log, clients, sessionId } = subject;
  const first = log.events.length;
  const send = (name: string): Promise<Accepted> => sendCounted(subject, `${kind}-${point}-${name}`.replaceAll(" ", "-"), (prng.int(8) + 1) / 10);
  const sent: Promise<Accepted>[] = [];
  const sendOn = (name: string): void => {
    const one = send(name);
    // Met below; a kill that fails before must be the one that is told of.
    one.catch(() => {});
    sent.push(one);
  };
  for (let n = 0; n < PROMPTS; n++) sendOn(String(n));
  const atMs = prng.int(KILL_WITHIN_MS);
  // The random point itself.
  await delay(atMs);
  const killed = kill(subject);
  // Others go on sending while it is down.
  sendOn("during");
  const sinceMs = await killed;
  sendOn("after");
  const mine = await Promise.all(sent);
  await log.until(`${kind} ${point}: everything accepted is over`, (events) => mine.every(({ messageId }) => isOver(events, messageId)) && openMessages(events).length === 0, OVER_WITHIN_MS);
  const recoveredAtMs = recoveryOf(log.events.slice(first), sinceMs);
  await eventually("the session is idle", async () => {
    const status = await clients.status(sessionId);
    return status === "idle" ? true : status;
  }, RECOVERED_WITHIN_MS);
  const breaches = await hear(subject, mayEnd);
  const outcome: Outcome = {
    kind,
    point,
    atMs,
    recoveredMs: Math.max(0, recoveredAtMs - sinceMs),
    ends: countBy(mine.map(({ messageId }) => endOf(log.events, messageId) ?? "never")),
    breaches,
    status: await clients.status(sessionId),
    load: Math.round(loadavg()[0] ?? 0),
  };
  console.log(JSON.stringify(outcome));
  return outcome;
}

/** A prompt whose effect is in the ledger, in the middle of a turn of about a second. */
export async function sendCounted({ clients, sessionId, accepted }: Subject, key: string, pauseS: number): Promise<Accepted> {
  const taken = await clients.send(sessionId, key, `!stream 10 40\n!bash ${Ledger.command(key, pauseS)}\n!stream 10 40`);
  accepted.push(taken);
  return taken;
}

/** Compares all that was ever said of the session; Postgres may be a moment behind, and no more than a minute. */
export async function hear({ databaseUrl, sessionId, ledger, log, accepted }: Subject, mayEnd: readonly string[]): Promise<readonly Breach[]> {
  let breaches: readonly Breach[] = [];
  const deadline = Date.now() + RECOVERED_WITHIN_MS;
  do {
    const evidence: Evidence = { accepted, ledger: ledger.read(), log: asSeen(log.events), runs: await storedRuns(databaseUrl, sessionId).catch(() => []), mayEnd };
    breaches = check(evidence);
    if (isBehind(breaches)) await delay(500);
  } while (isBehind(breaches) && Date.now() < deadline);
  return breaches;
}

function isBehind(breaches: readonly Breach[]): boolean {
  return breaches.some(({ what }) => what.includes("not in Postgres"));
}

const TERMINAL = ["completed", "failed", "stopped", "interrupted", "cancelled"];

function endOf(events: readonly TimedEvent[], messageId: string): string | undefined {
  const end = events.find((event) => event.type === "message.status" && event.messageId === messageId && TERMINAL.includes(String(event.data["status"])));
  return end && String(end.data["status"]);
}

export function isOver(events: readonly TimedEvent[], messageId: string): boolean {
  return endOf(events, messageId) !== undefined;
}

/** What the session itself put in the queue has to end too. */
function openMessages(events: readonly TimedEvent[]): string[] {
  return events.flatMap(({ type, messageId }) => (type === "message.queued" && messageId !== undefined && !isOver(events, messageId) ? [messageId] : []));
}

/** By the server's clock, which is this machine's. @throws Error when no run was begun after the kill and completed */
function recoveryOf(events: readonly TimedEvent[], sinceMs: number): number {
  const begun = new Set(events.filter(({ type, atMs }) => type === "run.started" && atMs >= sinceMs).map(({ runId }) => runId));
  const end = events.find(({ type, runId, data }) => type === "run.ended" && begun.has(runId) && data["outcome"] === "completed");
  if (!end) throw new Error(`no run began after the kill and completed: ${JSON.stringify(events.slice(-5))}`);
  return end.atMs;
}

function countBy(values: readonly string[]): Record<string, number> {
  return Object.fromEntries(Object.entries(Object.groupBy(values, String)).map(([value, all]) => [value, all?.length ?? 0]));
}
