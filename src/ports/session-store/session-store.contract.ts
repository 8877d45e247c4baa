/** What every session store keeps; run by each implementation. The tables beside the log are in their own file. */
import type { NewEvent, SessionEvent } from "@berth/protocol";
import { verifiesOn } from "@berth/testkit";
import { describe, expect } from "vitest";
import { ROW_BYTES_MAX } from "./committed.ts";
import { AT_MS, batch, event, message, readEverything, thrown, type SessionStoreHarness } from "./session-store-kit.contract.ts";
import { SESSION_STORE_FAULTS } from "./session-store.faults.ts";
import { describeArchive } from "./session-store-archive.contract.ts";
import { describeSessionTables } from "./session-store-tables.contract.ts";
import type { CommitBatch, SessionStore } from "./session-store.port.ts";

/** Everything a reader can see; two equal snapshots are equal stores. */
function snapshot(store: SessionStore) {
  return {
    loaded: store.load(),
    cold: store.coldState(),
    events: store.eventsAfter(0, 10_000),
    messages: store.messages(null, 10_000),
    outbox: store.outboxDue(Number.MAX_SAFE_INTEGER, 10_000),
    answers: ["a", "b"].map((key) => store.findAnswer(key, AT_MS)),
    outputs: store.pendingOutputs(10_000).map((name) => [name, store.pendingOutput(name)]),
    archive: [store.firstSeq(), store.archivedPage(1)],
  };
}

const full = (n: string): CommitBatch =>
  batch({
    state: `{"n":"${n}"}`,
    coldState: `{"cold":"${n}"}`,
    events: [event(`${n}-1`), event(`${n}-2`)],
    messages: [message(`msg_${n}`)],
    outboxAdd: [{ id: `out_${n}`, target: "run-history", payload: "{}", nextAttemptAtMs: AT_MS }],
    answersAdd: [{ key: n, bodyHash: `hash-${n}`, answer: "{}", expiresAtMs: AT_MS + 1000 }],
    outputsAdd: [{ name: `output-${n}`, text: `long ${n}` }],
  });

export function describeSessionStoreContract(harness: SessionStoreHarness): void {
  describe(`session-store contract: ${harness.name}`, () => {
    describeLog(harness);
    describeCommit(harness);
    describeSessionTables(harness);
    describeArchive(harness);
    describeFaults(harness);
  });
}

