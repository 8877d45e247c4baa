/**
 * The real OpenCode that takes a prompt and begins no turn. Its database refuses a write as one on a full disk does, by a
 * trigger, so that each of the writes before a turn is cut off in its turn; or a relay keeps the prompt from it.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect } from "vitest";
import { verifies } from "@berth/testkit";
import type { OpenCodeDeps } from "./opencode-launch.ts";
import { openBehindRelay, type Meddle, type RelayedAgent, type SaidAlso } from "./opencode-relay.testkit.ts";
import { OPENCODE_TEST_MS, stageOfEachTest } from "./opencode.testkit.ts";

const TEXT = "!bash echo ran >> ledger";
const SOON_MS = 200;
/** Within which OpenCode stores a prompt, also its first and on a machine with much to do. */
const LATER_MS = 10_000;

const stage = stageOfEachTest();

interface Scene extends RelayedAgent {
  prompt(messageId: string, text?: string): Promise<void>;
  /** Resolved when something was submitted so many times. */
  submitted(times: number): Promise<void>;
}

async function opened(deps: Partial<OpenCodeDeps>, meddle: Meddle = ({ body }) => ({ body })): Promise<Scene> {
  let times = 0;
  const waiting = new Map<number, () => void>();
  const counting: Meddle = (request) => {
    if (request.path.endsWith("/prompt_async")) waiting.get(++times)?.();
    return meddle(request);
  };
  const relayed = await openBehindRelay(stage(), counting, deps);
  return {
    ...relayed,
    prompt: (messageId, text = TEXT) => relayed.prompt(messageId, text),
    submitted: (count) => (times >= count ? Promise.resolve() : new Promise((resolve) => waiting.set(count, resolve))),
  };
}

function inDatabase<T>(work: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(join(stage().home, ".local/share/opencode/opencode.db"), { timeout: 10_000 });
  try {
    return work(database);
  } finally {
    database.close();
  }
}

/** The write fails until the disk has room again. */
function fillDiskFor(write: string): { readonly makeRoom: () => void } {
  inDatabase((database) => database.exec(`CREATE TRIGGER full_disk BEFORE ${write} BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END`));
  return { makeRoom: () => inDatabase((database) => database.exec("DROP TRIGGER full_disk")) };
}

