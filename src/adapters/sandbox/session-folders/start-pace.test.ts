/** Who may boot beside whom, on a machine that is made up. */
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { StartPace } from "./start-pace.ts";

class Machine {
  nowMs = 1_000_000;
  #ticks = { idle: 0, total: 0 };
  readonly pace = new StartPace({ atOnce: 2, now: () => this.nowMs, ticks: () => this.#ticks });

  pass(ms: number, idleShare: number): void {
    this.nowMs += ms;
    this.#ticks = { idle: this.#ticks.idle + ms * idleShare, total: this.#ticks.total + ms };
  }

  readonly booting: { isOver: boolean }[] = [];

  get takes(): boolean {
    const one = { isOver: false };
    try {
      this.pace.take(() => one.isOver);
      this.booting.push(one);
      return true;
    } catch (error) {
      expect(error).toMatchObject({ code: "resource-exhausted", outcome: "not-applied", retry: { afterMs: 1_000 } });
      return false;
    }
  }
}

verifies("DKR13", "as many as may boot at once, and the next when one has booted or has had its time", () => {
  const machine = new Machine();
  expect([machine.takes, machine.takes, machine.takes]).toEqual([true, true, false]);
  machine.pass(30_000, 0);
  expect(machine.takes).toBe(false);
  for (const one of machine.booting.slice(0, 1)) one.isOver = true;
  expect([machine.takes, machine.takes]).toEqual([true, false]);
  machine.pass(15_000, 0);
  expect([machine.takes, machine.takes]).toEqual([true, false]);
});

verifies("DKR13", "one more while the machine has time left, judged anew for each", () => {
  const machine = new Machine();
  expect([machine.takes, machine.takes, machine.takes]).toEqual([true, true, false]);
  machine.pass(1_000, 0.5);
  expect([machine.takes, machine.takes]).toEqual([true, false]);
  machine.pass(1_000, 0.1);
  expect(machine.takes).toBe(false);
  machine.pass(100, 1);
  expect(machine.takes).toBe(false);
});

verifies("DKR13", "what was let in is given a second to need a processor before the machine counts as having time", () => {
  const machine = new Machine();
  expect([machine.takes, machine.takes, machine.takes]).toEqual([true, true, false]);
  machine.pass(300, 1);
  expect(machine.takes).toBe(false);
  machine.pass(300, 0);
  machine.pass(400, 0);
  expect(machine.takes).toBe(true);
  machine.pass(600, 1);
  expect(machine.takes).toBe(false);
});