function describeLog(harness: SessionStoreHarness): void {
  verifiesOn(harness, "SST1", "a new store is empty", () =>
    harness.run((open) => {
      const store = open();
      expect(store.load()).toBeNull();
      expect([store.firstSeq(), store.lastSeq(), store.outboxNextAtMs()]).toEqual([1, 0, null]);
      expect(store.eventsAfter(0, 10)).toEqual([]);
    }),
  );

  verifiesOn(harness, "SST30", "reading a store that was never written to leaves it empty and usable", () =>
    harness.run((open) => {
      const store = open();
      readEverything(store);
      expect(open().load()).toBeNull();
      expect(store.commit(batch({ events: [event("a")] }))[0]?.seq).toBe(1);
      expect(open().lastSeq()).toBe(1);
    }),
  );

  verifiesOn(harness, "SST2", "load answers the newest state and the last seq", () =>
    harness.run((open) => {
      const store = open();
      store.commit(batch({ state: '{"n":1}', events: [event("a"), event("b")] }));
      store.commit(batch({ state: '{"n":2}', events: [event("c")] }));
      expect(store.load()).toEqual({ state: '{"n":2}', lastSeq: 3 });
    }),
  );

  verifiesOn(harness, "SST37", "the cold state stays as it was until a batch brings another", () =>
    harness.run((open) => {
      const store = open();
      expect(store.coldState()).toBeNull();
      store.commit(batch({ state: '{"n":1}', coldState: '{"cold":1}' }));
      store.commit(batch({ state: '{"n":2}' }));
      expect([open().coldState(), open().load()?.state]).toEqual(['{"cold":1}', '{"n":2}']);
      store.commit(batch({ coldState: '{"cold":2}' }));
      expect(store.coldState()).toBe('{"cold":2}');
    }),
  );

  verifiesOn(harness, ["SST41", "SST7"], "who may see it stays as it was until a batch that is taken brings another", () =>
    harness.run((open) => {
      const store = open();
      expect(store.access()).toBeNull();
      store.commit(batch({ access: '{"a":1}', answersAdd: [{ key: "k", bodyHash: "h", answer: "{}", expiresAtMs: AT_MS + 10 }] }));
      store.commit(batch({}));
      expect(open().access()).toBe('{"a":1}');
      const refused = batch({ access: '{"a":2}', answersAdd: [{ key: "k", bodyHash: "h", answer: "{}", expiresAtMs: AT_MS + 10 }] });
      expect(thrown(() => store.commit(refused)).code).toBe("already-exists");
      expect(open().access()).toBe('{"a":1}');
      store.commit(batch({ access: '{"a":3}' }));
      expect(store.access()).toBe('{"a":3}');
      store.destroy();
      expect(store.access()).toBeNull();
    }),
  );

  verifiesOn(harness, ["SST3", "SST6"], "seq counts without gaps over batches, also past one without events", () =>
    harness.run((open) => {
      const store = open();
      store.commit(batch({ events: [event("a"), event("b")] }));
      expect(store.commit(batch({ state: '{"quiet":true}' }))).toEqual([]);
      expect(store.load()).toEqual({ state: '{"quiet":true}', lastSeq: 2 });
      store.commit(batch({ events: [event("c")] }));
      const read = store.eventsAfter(0, 10);
      expect(read.map(({ seq }) => seq)).toEqual([1, 2, 3]);
      expect(read.map(({ data }) => (data as { part: { text: string } }).part.text)).toEqual(["a", "b", "c"]);
    }),
  );

  verifiesOn(harness, "SST4", "a committed event carries what it came with and reads back the same", () =>
    harness.run((open) => {
      const store = open();
      const given: NewEvent = { ...event("a", { messageId: "msg_1", runId: "run_1" }), actor: { kind: "agent", id: "opencode" } };
      const committed = store.commit(batch({ events: [given, { type: "session.updated", data: { title: undefined } }] }));
      expect(committed[0]).toEqual({ ...given, seq: 1, id: expect.any(String), at: "2026-11-20T12:00:00.250Z" });
      expect(store.eventsAfter(0, 10)).toStrictEqual(committed);
    }),
  );

  verifiesOn(harness, "SST5", "event ids are unique, hold the seq and stay", () =>
    harness.run((open) => {
      const ids = open().commit(batch({ events: [event("a"), event("b")] })).map(({ id }) => id);
      expect(ids[0]).toMatch(/^evt_[a-z0-9]+_1$/);
      expect(ids[1]).toBe(ids[0]?.replace(/_1$/, "_2"));
      const store = open();
      expect(store.eventsAfter(0, 10).map(({ id }) => id)).toEqual(ids);
      expect(store.commit(batch({ events: [event("c")] }))[0]?.id).toBe(ids[0]?.replace(/_1$/, "_3"));
    }),
  );

  verifiesOn(harness, ["SST8", "SST9"], "eventsAfter pages through the log and ends", () =>
    harness.run((open) => {
      const store = open();
      store.commit(batch({ events: ["a", "b", "c", "d", "e"].map((text) => event(text)) }));
      const seqs = (after: number, limit: number) => store.eventsAfter(after, limit).map(({ seq }) => seq);
      expect([seqs(0, 2), seqs(2, 2), seqs(4, 2), seqs(5, 2), seqs(99, 2)]).toEqual([[1, 2], [3, 4], [5], [], []]);
    }),
  );

  verifiesOn(harness, "SST10", "eventsOfRun answers one run's events among others", () =>
    harness.run((open) => {
      const store = open();
      store.commit(batch({ events: [event("a"), event("b", { runId: "run_1" }), event("c", { runId: "run_2" })] }));
      store.commit(batch({ events: [event("d", { runId: "run_1" })] }));
      expect(store.eventsOfRun("run_1").map(({ seq }) => seq)).toEqual([2, 4]);
      expect(store.eventsOfRun("run_3")).toEqual([]);
    }),
  );
}