function ledger(): string {
  const path = join(stage().work, "ledger");
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

/** How often the prompt's text is in OpenCode's memory. */
function timesStored(): number {
  return inDatabase((database) => (database.prepare("SELECT count(*) AS times FROM part WHERE data LIKE ?").get(`%"type":"text"%${TEXT}%`) as { times: number }).times);
}

describe("a prompt that OpenCode could not store", () => {
  for (const [what, write] of [
    ["its agent and model", "UPDATE OF agent, model ON session"],
    ["the message", "INSERT ON message"],
    ["what the message says", "INSERT ON part"],
    ["when the session was used", "UPDATE OF time_updated ON session"],
  ] as const) {
    verifies("AGT31", `is given to it again until ${what} can be stored, and runs once`, async () => {
      const { said, prompt, submitted } = await opened({ pausesMs: Array<number>(100).fill(SOON_MS) });
      const disk = fillDiskFor(write);
      await prompt("msg_1");
      await submitted(3);
      expect(said.all("turn-ended")).toEqual([]);
      disk.makeRoom();
      expect(await said.first("turn-ended")).toMatchObject({ messageId: "msg_1", outcome: "completed" });
      expect(ledger()).toBe("ran\n");
      expect(timesStored()).toBe(1);
      expect(said.all("turn-started")).toHaveLength(1);
    }, OPENCODE_TEST_MS);
  }

  verifies("AGT31", "fails with the reason when the disk stays full, and the next one runs", async () => {
    const { said, prompt } = await opened({ pausesMs: [SOON_MS, SOON_MS] });
    const disk = fillDiskFor("INSERT ON part");
    await prompt("msg_1");
    expect(await said.first("turn-ended")).toMatchObject({ messageId: "msg_1", outcome: "failed", failure: { code: "agent-storage" } });
    disk.makeRoom();
    await prompt("msg_2", "!say next");
    expect(await said.first("turn-ended", "msg_2")).toMatchObject({ outcome: "completed" });
    expect(ledger()).toBe("");
  }, OPENCODE_TEST_MS);

  verifies(["AGT11", "AGT31"], "is not given again once it was stopped", async () => {
    const { agent, said, prompt, submitted } = await opened({ pausesMs: [SOON_MS, 600_000] });
    const disk = fillDiskFor("INSERT ON message");
    await prompt("msg_1");
    await submitted(2);
    await agent.interrupt("msg_1");
    expect(await said.first("turn-ended")).toMatchObject({ messageId: "msg_1", outcome: "stopped" });
    disk.makeRoom();
    await prompt("msg_2", "!say next");
    expect(await said.first("turn-ended", "msg_2")).toMatchObject({ outcome: "completed" });
    expect(ledger()).toBe("");
  }, OPENCODE_TEST_MS);
});

describe("a prompt of which OpenCode says nothing", () => {
  verifies("AGT31", "is begun when OpenCode has it, and runs once", async () => {
    const withoutReply: Meddle = ({ path, body }) => {
      const isPrompt = path.endsWith("/prompt_async") && body.includes(TEXT);
      return { body: isPrompt ? JSON.stringify({ ...(JSON.parse(body) as object), noReply: true }) : body };
    };
    const { said, prompt } = await opened({ silenceMs: LATER_MS }, withoutReply);
    await prompt("msg_1");
    expect(await said.first("turn-ended")).toMatchObject({ messageId: "msg_1", outcome: "completed" });
    expect(ledger()).toBe("ran\n");
    expect(timesStored()).toBe(1);
  }, OPENCODE_TEST_MS);

  verifies("AGT31", "ends as interrupted when it cannot be told whether OpenCode will begin it, and OpenCode with it", async () => {
    const swallowed: Meddle = ({ path, body }) => (path.endsWith("/prompt_async") && body.includes(TEXT) ? { status: 204 } : { body });
    const { agent, said, prompt } = await opened({ silenceMs: SOON_MS }, swallowed);
    await prompt("msg_1");
    expect(await said.first("turn-ended")).toMatchObject({ messageId: "msg_1", outcome: "interrupted", failure: { code: "agent-silent" } });
    await said.first("agent-failed");
    await expect(agent.lookup("msg_1")).rejects.toMatchObject({ code: "failed-precondition" });
  }, OPENCODE_TEST_MS);
});

verifies("AGT31", "a prompt that OpenCode's server failed on was not taken, and can be submitted again", async () => {
  const { agent, said, prompt } = await opened({});
  inDatabase((database) => database.exec("ALTER TABLE session RENAME TO session_away"));
  await expect(prompt("msg_1")).rejects.toMatchObject({ code: "internal", outcome: "not-applied", retry: "same-request" });
  inDatabase((database) => database.exec("ALTER TABLE session_away RENAME TO session"));
  expect(await agent.lookup("msg_1")).toBe("unknown");
  await prompt("msg_1");
  expect(await said.first("turn-ended")).toMatchObject({ messageId: "msg_1", outcome: "completed" });
  expect(ledger()).toBe("ran\n");
}, OPENCODE_TEST_MS);

verifies("AGT33", "a word that it is idle, which is about the turn before, ends no turn that has no answer yet", async () => {
  // With the prompt's own message, and once more when OpenCode is at work on it.
  const stale: SaidAlso = (event) => {
    const isEarly = (event.type === "message.updated" && event.properties.info.role === "user") || (event.type === "session.status" && event.properties.status.type === "busy");
    return isEarly ? [{ id: "evt_stale", type: "session.idle", properties: { sessionID: event.properties.sessionID } }] : [];
  };
  const { said, prompt } = await openBehindRelay(stage(), ({ body }) => ({ body }), {}, stale);
  await prompt("msg_1", "!sleep 300\n!say answered");
  expect(await said.first("turn-ended")).toMatchObject({ messageId: "msg_1", outcome: "completed" });
  expect(said.parts("msg_1", "text").map(({ text }) => text)).toEqual(["answered"]);
}, OPENCODE_TEST_MS);
