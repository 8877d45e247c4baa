/**
 * The session machine and a runtime joined by a wire that drops, repeats and disconnects, with restarts of both ends: every
 * accepted prompt runs once, in order. `SEEDS` and `SEED` as in session.fuzz.test.ts.
 */
import type { DownFrame, UpFrame, UpMessage } from "@berth/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Driver } from "../../src/core/session/testing.ts";
import type { SessionState } from "../../src/core/session/session.state.ts";
import { FakeRuntime } from "./fake-runtime.ts";

const numRuns = Number(process.env["SEEDS"] ?? 200);
const seed = process.env["SEED"] === undefined ? {} : { seed: Number(process.env["SEED"]) };

class Joined {
  readonly session = new Driver();
  readonly runtime = new FakeRuntime();
  #linkId = 0;
  #open = false;
  #seen = 0;
  down: DownFrame[] = [];
  up: UpFrame[] = [];
  prompts = 0;

  constructor() {
    this.session.accept();
    this.connect();
  }

  send(): void {
    this.prompts += 1;
    this.session.send(this.prompts);
    this.collect();
  }

  connect(): void {
    this.disconnect();
    this.#open = true;
    this.#linkId += 1;
    this.runtime.dialled(this.session.epoch);
    this.collect();
  }

  disconnect(): void {
    if (!this.#open) return;
    this.#open = false;
    this.down = [];
    this.up = [];
    this.runtime.hungUp();
    this.session.take("link-closed", { linkId: `con_${this.#linkId}` });
    this.collect();
  }

  restartSession(): void {
    this.session.state = JSON.parse(JSON.stringify(this.session.state)) as SessionState;
    this.disconnect();
    this.session.take("session-restored", { linkId: null });
  }

  /** Puts what both ends want to send on the wire. */
  collect(): void {
    for (const effect of this.session.effects.slice(this.#seen)) {
      if (effect.type === "send-frame" && effect.linkId === `con_${this.#linkId}` && this.#open) this.down.push(effect.frame);
    }
    this.#seen = this.session.effects.length;
    this.up.push(...this.runtime.outgoing.splice(0));
  }

  readDown(): void {
    const frame = this.down.shift();
    if (frame && !this.runtime.take(frame)) this.disconnect();
    this.collect();
  }

  readUp(): void {
    const frame = this.up.shift();
    if (!frame) return;
    if (frame.type === "hello") this.session.take("link-opened", { linkId: `con_${this.#linkId}`, versions: frame.versions, received: frame.received });
    else if (frame.type === "up") this.session.take("up-received", { n: frame.n, message: frame.body });
    else if (frame.type === "ups") this.#takeAll(frame.n, frame.bodies);
    else if (frame.type === "ack") this.session.take("down-acked", { n: frame.n });
    if (this.session.last.refusal?.closeCode !== undefined) this.disconnect();
    this.collect();
  }

  #takeAll(n: number, bodies: readonly UpMessage[]): void {
    for (const [index, message] of bodies.entries()) {
      this.session.take("up-received", { n: n + index, message });
      if (this.session.last.refusal !== null) return;
    }
  }

  work(): void {
    this.runtime.work();
    this.collect();
  }

  /** A wire that stays up. */
  calm(): void {
    this.connect();
    for (let round = 0; round < 2000 && this.down.length + this.up.length > 0; round += 1) {
      while (this.down.length > 0) this.readDown();
      while (this.up.length > 0) this.readUp();
      this.work();
    }
  }
}

const happening = fc.constantFrom(
  ...(["send", "down", "down", "down", "up", "up", "up", "work", "work", "dropDown", "dropUp", "repeatDown", "repeatUp"] as const),
  ...(["disconnect", "connect", "connect", "restartSession", "restartRuntime"] as const),
);

function play(joined: Joined, what: typeof happening extends fc.Arbitrary<infer T> ? T : never): void {
  switch (what) {
    case "send":
      return joined.send();
    case "down":
      return joined.readDown();
    case "up":
      return joined.readUp();
    case "work":
      return joined.work();
    case "dropDown":
      return void joined.down.shift();
    case "dropUp":
      return void joined.up.shift();
    case "repeatDown":
      return void joined.down.unshift(...joined.down.slice(0, 1));
    case "repeatUp":
      return void joined.up.unshift(...joined.up.slice(0, 1));
    case "disconnect":
      return joined.disconnect();
    case "connect":
      return joined.connect();
    case "restartSession":
      return joined.restartSession();
    case "restartRuntime":
      joined.disconnect();
      return joined.runtime.restart();
  }
}

test("over a faulty wire and across restarts every accepted prompt runs once, in order, and is seen to its end", () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 150, size: "max" }), (happenings) => {
      const joined = new Joined();
      for (const what of happenings) play(joined, what);
      joined.calm();
      const sent = Array.from({ length: joined.prompts }, (_, index) => `msg_${index + 1}`);
      expect(joined.runtime.executed).toEqual(sent);
      expect([...joined.session.messages.values()].map(({ id, status }) => `${id} ${status}`)).toEqual(sent.map((id) => `${id} completed`));
      const ended = joined.session.events.filter((event) => event.type === "part.ended").map((event) => event.messageId);
      expect(ended).toEqual(sent);
      expect(joined.session.state).toMatchObject({ status: "idle", epoch: 1, queue: [] });
    }),
    { numRuns, ...seed },
  );
}, 600_000);
