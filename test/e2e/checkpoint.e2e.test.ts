/**
 * A sandbox is destroyed with its folder, and the next one goes on from the last checkpoint. `SOAK=1` takes twenty instants
 * of turns of 300 s, `INSTANTS` as many as it says; `SEED` repeats a run.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SessionClient, SessionEvent } from "@berth/sdk";
import { createPrng } from "../../src/core/kernel/prng.ts";
import { checkMemory, destroySandbox, lastLine, listing, sandboxFolder } from "./checkpoint/lost-sandbox.ts";
import { SmallDisk } from "./kill/small-disk.ts";
import { runtimePids, signalAll } from "./kill/victims.ts";
import { logOf, MODEL, startTestStack, turn, untilStatus, workFile, type TestStack } from "./support/stack.ts";

const SOAK = process.env["SOAK"] === "1";
const SEED = Number(process.env["SEED"] ?? Date.now() % 1_000_000);
const INSTANTS = Number(process.env["INSTANTS"] ?? (SOAK ? 20 : 1));
const TURN_S = Number(process.env["TURN_S"] ?? (SOAK ? 300 : 30));
/** Instants that are waited for at the same time, each in a session of its own. */
const LANES = Math.min(INSTANTS, 4);
const COMMAND_S = 60;
const FIRST_S = 12;
const BEHIND_MAX = 30;
const RESTORED_WITHIN_MS = 90_000;
const MEGABYTES = SOAK ? 200 : 60;

let stack: TestStack;

beforeAll(async () => {
  stack = await startTestStack();
});

afterAll(() => stack?.end());

const phases = (events: readonly SessionEvent[]): string[] => events.flatMap((event) => (event.type === "workspace.checkpoint" ? [event.data.phase] : []));

async function newSession(onInterruption: "ask" | "continue" = "ask"): Promise<SessionClient> {
  const { id } = await stack.berth.sessions.create({ model: MODEL, onInterruption });
  const session = stack.berth.session(id);
  await untilStatus(session, ["idle"]);
  return session;
}

async function savedWith(session: SessionClient, after: number, filesMin: number): Promise<void> {
  await until(session, after, (event) => event.type === "workspace.checkpoint" && event.data.phase === "saved" && (event.data.checkpoint?.files ?? 0) >= filesMin);
}

/** Waits for a checkpoint that was begun after what was written before this. */
async function savedAsItIs(session: SessionClient): Promise<void> {
  const after = await lastSeq(session);
  await session.hibernate();
  await untilStatus(session, ["hibernated"], after);
}

async function until(session: SessionClient, after: number, isIt: (event: SessionEvent) => boolean): Promise<SessionEvent> {
  const seen: SessionEvent[] = [];
  for await (const event of session.events({ after, signal: AbortSignal.timeout(RESTORED_WITHIN_MS) })) {
    if (isIt(event)) return event;
    seen.push(event);
  }
  throw new Error(`it did not come: ${JSON.stringify(seen.slice(-6).map(({ type, at, data }) => ({ type, at, data })))}`);
}

/** Until the session knows: a prompt that went down before would end interrupted. Answers the `seq` before. */
async function destroyAndNotice(session: SessionClient): Promise<number> {
  const before = await lastSeq(session);
  destroySandbox(stack, session.id);
  await until(session, before, (event) => event.type === "sandbox.status" && event.data.phase === "lost");
  return before;
}

async function lastSeq(session: SessionClient): Promise<number> {
  return (await logOf(session)).at(-1)?.seq ?? 0;
}

/** What the agent answers when it is asked for what it was told. */
async function recalled(session: SessionClient): Promise<string> {
  const after = await lastSeq(session);
  await turn(session, "!recall");
  return JSON.stringify((await logOf(session, after)).filter(({ type }) => type === "part.ended"));
}

