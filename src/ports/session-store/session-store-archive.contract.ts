/** The part of the session store's contract about large logs and large texts: pages by size, the archive, pending outputs. */
import { verifiesOn } from "@berth/testkit";
import { expect } from "vitest";
import { ROW_BYTES_MAX } from "./committed.ts";
import { batch, event, type SessionStoreHarness } from "./session-store-kit.contract.ts";
import type { SessionStore } from "./session-store.port.ts";

const fill = (store: SessionStore, count: number) => store.commit(batch({ events: Array.from({ length: count }, (_, i) => event(String(i), { runId: i % 2 === 0 ? "run_1" : "run_2" })) }));
const seqs = (events: readonly { readonly seq: number }[]): number[] => events.map(({ seq }) => seq);

export function describeArchive(harness: SessionStoreHarness): void {
  verifiesOn(harness, "SST31", "texts come in pages of a number and of a size, and one that is over the size comes alone", () =>
    harness.run((open) => {
      const store = open();
      const committed = store.commit(batch({ events: [event("a"), event("b"), event("é".repeat(500)), event("c")] }));
      const texts = committed.map((each) => JSON.stringify(each));
      const bytes = texts.map((text) => new TextEncoder().encode(text).length);
      const page = (after: number, limit: number, bytesMax: number) => store.eventTexts(after, { limit, bytesMax });
      expect(page(0, 10, 1_000_000)).toEqual(texts);
      expect(page(1, 2, 1_000_000)).toEqual(texts.slice(1, 3));
      const two = (bytes[0] ?? 0) + (bytes[1] ?? 0);
      expect([page(0, 10, two).length, page(0, 10, two - 1).length]).toEqual([2, 1]);
      expect(page(2, 10, bytes[2] ?? 0)).toEqual([texts[2]]);
      expect(page(2, 10, 1)).toEqual([texts[2]]);
      expect(page(4, 10, 1_000)).toEqual([]);
    }),
  );

  verifiesOn(harness, "SST32", "a run's events come in pages", () =>
    harness.run((open) => {
      const store = open();
      fill(store, 9);
      const page = (after: number, limit: number, bytesMax = 1_000_000) => seqs(store.eventsOfRun("run_1", after, { limit, bytesMax }));
      expect([page(0, 2), page(3, 2), page(7, 2), page(9, 2)]).toEqual([[1, 3], [5, 7], [9], []]);
      const bytes = JSON.stringify(store.eventsAfter(0, 1)[0]).length;
      expect([page(0, 9, 1), page(0, 9, 2 * bytes), page(0, 9, 2 * bytes - 1)]).toEqual([[1], [1, 3], [1]]);
    }),
  );

  verifiesOn(harness, "SST33", "archived events are let go of, found by their page, and the log goes on", () =>
    harness.run((open) => {
      const store = open();
      fill(store, 9);
      store.archived({ from: 1, to: 3 });
      store.archived({ from: 4, to: 6 });
      for (const each of [store, open()]) {
        expect([each.firstSeq(), each.lastSeq()]).toEqual([7, 9]);
        expect(seqs(each.eventsAfter(0, 10))).toEqual([7, 8, 9]);
        expect(each.eventTexts(2, { limit: 10, bytesMax: 1_000_000 }).length).toBe(3);
        expect(seqs(each.eventsOfRun("run_1"))).toEqual([7, 9]);
        expect([1, 3, 4, 6, 7].map((seq) => each.archivedPage(seq)?.to ?? null)).toEqual([3, 3, 6, 6, null]);
        expect(each.archivedPage(5)).toEqual({ from: 4, to: 6 });
      }
      expect(store.commit(batch({ events: [event("next")] }))[0]?.seq).toBe(10);
      store.archived({ from: 7, to: 10 });
      expect([store.firstSeq(), store.lastSeq(), open().firstSeq()]).toEqual([11, 10, 11]);
      expect(store.commit(batch({ events: [event("after all")] }))[0]?.seq).toBe(11);
    }),
  );

  verifiesOn(harness, "SST34", "a page that is told twice, or does not begin with the oldest event, changes nothing", () =>
    harness.run((open) => {
      const store = open();
      fill(store, 9);
      store.archived({ from: 1, to: 3 });
      for (const page of [{ from: 1, to: 3 }, { from: 1, to: 5 }, { from: 5, to: 6 }, { from: 4, to: 3 }, { from: 4, to: 10 }]) store.archived(page);
      expect([store.firstSeq(), store.lastSeq(), store.archivedPage(4)]).toEqual([4, 9, null]);
    }),
  );

  verifiesOn(harness, "SST35", "an output of any size is there from its commit until it is stored elsewhere", () =>
    harness.run((open) => {
      const store = open();
      const big = `${"é🚢".repeat(Math.ceil(ROW_BYTES_MAX / 4))} the end`;
      store.commit(batch({ events: [event("a")], outputsAdd: [{ name: "z", text: big }, { name: "a", text: "" }] }));
      const again = open();
      expect(again.pendingOutput("z") === big, "the same text").toBe(true);
      expect([again.pendingOutput("a"), again.pendingOutput("b"), again.pendingOutputs(10), again.pendingOutputs(1)]).toEqual(["", null, ["z", "a"], ["z"]]);
      store.outputStored("z");
      store.outputStored("z");
      expect([open().pendingOutputs(10), store.pendingOutput("z")]).toEqual([["a"], null]);
    }),
  );
}
