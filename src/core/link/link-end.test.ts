/** Two ends joined by a wire that cannot be trusted. */
import fc from "fast-check";
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { acked, arrivalOf, assertLinkEnd, createLinkEnd, enqueue, received, toResend, type LinkEnd } from "./link-end.ts";
import { negotiateVersion } from "./link-version.ts";

function sending(...bodies: readonly string[]): LinkEnd<string> {
  return bodies.reduce((end, body) => enqueue(end, body).end, createLinkEnd<string>());
}

verifies("LNK1", "messages are numbered from 1 and held in order", () => {
  const end = sending("a", "b", "c");
  expect(toResend(end)).toEqual([
    { n: 1, body: "a" },
    { n: 2, body: "b" },
    { n: 3, body: "c" },
  ]);
});

verifies(["LNK2", "LNK3"], "an acknowledgement releases everything up to it, an older one nothing, and the rest is sent again", () => {
  const end = acked(sending("a", "b", "c"), 2);
  expect(toResend(end)).toEqual([{ n: 3, body: "c" }]);
  expect(acked(end, 1)).toBe(end);
  expect(() => acked(end, 4)).toThrow("never sent");
});

verifies("LNK4", "a number is new, a duplicate or a gap", () => {
  const end = received(received(createLinkEnd<string>(), 1), 2);
  expect([1, 2, 3, 4].map((n) => arrivalOf(end, n))).toEqual(["duplicate", "duplicate", "new", "gap"]);
  expect(() => received(end, 4)).toThrow("not the next");
});

verifies("LNK6", "the highest common version is spoken, and none is none", () => {
  expect(negotiateVersion([1, 2, 3], [1, 2])).toBe(2);
  expect(negotiateVersion([1, 7])).toBe(1);
  expect(negotiateVersion([7])).toBeNull();
  expect(negotiateVersion([])).toBeNull();
});

type Frame = { readonly type: "body"; readonly n: number; readonly body: string } | { readonly type: "ack"; readonly n: number };

/** One end with what it stored, what it took, and the frames on their way to it. */
class Side {
  end = createLinkEnd<string>();
  given: string[] = [];
  taken: string[] = [];
  incoming: Frame[] = [];

  give(to: Side, body: string, open: boolean): void {
    this.given.push(body);
    const { end, numbered } = enqueue(this.end, body);
    this.end = end;
    if (open) to.incoming.push({ type: "body", ...numbered });
  }

  /** Answers false when the wire must be closed. */
  read(from: Side): boolean {
    const frame = this.incoming.shift();
    if (!frame) return true;
    if (frame.type === "ack") {
      this.end = acked(this.end, frame.n);
      return true;
    }
    const arrival = arrivalOf(this.end, frame.n);
    if (arrival === "gap") return false;
    if (arrival === "new") {
      this.end = received(this.end, frame.n);
      this.taken.push(frame.body);
    }
    from.incoming.push({ type: "ack", n: this.end.received });
    return true;
  }

  /** A hello or welcome: the other end's last number, then everything after it. */
  reopen(to: Side): void {
    this.end = acked(this.end, to.end.received);
    to.incoming.push(...toResend(this.end).map((numbered) => ({ type: "body", ...numbered }) as const));
  }

  restart(): void {
    this.end = JSON.parse(JSON.stringify(this.end)) as LinkEnd<string>;
  }
}

const happening = fc.record({
  what: fc.constantFrom("give", "give", "read", "read", "read", "drop", "repeat", "disconnect", "reconnect", "reconnect", "restart"),
  left: fc.boolean(),
});

verifies("LNK5", "every message of both ends is taken once and in order over a faulty wire, also across restarts", () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 200, size: "max" }), (happenings) => {
      const left = new Side();
      const right = new Side();
      let open = true;
      const disconnect = (): void => {
        open = false;
        left.incoming = [];
        right.incoming = [];
      };
      const reconnect = (): void => {
        disconnect();
        open = true;
        left.reopen(right);
        right.reopen(left);
      };
      for (const [index, { what, left: isLeft }] of happenings.entries()) {
        const [here, there] = isLeft ? [left, right] : [right, left];
        if (what === "give") here.give(there, `${isLeft ? "l" : "r"}${index}`, open);
        else if (what === "read" && !here.read(there)) disconnect();
        else if (what === "drop") here.incoming.shift();
        else if (what === "repeat") here.incoming = here.incoming.flatMap((frame, at) => (at === 0 ? [frame, frame] : [frame]));
        else if (what === "disconnect") disconnect();
        else if (what === "reconnect") reconnect();
        else if (what === "restart") here.restart();
        for (const side of [left, right]) assertLinkEnd(side.end);
        expect(left.given.slice(0, right.taken.length)).toEqual(right.taken);
        expect(right.given.slice(0, left.taken.length)).toEqual(left.taken);
      }
      reconnect();
      while (left.incoming.length + right.incoming.length > 0) expect(left.read(right) && right.read(left)).toBe(true);
      expect(right.taken).toEqual(left.given);
      expect(left.taken).toEqual(right.given);
      expect([...left.end.held, ...right.end.held]).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
