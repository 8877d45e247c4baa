/** Deltas from the runtime to the session, with their credit. */
import { LIMITS, type Delta } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import fc from "fast-check";
import { expect } from "vitest";
import { createDeltaReceiver, dueDeltaAck, forgetPart, linkReopened, PART_UNITS_MAX, receiveDelta } from "./delta-receiver.ts";
import { addDelta, createDeltaSender, creditLeft, creditReturned, endPart, linkOpened, takeDeltas } from "./delta-sender.ts";

const delta = (offset: number, text: string, partId = "p"): Delta => ({ partId, offset, text });

verifies("LNK7", "pieces of one part that wait are sent as one, other parts beside it", () => {
  let sender = [delta(0, "ab"), delta(0, "x", "q"), delta(2, "cd")].reduce(addDelta, createDeltaSender());
  const first = takeDeltas(sender);
  expect(first.deltas).toEqual([delta(0, "abcd"), delta(0, "x", "q")]);
  sender = addDelta(first.sender, delta(4, "ef"));
  expect(takeDeltas(sender).deltas).toEqual([delta(4, "ef")]);
  expect(takeDeltas(takeDeltas(sender).sender).deltas).toEqual([]);
});

verifies("LNK15", "text past what is kept of a part goes to nobody, and its credit still comes back", () => {
  const full = receiveDelta(createDeltaReceiver(), delta(0, "x".repeat(PART_UNITS_MAX))).receiver;
  const { receiver, fresh } = receiveDelta(full, delta(PART_UNITS_MAX, "more"));
  expect([fresh, receiver.texts["p"]?.length, receiver.receivedUnits]).toEqual([null, PART_UNITS_MAX, PART_UNITS_MAX + 4]);
});

verifies("LNK8", "no more than the credit is under way, and the rest merges until it comes back", () => {
  let sender = addDelta(createDeltaSender(), delta(0, "x".repeat(LIMITS.linkDeltaCreditUnits + 10)));
  const first = takeDeltas(sender);
  expect(first.deltas[0]?.text.length).toBe(LIMITS.linkDeltaCreditUnits);
  sender = addDelta(first.sender, delta(LIMITS.linkDeltaCreditUnits + 10, "yy"));
  expect(takeDeltas(sender).deltas).toEqual([]);
  sender = creditReturned(sender, 8);
  expect(takeDeltas(sender).deltas).toEqual([delta(LIMITS.linkDeltaCreditUnits, "x".repeat(8))]);
  expect(creditLeft(creditReturned(sender, 1e9))).toBe(LIMITS.linkDeltaCreditUnits);
});

verifies("LNK8", "the receiver returns credit before the sender runs out of it", () => {
  let receiver = createDeltaReceiver();
  let acknowledged = 0;
  for (let offset = 0; offset < LIMITS.linkDeltaCreditUnits; offset += 1024) {
    receiver = receiveDelta(receiver, delta(offset, "x".repeat(1024))).receiver;
    const due = dueDeltaAck(receiver);
    if (due) receiver = due.receiver;
    acknowledged = due?.units ?? acknowledged;
    expect(offset + 1024 - acknowledged).toBeLessThan(LIMITS.linkDeltaCreditUnits / 2);
  }
});

verifies("LNK9", "an open part is sent again from its start after a reconnect, and only what is new is passed on", () => {
  const sent = takeDeltas(addDelta(createDeltaSender(), delta(0, "abc"))).sender;
  const again = takeDeltas(linkOpened(addDelta(sent, delta(3, "de"))));
  expect(again.deltas).toEqual([delta(0, "abcde")]);
  const known = receiveDelta(createDeltaReceiver(), delta(0, "abc")).receiver;
  const { receiver, fresh } = receiveDelta(linkReopened(known), delta(0, "abcde"));
  expect(fresh).toEqual(delta(3, "de"));
  expect(receiver).toMatchObject({ texts: { p: "abcde" }, receivedUnits: 5 });
});

verifies("LNK10", "a part that ended sends nothing more and is forgotten", () => {
  expect(takeDeltas(endPart(addDelta(createDeltaSender(), delta(0, "abc")), "p")).deltas).toEqual([]);
  expect(forgetPart(receiveDelta(createDeltaReceiver(), delta(0, "abc")).receiver, "p").texts).toEqual({});
});

verifies("LNK11", "a delta past a hole is dropped at both ends, one that is known changes nothing", () => {
  const sender = addDelta(createDeltaSender(), delta(0, "ab"));
  expect(addDelta(sender, delta(3, "d"))).toBe(sender);
  const { receiver } = receiveDelta(createDeltaReceiver(), delta(0, "ab"));
  expect(receiveDelta(receiver, delta(3, "d")).fresh).toBeNull();
  expect(receiveDelta(receiver, delta(0, "ab")).fresh).toBeNull();
});

verifies("LNK12", "credit never cuts a character in two", () => {
  const sender = addDelta(createDeltaSender(), delta(0, "a\u{1F680}b"));
  expect(takeDeltas(sender, 2).deltas).toEqual([delta(0, "a")]);
  expect(takeDeltas(sender, 3).deltas).toEqual([delta(0, "a\u{1F680}")]);
});

verifies(["LNK8", "LNK9"], "whatever is lost, the receiver has the whole text once a link stays open", () => {
  const act = fc.constantFrom("add", "add", "take", "deliver", "ack", "reconnect");
  fc.assert(
    fc.property(fc.array(act, { maxLength: 80, size: "max" }), (acts) => {
      let sender = createDeltaSender();
      let receiver = createDeltaReceiver();
      let wire: Delta[] = [];
      let whole = "";
      let viewer = "";
      const deliver = (): void => {
        for (const next of wire) {
          const taken = receiveDelta(receiver, next);
          receiver = taken.receiver;
          if (taken.fresh) {
            expect(taken.fresh.offset).toBe(viewer.length);
            viewer += taken.fresh.text;
          }
        }
        wire = [];
      };
      const take = (): void => {
        const taken = takeDeltas(sender, 7);
        sender = taken.sender;
        wire.push(...taken.deltas);
        expect(creditLeft(sender, 7)).toBeGreaterThanOrEqual(0);
      };
      for (const [index, what] of acts.entries()) {
        if (what === "add") {
          sender = addDelta(sender, delta(whole.length, `${index},`));
          whole += `${index},`;
        } else if (what === "take") take();
        else if (what === "deliver") deliver();
        else if (what === "ack") sender = creditReturned(sender, receiver.receivedUnits);
        else {
          wire = [];
          sender = linkOpened(sender);
          receiver = linkReopened(receiver);
        }
      }
      for (let round = 0; round < 100; round += 1) {
        take();
        deliver();
        sender = creditReturned(sender, receiver.receivedUnits);
      }
      expect(viewer).toBe(whole);
    }),
    { numRuns: 300 },
  );
});
