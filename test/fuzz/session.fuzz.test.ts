/**
 * Random inputs against the session machine. Its own invariants are asserted in every step; the model asserts the rest.
 * `SEEDS=n` sets how many sequences are tried, `SEED=s` repeats one run; a failure prints the seed and the shortest
 * sequence that fails.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { step } from "../../src/core/session/session.machine.ts";
import type { SessionInput } from "../../src/core/session/session.inputs.ts";
import type { SessionState } from "../../src/core/session/session.state.ts";
import { T0, opening } from "../../src/core/session/testing.ts";
import { action, inputOf, type Action } from "./session.inputs.ts";
import { SessionModel } from "./session.model.ts";

const numRuns = Number(process.env["SEEDS"] ?? 300);
const seed = process.env["SEED"] === undefined ? {} : { seed: Number(process.env["SEED"]) };

function freeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) freeze(inner);
  }
  return value;
}

class Play {
  readonly model = new SessionModel();
  readonly reached = new Set<string>();
  nowMs = T0;
  count = 0;
  state: SessionState;

  constructor() {
    const first = opening();
    const opened = step(null, first);
    if (opened.state === null) throw new Error(opened.refusal.detail);
    this.model.check(null, first, opened);
    this.state = freeze(opened.state);
  }

  act(next: Action): void {
    this.take(inputOf(this.state, next, this.nowMs, this.count));
  }

  take(input: SessionInput): void {
    this.nowMs = input.nowMs;
    const taken = step(this.state, freeze(input));
    this.model.check(this.state, input, taken);
    if (input.type === "prompt-received" && !taken.refusal) this.count += 1;
    if (!taken.refusal) this.reached.add(`${this.state.status} ${input.type} ${taken.state.status}`);
    const stored = JSON.parse(JSON.stringify(taken.state)) as SessionState;
    expect(stored).toEqual(taken.state);
    this.state = freeze(stored);
  }

  /** Nobody does anything any more: every watchdog fires, and the session comes to rest. */
  settle(): void {
    // One that waits for room under a cap asks for it for ever.
    const isAtRest = (): boolean => Object.keys(this.state.deadlines).every((kind) => kind === "budget");
    for (let ticks = 0; !isAtRest(); ticks += 1) {
      expect(ticks, "the session does not come to rest").toBeLessThan(80);
      for (const { epoch, stopped } of this.state.retired) {
        if (!stopped) this.take({ type: "sandbox-released", nowMs: this.nowMs, releasedEpoch: epoch });
      }
      this.take({ type: "clock-ticked", nowMs: this.nowMs + 30_000 });
      if (ticks > 25) this.nowMs += 600_000;
    }
    expect(["idle", "waiting", "failed", "hibernated", "ended"]).toContain(this.state.status);
    if (this.state.status === "idle") expect(this.state.queue).toEqual([]);
  }
}

test("random inputs break no invariant, lose no prompt, run none twice, and the session always comes to rest", () => {
  const reached = new Set<string>();
  fc.assert(
    fc.property(fc.array(action, { minLength: 1, maxLength: 120, size: "max" }), (actions) => {
      const play = new Play();
      for (const next of actions) play.act(next);
      play.settle();
      for (const way of play.reached) reached.add(way);
    }),
    { numRuns, ...seed },
  );
  // The sequences get far enough to mean something.
  for (const way of ["starting up-received idle", "running up-received waiting", "waiting answer-given running"]) expect([...reached]).toContain(way);
}, 600_000);
