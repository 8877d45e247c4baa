import type { DownFrame, UpMessage } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { expect, test } from "vitest";
import { PortError } from "../../core/kernel/port-error.ts";
import { InMemoryBlobStore } from "../../ports/blob-store/blob-store.fake.ts";
import type { Catalog } from "../../ports/catalog/catalog.port.ts";
import { InMemoryCatalog } from "../../ports/catalog/catalog.fake.ts";
import { InMemoryEventBus } from "../../ports/event-bus/event-bus.fake.ts";
import { InMemoryLedger } from "../../ports/ledger/ledger.fake.ts";
import { InMemoryRunHistory } from "../../ports/run-history/run-history.fake.ts";
import { InMemorySessionStore } from "../../ports/session-store/session-store.fake.ts";
import type { SandboxProvider } from "../../ports/sandbox/sandbox.port.ts";
import { SessionActor } from "./session-actor.ts";

/** A session whose sandbox never starts, and the platform's alarm as a list of what it was told. */
class Rig {
  nowMs = 1_800_000_000_000;
  readonly alarms: (number | null)[] = [];
  readonly store = new InMemorySessionStore();
  readonly actor: SessionActor;
  #background: Promise<unknown>[] = [];

  constructor(catalog: Partial<Catalog>, stop: SandboxProvider["stop"] = async () => undefined) {
    const now = (): number => this.nowMs;
    this.actor = new SessionActor(
      {
        store: this.store,
        scheduler: { wakeAt: async (atMs) => void this.alarms.push(atMs), pending: async () => this.alarms.at(-1) ?? null },
        runHistory: new InMemoryRunHistory(),
        catalog: Object.assign(new InMemoryCatalog({ now }), catalog),
        blobs: new InMemoryBlobStore(),
        feedOf: () => new InMemoryEventBus({ now }),
        ledgerOf: () => new InMemoryLedger({ now }),
        sandboxes: new Map([["slow", { create: () => new Promise(() => undefined), stop, destroy: async () => undefined } as unknown as SandboxProvider]]),
        linkUrl: "ws://memory",
        timers: { now, after: () => undefined },
        randomBytes: (length) => new Uint8Array(length),
        sha256: async (text) => text,
        afterCommit: (run) => run(),
        background: (work) => void this.#background.push(work),
        log: () => undefined,
      },
      { send: (_linkId: string, _frame: DownFrame) => undefined, close: () => undefined },
    );
  }

  open(): void {
    this.actor.apply({
      type: "session-opened",
      orgId: "org_a",
      sessionId: "ses_0123456789abcdefghjkmnpqrs",
      author: { actor: { kind: "user", id: "usr_1" }, apiKeyId: null },
      model: "demo/demo",
      workspace: { kind: "empty" },
      metadata: {},
      externalUserId: null,
      permissions: {},
      providers: [],
      gitIdentity: null,
      demoOnly: true,
      backends: ["slow"],
      prompt: null,
      nowMs: this.nowMs,
    });
  }

  /** Fires the alarm as often as one that is due fires by itself, up to `max` times; answers how often. */
  async fire(max: number): Promise<number> {
    for (let fired = 0; fired < max; fired++) {
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
      const atMs = this.alarms.at(-1) ?? null;
      if (atMs === null || atMs > this.nowMs) return fired;
      this.actor.alarm();
    }
    return max;
  }
}

test("a store that answers slowly does not keep the alarm firing", async () => {
  const rig = new Rig({ upsertSession: () => new Promise(() => undefined) });
  rig.open();
  expect(await rig.fire(50)).toBeLessThanOrEqual(1);
  rig.nowMs += 60_000;
  expect(await rig.fire(50)).toBeLessThanOrEqual(1);
});

test("what is being carried is looked at again later, since the carrying may die with the object's memory", async () => {
  const rig = new Rig({ upsertSession: () => new Promise(() => undefined) });
  rig.open();
  await rig.fire(5);
  expect(rig.alarms.at(-1)).toBeGreaterThan(rig.nowMs);
  expect(rig.alarms.at(-1)).toBeLessThanOrEqual(rig.nowMs + 60_000);
});

test("an opening that could not be stored wakes nobody for ever", () => {
  const rig = new Rig({});
  rig.store.faults.arm("session-store:commit:disk-full");
  rig.open();
  expect(rig.alarms).toHaveLength(1);
  rig.nowMs += 5_000;
  rig.actor.alarm();
  rig.actor.alarm();
  expect(rig.alarms.slice(1)).toEqual([null, null]);
});

test("when everything is carried the alarm is the session's own deadline again", async () => {
  const rig = new Rig({});
  rig.open();
  await rig.fire(5);
  for (let turn = 0; turn < 100; turn++) await Promise.resolve();
  expect(rig.alarms.at(-1)).toBe(Math.min(...Object.values(rig.actor.state?.deadlines ?? {})));
});

