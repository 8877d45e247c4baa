/** What every sandbox provider keeps, and how it reports each fault that can be made to happen to it: the cases as tests. */
import assert from "node:assert/strict";
import { verifiesOn } from "@berth/testkit";
import { afterAll, afterEach, describe, test } from "vitest";
import { deviationLines, planFor } from "./contract/plan.contract.ts";
import { Room } from "./contract/room.contract.ts";
import { Stage } from "./contract/stage.contract.ts";
import type { SandboxHarness } from "./sandbox-kit.contract.ts";

/** @param executedMin as few cases as may be put to it; the others each have their reason */
export function describeSandboxContract(harness: SandboxHarness, executedMin: number): void {
  const plan = planFor(harness);
  let begun = 0;
  const titleOf = (title: string, id: string): string => `${title} (${id})`;
  describe(`sandbox contract: ${harness.name}`, () => {
    describe("in shared sandboxes", () => {
      let opening: Promise<Room> | undefined;
      afterAll(() => harness.dispose?.());
      for (const one of plan.asked) {
        if (one.kind !== "room") continue;
        verifiesOn(harness, one.rules, titleOf(one.title, one.id), async () => {
          begun += 1;
          await one.run(await (opening ??= Room.open(harness)));
        });
      }
    });
    describe("each by itself", () => {
      afterEach(() => harness.dispose?.());
      for (const one of plan.asked) {
        if (one.kind !== "alone") continue;
        verifiesOn(harness, one.rules, titleOf(one.title, one.id), async () => {
          begun += 1;
          await one.run(new Stage(harness, await harness.create()));
        });
      }
    });
  });
  test(`${harness.name}: at least ${executedMin} cases of the sandbox contract are put to it`, () => {
    const all = plan.asked.length + plan.leftOut.length;
    process.stdout.write([`${harness.name}: ${begun} of ${all} cases executed, ${plan.leftOut.length} left out`, ...deviationLines(plan)].join("\n  ") + "\n");
    assert.equal(begun, plan.asked.length);
    assert.ok(begun >= executedMin, `${begun} are fewer than ${executedMin}`);
  });
}