function describeCommit(harness: SessionStoreHarness): void {
  verifiesOn(harness, "SST7", "a batch refused at its very end leaves nothing and no gap", () =>
    harness.run((open) => {
      const store = open();
      store.commit(full("a"));
      const before = snapshot(store);
      const refused = { ...full("b"), answersAdd: [...full("b").answersAdd, ...full("a").answersAdd] };
      expect(thrown(() => store.commit(refused)).code).toBe("already-exists");
      expect(snapshot(store)).toEqual(before);
      expect(snapshot(open())).toEqual(before);
      expect(store.commit(full("b")).map(({ seq }) => seq)).toEqual([3, 4]);
    }),
  );

  verifiesOn(harness, "SST25", "a text over the row limit is refused before anything is written", () =>
    harness.run((open) => {
      const store = open();
      store.commit(full("a"));
      const before = snapshot(store);
      // Two bytes each in UTF-8, so that the limit is one of bytes and not of characters.
      const big = "é".repeat(ROW_BYTES_MAX / 2 + 1);
      for (const refused of [batch({ state: big }), batch({ coldState: big }), batch({ events: [event("b"), event(big)] })]) {
        expect(thrown(() => store.commit(refused))).toMatchObject({ code: "invalid-argument", outcome: "not-applied", retry: "never" });
      }
      expect(snapshot(store)).toEqual(before);
      store.commit(batch({ state: "é".repeat(ROW_BYTES_MAX / 2) }));
    }),
  );

  verifiesOn(harness, "SST26", "a caller's hand on a batch or an answer does not reach the store", () =>
    harness.run((open) => {
      const store = open();
      const given = { ...message("msg_1") };
      const committed = store.commit(batch({ events: [event("a")], messages: [given] }));
      const before = snapshot(store);
      Object.assign(given, { text: "changed" });
      Object.assign(committed[0]?.data ?? {}, { part: null });
      Object.assign(store.eventsAfter(0, 1)[0] ?? {}, { seq: 99 });
      Object.assign(store.message("msg_1") ?? {}, { text: "changed" });
      expect(snapshot(store)).toEqual(before);
    }),
  );

  verifiesOn(harness, "SST27", "any text survives", () =>
    harness.run((open) => {
      const store = open();
      const text = "a\u0000b '\"\\ \u2028 日本語 🚢 \u{10FFFF} é";
      store.commit(batch({ state: JSON.stringify({ text }), events: [event(text)] }));
      const again = open();
      expect(JSON.parse(again.load()?.state ?? "")).toEqual({ text });
      expect(again.eventsAfter(0, 1)[0]).toMatchObject({ data: { part: { text } } });
    }),
  );

  verifiesOn(harness, "SST28", "a batch of a thousand events is committed whole", () =>
    harness.run((open) => {
      const store = open();
      store.commit(batch({ events: Array.from({ length: 1000 }, (_, i) => event(String(i))) }));
      expect([store.firstSeq(), store.lastSeq(), store.eventsAfter(0, 2000).length]).toEqual([1, 1000, 1000]);
    }),
  );

  verifiesOn(harness, "SST29", "two sessions share nothing", () => {
    let first: SessionEvent | undefined;
    return harness.run(
      (open) => {
        first = open().commit(full("a"))[0];
      },
      (open) => {
        const other = open();
        expect(other.load()).toBeNull();
        const event = other.commit(full("a"))[0];
        expect(event?.seq).toBe(1);
        expect(event?.id).not.toBe(first?.id);
      },
    );
  });

  verifiesOn(harness, "SST23", "a destroyed store is empty and begins again at 1", () =>
    harness.run((open) => {
      const store = open();
      store.commit(full("a"));
      store.putTicket({ hash: "h", author: "{}", expiresAtMs: AT_MS + 1 }, AT_MS);
      store.destroy();
      expect(snapshot(store)).toEqual({ loaded: null, cold: null, events: [], messages: [], outbox: [], answers: [null, null], outputs: [], archive: [1, null] });
      expect(store.takeTicket("h", AT_MS)).toBeNull();
      expect(open().commit(full("a"))[0]?.seq).toBe(1);
    }),
  );
}