describe("a sandbox that is destroyed with its folder", () => {
  test("[CHK5] a session that hibernates is saved first, and wakes with its work", async () => {
    const session = await newSession();
    await turn(session, "!bash echo kept > file");
    const after = await lastSeq(session);
    await session.hibernate();
    await untilStatus(session, ["hibernated"], after);
    expect(phases(await logOf(session, after))).toContain("saved");
    destroySandbox(stack, session.id);
    await turn(session, "!bash cat file");
    expect(phases(await logOf(session, after))).toContain("restored");
    expect(readFileSync(workFile(stack, session.id, "file"), "utf8")).toBe("kept\n");
  }, 300_000);

  test("[CHK8] [CHK10] a session that goes on by itself finds its work, and remembers", async () => {
    const session = await newSession("continue");
    await turn(session, "remember the word heliotrope");
    const after = await lastSeq(session);
    await session.send("!bash echo one > file; sleep 60");
    await until(session, after, (event) => event.type === "part.started" && event.data.part.kind === "tool");
    await savedWith(session, await lastSeq(session), 1);
    const destroyedAt = await lastSeq(session);
    destroySandbox(stack, session.id);
    await until(session, destroyedAt, ({ type }) => type === "run.started");
    await untilStatus(session, ["idle"], destroyedAt);
    expect(phases(await logOf(session, destroyedAt))).toContain("restored");
    expect(readFileSync(workFile(stack, session.id, "file"), "utf8")).toBe("one\n");
    expect(await recalled(session)).toContain("heliotrope");
  }, 300_000);

  test("[CHK7] a disk that is full is said in the session, and once there is room the work is saved", async () => {
    const session = await newSession();
    const disk = SmallDisk.under(join(sandboxFolder(stack, session.id), "home"), 256);
    try {
      // The next sandbox of the session is the one that has it.
      const before = await lastSeq(session);
      signalAll(runtimePids(session.id), "SIGKILL");
      await until(session, before, (event) => event.type === "sandbox.status" && event.data.phase === "lost");
      await session.send("!bash echo full > file; sleep 14");
      await until(session, before, (event) => event.type === "part.started" && event.data.part.kind === "tool");
      disk.fill();
      const failed = await until(session, before, (event) => event.type === "workspace.checkpoint" && event.data.phase === "failed");
      expect(failed.data).toMatchObject({ failure: { code: "disk-full", fix: expect.any(String) } });
      disk.makeRoom();
      await until(session, failed.seq, (event) => event.type === "workspace.checkpoint" && event.data.phase === "saved" && (event.data.checkpoint?.bytes ?? 0) > 0);
    } finally {
      disk.remove();
    }
  }, 300_000);

  test(`[CHK12] a work folder of ${MEGABYTES} MB is back within 15 s`, async () => {
    const session = await newSession();
    const after = await lastSeq(session);
    await turn(session, `!bash for i in $(seq 100); do head -c ${MEGABYTES * 10_000} /dev/urandom > f$i; done`);
    await savedWith(session, after, 100);
    const destroyedAt = await destroyAndNotice(session);
    await turn(session, "!bash ls | wc -l");
    const events = await logOf(session, destroyedAt);
    const restored = events.find((event) => event.type === "workspace.checkpoint" && event.data.phase === "restored");
    const begun = events.findLast((event) => event.type === "sandbox.status" && event.seq < (restored?.seq ?? 0));
    const tookMs = Date.parse(restored?.at ?? "") - Date.parse(begun?.at ?? "");
    console.log(`${MEGABYTES} MB restored in ${tookMs} ms`);
    expect(tookMs).toBeLessThanOrEqual(15_000);
    expect(readdirSync(workFile(stack, session.id, ".")).filter((name) => name.startsWith("f"))).toHaveLength(100);
  }, 300_000);

  test("[CHK8] [CHK9] is restored with the next message: the same tree, the agent's database whole, and it still knows what it was told", async () => {
    const session = await newSession();
    await turn(session, "remember the word heliotrope");
    const make = [
      "mkdir -p deep/er empty && echo one > deep/er/file && ln -s deep/er/file link && printf '#!/bin/sh\\necho hi\\n' > run && chmod 755 run",
      "echo secret.txt > .gitignore && echo ignored > secret.txt && git add -A && git commit -qm first && echo later >> deep/er/file && head -c 300000 /dev/urandom > big",
      "mkdir gone && echo gone > gone/file",
    ];
    await turn(session, make.map((line) => `!bash ${line}`).join("\n"));
    await turn(session, "!bash rm -r gone && chmod 600 deep/er/file");
    // On a busy machine what was saved last may be of the turn before: giving the sandbox back saves first.
    await savedAsItIs(session);
    const before = listing(stack, session.id);
    const destroyedAt = await lastSeq(session);
    destroySandbox(stack, session.id);
    const startedAtMs = Date.now();
    expect(await recalled(session)).toContain("heliotrope");
    console.log(`answered ${Date.now() - startedAtMs} ms after the message`);
    const events = await logOf(session, destroyedAt);
    expect(phases(events)).toContain("restored");
    const types = events.map((event) => (event.type === "sandbox.status" ? `sandbox ${event.data.phase}` : event.type === "workspace.checkpoint" ? `checkpoint ${event.data.phase}` : event.type));
    expect(types.indexOf("checkpoint restored")).toBeLessThan(types.indexOf("sandbox ready"));
    expect(listing(stack, session.id)).toEqual(before);
    expect(checkMemory(stack, session.id)).toBe("ok");
  }, 300_000);

  test(`[CHK10] inside a turn loses at most ${BEHIND_MAX} s of work: ${INSTANTS} random instants (SEED=${SEED})`, async () => {
    const prng = createPrng(SEED);
    const instants = Array.from({ length: INSTANTS }, () => FIRST_S + prng.int((TURN_S - FIRST_S) * 1000) / 1000);
    const outcomes: Outcome[] = [];
    const lane = async (): Promise<void> => {
      for (let instant = instants.pop(); instant !== undefined; instant = instants.pop()) outcomes.push(await lose(instant));
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    for (const outcome of outcomes) console.log(JSON.stringify(outcome));
    const behind = outcomes.map((outcome) => outcome.behind);
    const whole = outcomes.filter(({ memory, knows }) => memory === "ok" && knows).length;
    console.log(`SOAK ${JSON.stringify({ kind: "checkpoints", points: outcomes.length, secondsOfTurn: TURN_S, behindMax: Math.max(...behind), memoryWhole: whole, seed: SEED })}`);
    expect(outcomes.filter(({ behind: lines, memory, knows }) => lines > BEHIND_MAX || memory !== "ok" || !knows)).toEqual([]);
    expect(outcomes).toHaveLength(INSTANTS);
  }, 120_000 + (INSTANTS * (TURN_S + 60) * 1000) / LANES);
});

interface Outcome {
  readonly atS: number;
  readonly written: number;
  readonly restored: number;
  readonly behind: number;
  readonly memory: string;
  readonly knows: boolean;
}

/** One turn; OpenCode ends a single command after two minutes. */
function oneLineEachSecond(seconds: number): string {
  const starts = Array.from({ length: Math.ceil(seconds / COMMAND_S) }, (_, at) => at * COMMAND_S);
  return starts.map((start) => `!bash for i in $(seq ${start + 1} ${Math.min(seconds, start + COMMAND_S)}); do echo $i >> lines; sleep 1; done`).join("\n");
}

async function lose(atS: number): Promise<Outcome> {
  const session = await newSession();
  await turn(session, "remember the word heliotrope");
  await session.send(oneLineEachSecond(TURN_S));
  for (let waited = 0; lastLine(stack, session.id, "lines") < 1 && waited < 600; waited++) await delay(50);
  await delay(atS * 1000);
  const written = lastLine(stack, session.id, "lines");
  destroySandbox(stack, session.id);
  const { seq } = await until(session, 0, (event) => event.type === "session.status" && event.data.status === "waiting");
  await session.resume({ interrupted: "skip" });
  await untilStatus(session, ["idle"], seq, RESTORED_WITHIN_MS);
  const restored = lastLine(stack, session.id, "lines");
  const memory = checkMemory(stack, session.id);
  const knows = (await recalled(session)).includes("heliotrope");
  await session.remove();
  return { atS, written, restored, behind: written - restored, memory, knows };
}
