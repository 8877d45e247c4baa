/** The part of the session store's contract about what is kept beside the log: outbox, answers, messages, tickets. */
import { verifiesOn } from "@berth/testkit";
import { expect } from "vitest";
import { AT_MS, batch, message, thrown, type SessionStoreHarness } from "./session-store-kit.contract.ts";

const entry = (id: string, nextAttemptAtMs: number) => ({ id, target: "catalog" as const, payload: `{"id":"${id}"}`, nextAttemptAtMs });

export function describeSessionTables(harness: SessionStoreHarness): void {
  describeOutbox(harness);
  describeMessages(harness);

  verifiesOn(harness, ["SST16", "SST17"], "an answer is found under its key, and the first one stays", () =>
    harness.run((open) => {
      const store = open();
      store.commit(batch({ answersAdd: [{ key: "a", bodyHash: "h1", answer: '{"id":"msg_1"}', expiresAtMs: AT_MS + 10 }] }));
      expect(store.findAnswer("a", AT_MS)).toEqual({ bodyHash: "h1", answer: '{"id":"msg_1"}' });
      expect(store.findAnswer("b", AT_MS)).toBeNull();
      const again = batch({ answersAdd: [{ key: "a", bodyHash: "h2", answer: "{}", expiresAtMs: AT_MS + 10 }] });
      expect(thrown(() => store.commit(again))).toMatchObject({ code: "already-exists", outcome: "not-applied" });
      expect(store.findAnswer("a", AT_MS)?.bodyHash).toBe("h1");
    }),
  );

  verifiesOn(harness, "SST36", "an answer that expired is not found, and its key may be used again", () =>
    harness.run((open) => {
      const store = open();
      const keep = (bodyHash: string, atMs: number) => store.commit(batch({ atMs, answersAdd: [{ key: "a", bodyHash, answer: "{}", expiresAtMs: atMs + 10 }] }));
      keep("h1", AT_MS);
      expect(store.findAnswer("a", AT_MS + 9)?.bodyHash).toBe("h1");
      expect(store.findAnswer("a", AT_MS + 10)).toBeNull();
      keep("h2", AT_MS + 10);
      expect(store.findAnswer("a", AT_MS + 10)?.bodyHash).toBe("h2");
      expect(thrown(() => keep("h3", AT_MS + 19)).code).toBe("already-exists");
    }),
  );

  verifiesOn(harness, "SST21", "a ticket is taken once", () =>
    harness.run((open) => {
      const store = open();
      store.putTicket({ hash: "h1", author: '{"id":"usr_1"}', expiresAtMs: AT_MS + 30_000 }, AT_MS);
      store.putTicket({ hash: "h2", author: '{"id":"usr_2"}', expiresAtMs: AT_MS + 30_000 }, AT_MS);
      expect(store.takeTicket("unknown", AT_MS)).toBeNull();
      expect(store.takeTicket("h1", AT_MS)).toBe('{"id":"usr_1"}');
      expect(store.takeTicket("h1", AT_MS)).toBeNull();
      expect(open().takeTicket("h2", AT_MS + 29_999)).toBe('{"id":"usr_2"}');
    }),
  );

  verifiesOn(harness, "SST22", "an expired ticket is not taken, also at the very millisecond", () =>
    harness.run((open) => {
      const store = open();
      store.putTicket({ hash: "h1", author: "{}", expiresAtMs: AT_MS + 10 }, AT_MS);
      expect(store.takeTicket("h1", AT_MS + 10)).toBeNull();
      store.putTicket({ hash: "h2", author: "{}", expiresAtMs: AT_MS + 10 }, AT_MS);
      store.putTicket({ hash: "h3", author: "{}", expiresAtMs: AT_MS + 99 }, AT_MS + 11);
      expect(store.takeTicket("h2", AT_MS)).toBeNull();
      expect(store.takeTicket("h3", AT_MS + 12)).toBe("{}");
    }),
  );

  verifiesOn(harness, "SST42", "a ticket whose author is gone is not taken, and the others are", () =>
    harness.run((open) => {
      const store = open();
      for (const [hash, author] of [["h1", "gone"], ["h2", "stays"], ["h3", "gone"]] as const) store.putTicket({ hash, author, expiresAtMs: AT_MS + 10 }, AT_MS);
      store.dropTickets((author) => author === "gone");
      expect(["h1", "h2", "h3"].map((hash) => open().takeTicket(hash, AT_MS))).toEqual([null, "stays", null]);
    }),
  );
}