/** Faults that any caller can cause are caused; the others are injected where the implementation allows it. */
function describeFaults(harness: SessionStoreHarness): void {
  const symptomOf = (id: string) => {
    const symptom = SESSION_STORE_FAULTS.faults.find((fault) => fault.id === id)?.symptom;
    return typeof symptom === "object" ? symptom : {};
  };

  for (const id of ["session-store:commit:disk-full", "session-store:commit:torn-batch"] as const) {
    const inject = harness.inject?.[id];
    if (!inject) continue;
    verifiesOn(harness, [id, "SST7", "SST24"], "nothing of the batch is there, and the same batch passes once there is room", () =>
      harness.run((open) => {
        const store = open();
        store.commit(full("a"));
        const before = snapshot(store);
        void inject(store);
        // Large enough to need new pages of any disk.
        const next = { ...full("b"), state: JSON.stringify({ n: "b".repeat(100_000) }) };
        expect(thrown(() => store.commit(next))).toMatchObject(symptomOf(id));
        expect(snapshot(store)).toEqual(before);
        const again = open();
        expect(snapshot(again)).toEqual(before);
        expect(again.commit(next).map(({ seq }) => seq)).toEqual([3, 4]);
      }),
    );
  }

  const close = harness.inject?.["session-store:commit:closed"];
  if (close) {
    verifiesOn(harness, "session-store:commit:closed", "a closed store refuses, and opens again as it was", () =>
      harness.run((open) => {
        const store = open();
        store.commit(full("a"));
        const before = snapshot(store);
        void close(store);
        expect(thrown(() => store.commit(full("b")))).toMatchObject(symptomOf("session-store:commit:closed"));
        expect(snapshot(open())).toEqual(before);
      }),
    );
  }

  const upgrade = harness.inject?.["session-store:open:newer-schema"];
  if (upgrade) {
    verifiesOn(harness, "session-store:open:newer-schema", "a database of a newer version is not opened", () =>
      harness.run((open) => {
        const store = open();
        store.commit(batch());
        void upgrade(store);
        expect(thrown(() => open())).toMatchObject(symptomOf("session-store:open:newer-schema"));
      }),
    );
  }

  verifiesOn(harness, "session-store:commit:id-taken", "a taken id refuses the batch", () =>
    harness.run((open) => {
      const store = open();
      store.commit(full("a"));
      expect(thrown(() => store.commit(full("a")))).toMatchObject(symptomOf("session-store:commit:id-taken"));
    }),
  );

  verifiesOn(harness, ["session-store:load:replay-after-crash", "SST24"], "a store opened after a crash is as the last commit left it", () =>
    harness.run((open) => {
      const crashed = open();
      crashed.commit(full("a"));
      crashed.outboxRetry("out_a", AT_MS + 5);
      crashed.commit({ ...full("b"), messages: [message("msg_a", "running")] });
      const before = snapshot(crashed);
      const again = open();
      expect(snapshot(again)).toEqual(before);
      expect(again.commit(batch({ events: [event("c")] }))[0]?.seq).toBe(5);
    }),
  );
}