test("deadlines that a run's events move on are not written each time, and an alarm before them finds nothing and sets the next", async () => {
  const rig = new Rig({});
  rig.open();
  for (let turn = 0; turn < 100; turn++) await Promise.resolve();
  const { actor } = rig;
  const author = { actor: { kind: "user", id: "usr_1" }, apiKeyId: null } as const;
  let n = 0;
  const up = (message: UpMessage): void => void actor.apply({ type: "up-received", epoch: 1, n: ++n, message, nowMs: rig.nowMs, openPartTexts: {} });
  actor.apply({ type: "link-opened", epoch: 1, linkId: "con_1", versions: [1], received: 0, nowMs: rig.nowMs, openPartTexts: {} });
  up({ type: "ready", agent: "example", agentVersion: "1" });
  actor.apply({ type: "prompt-received", prompt: { messageId: "msg_1", runId: "run_1", text: "go" }, author, nowMs: rig.nowMs });
  up({ type: "accepted", messageId: "msg_1" });
  for (let turn = 0; turn < 100; turn++) await Promise.resolve();

  const armed = rig.alarms.length;
  for (let second = 0; second < 9; second++) {
    rig.nowMs += 1_000;
    up({ type: "part-started", messageId: "msg_1", part: { id: `prt_${second}`, kind: "text", text: "" } });
  }
  expect(rig.alarms).toHaveLength(armed);
  rig.nowMs = rig.alarms.at(-1) ?? Number.NaN;
  actor.alarm();
  expect([actor.state?.status, rig.alarms.at(-1)]).toEqual(["running", Math.min(...Object.values(actor.state?.deadlines ?? {}))]);
});

test("a session that is opened again under the id of a removed one is kept", async () => {
  const rig = new Rig({});
  for (const isAgain of [false, true]) {
    rig.open();
    for (let turn = 0; turn < 100; turn++) await Promise.resolve();
    if (isAgain) break;
    rig.actor.apply({ type: "session-removed", author: { actor: { kind: "user", id: "usr_1" }, apiKeyId: null }, nowMs: rig.nowMs });
    for (let turn = 0; turn < 100; turn++) await Promise.resolve();
    expect(rig.actor.state).toBeNull();
  }
  expect(rig.actor.state?.status).toBe("starting");
});

test("a change that could not be told before its session was removed does not bring it back", async () => {
  const catalog = new InMemoryCatalog({ now: () => 0 });
  let isDown = true;
  const rig = new Rig({
    upsertSession: async (orgId, summary) => {
      if (isDown) throw new Error("down");
      return catalog.upsertSession(orgId, summary);
    },
    removeSession: (orgId, sessionId) => catalog.removeSession(orgId, sessionId),
  });
  rig.open();
  await rig.fire(5);
  isDown = false;
  rig.actor.apply({ type: "session-removed", author: { actor: { kind: "user", id: "usr_1" }, apiKeyId: null }, nowMs: rig.nowMs });
  for (let turn = 0; turn < 100; turn++) await Promise.resolve();
  rig.nowMs += 60_000;
  await rig.fire(5);
  for (let turn = 0; turn < 100; turn++) await Promise.resolve();
  expect(rig.actor.state).toBeNull();
  expect((await catalog.listSessions("org_a", { after: null, limit: 10 })).sessions).toEqual([]);
});

test("a report of who may read that is applied late does not list a session that became private", async () => {
  const catalog = new InMemoryCatalog({ now: () => 0 });
  const late: (() => Promise<void>)[] = [];
  const rig = new Rig({
    upsertSession: async (...args) => {
      late.push(() => catalog.upsertSession(...args));
      return catalog.upsertSession(...args);
    },
  });
  const settle = async () => {
    for (let turn = 0; turn < 100; turn++) await Promise.resolve();
    await rig.fire(3);
  };
  rig.open();
  await settle();
  const { access } = rig.actor;
  for (const visibility of ["private", "org", "private"] as const) {
    expect(rig.actor.changeAccess({ ...access, visibility })).toBeNull();
    await settle();
  }
  const seen = async () => (await catalog.listSessions("org_a", { after: null, limit: 10, readableBy: ["usr_stranger"] })).sessions.length;
  expect([late.length >= 3, await seen()]).toEqual([true, 0]);
  for (const apply of late.toReversed()) await apply();
  expect(await seen()).toBe(0);
});

verifies("SES46", "a sandbox that its backend does not know, since it was never made or a newer one took it over, is let go", async () => {
  const unknown = new PortError({ port: "sandbox", operation: "stop", code: "not-found", outcome: "not-applied", retry: "never", message: "There is no such sandbox." });
  const rig = new Rig({}, () => Promise.reject(unknown));
  rig.open();
  for (let turn = 0; turn < 100; turn++) await Promise.resolve();
  rig.nowMs = Math.min(...Object.values(rig.actor.state?.deadlines ?? {}));
  rig.actor.alarm();
  expect(rig.actor.state?.retired).toEqual([{ epoch: 1, backend: "slow", stopped: false }]);
  for (let turn = 0; turn < 100; turn++) await Promise.resolve();
  expect(rig.actor.state?.retired).toEqual([]);
  expect(rig.actor.state?.deadlines.release).toBeUndefined();
});