function describeOutbox(harness: SessionStoreHarness): void {
  verifiesOn(harness, "SST40", "one port's entries come in the order they were added, whenever they are due", () =>
    harness.run((open) => {
      const store = open();
      const run = { ...entry("run", AT_MS), target: "run-history" as const };
      store.commit(batch({ outboxAdd: [entry("late", AT_MS + 60_000), run, entry("due", AT_MS)] }));
      store.outboxRetry("late", AT_MS + 90_000);
      expect(store.outboxOf("catalog", 10).map(({ id, attempts }) => [id, attempts])).toEqual([["late", 1], ["due", 0]]);
      expect(store.outboxOf("catalog", 1).map(({ id }) => id)).toEqual(["late"]);
      expect(store.outboxOf("run-history", 10)).toEqual([{ ...run, attempts: 0 }]);
      expect(store.outboxOf("event-bus", 10)).toEqual([]);
    }),
  );

  verifiesOn(harness, ["SST11", "SST14"], "due entries come in the order they were added, and the earliest time is known", () =>
    harness.run((open) => {
      const store = open();
      store.commit(batch({ outboxAdd: [entry("z", AT_MS + 2), entry("b", AT_MS + 50), entry("a", AT_MS + 1)] }));
      store.commit(batch({ outboxAdd: [entry("c", AT_MS)] }));
      const due = (nowMs: number, limit: number) => store.outboxDue(nowMs, limit).map(({ id }) => id);
      expect(due(AT_MS + 2, 10)).toEqual(["z", "a", "c"]);
      expect(due(AT_MS + 2, 2)).toEqual(["z", "a"]);
      expect(due(AT_MS - 1, 10)).toEqual([]);
      expect(store.outboxNextAtMs()).toBe(AT_MS);
      expect(store.outboxDue(AT_MS, 1)).toEqual([{ ...entry("c", AT_MS), attempts: 0 }]);
    }),
  );

  verifiesOn(harness, "SST12", "a retry counts and moves one entry", () =>
    harness.run((open) => {
      const store = open();
      store.commit(batch({ outboxAdd: [entry("a", AT_MS), entry("b", AT_MS)] }));
      store.outboxRetry("a", AT_MS + 1000);
      store.outboxRetry("a", AT_MS + 3000);
      expect(store.outboxDue(AT_MS + 3000, 10)).toEqual([
        { ...entry("a", AT_MS + 3000), attempts: 2 },
        { ...entry("b", AT_MS), attempts: 0 },
      ]);
      expect(store.outboxDue(AT_MS, 10).map(({ id }) => id)).toEqual(["b"]);
    }),
  );

  verifiesOn(harness, ["SST13", "SST15"], "a done entry is gone and its id is free; a pending id is taken", () =>
    harness.run((open) => {
      const store = open();
      store.commit(batch({ outboxAdd: [entry("a", AT_MS), entry("b", AT_MS)] }));
      expect(thrown(() => store.commit(batch({ outboxAdd: [entry("a", AT_MS)] })))).toMatchObject({ code: "already-exists", outcome: "not-applied" });
      store.outboxDone(["a", "unknown"]);
      expect(store.outboxDue(AT_MS, 10).map(({ id }) => id)).toEqual(["b"]);
      store.commit(batch({ outboxAdd: [entry("a", AT_MS)] }));
      expect(store.outboxDue(AT_MS, 10).map(({ id }) => id)).toEqual(["b", "a"]);
    }),
  );

  verifiesOn(harness, "session-store:outboxDone:twice", "done twice, or retried after done, changes nothing", () =>
    harness.run((open) => {
      const store = open();
      store.commit(batch({ outboxAdd: [entry("a", AT_MS)] }));
      store.outboxDone(["a"]);
      store.outboxDone(["a"]);
      store.outboxRetry("a", AT_MS);
      expect([store.outboxDue(AT_MS, 10), store.outboxNextAtMs()]).toEqual([[], null]);
    }),
  );
}

function describeMessages(harness: SessionStoreHarness): void {
  verifiesOn(harness, ["SST18", "SST20"], "a message is appended once and then replaced in its place", () =>
    harness.run((open) => {
      const store = open();
      store.commit(batch({ messages: [message("msg_b"), message("msg_a")] }));
      store.commit(batch({ messages: [message("msg_c"), { ...message("msg_b", "running"), runId: "run_1" }] }));
      expect(store.messages(null, 10)).toEqual([{ ...message("msg_b", "running"), runId: "run_1" }, message("msg_a"), message("msg_c")]);
      expect(store.message("msg_b")?.status).toBe("running");
      expect(store.message("msg_z")).toBeNull();
    }),
  );

  verifiesOn(harness, ["SST19", "session-store:messages:unknown-cursor"], "messages are paged oldest first, and an unknown cursor is refused", () =>
    harness.run((open) => {
      const store = open();
      store.commit(batch({ messages: ["msg_3", "msg_1", "msg_2"].map((id) => message(id)) }));
      const ids = (after: string | null, limit: number) => store.messages(after, limit).map(({ id }) => id);
      expect([ids(null, 2), ids("msg_1", 2), ids("msg_2", 2)]).toEqual([["msg_3", "msg_1"], ["msg_2"], []]);
      expect(thrown(() => store.messages("msg_9", 2))).toMatchObject({ code: "not-found", outcome: "not-applied", retry: "never" });
    }),
  );
}
