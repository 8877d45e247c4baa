/** Which cases a provider is asked, and why not the others. */
import type { SandboxHarness } from "../sandbox-kit.contract.ts";
import { SANDBOX_CASES } from "./all.contract.ts";
import type { SandboxCase } from "./case.contract.ts";
import { LACKING, lacksOf, type Need } from "./needs.contract.ts";

export interface LeftOut {
  readonly one: SandboxCase;
  readonly need: Need;
}

export interface Plan {
  readonly asked: readonly SandboxCase[];
  readonly leftOut: readonly LeftOut[];
}

export function planFor(harness: SandboxHarness, cases: readonly SandboxCase[] = SANDBOX_CASES): Plan {
  const lacks = lacksOf(harness);
  const missing = (one: SandboxCase): Need | undefined => one.needs.find((need) => lacks.has(need));
  return {
    asked: cases.filter((one) => missing(one) === undefined),
    leftOut: cases.flatMap((one) => {
      const need = missing(one);
      return need === undefined ? [] : [{ one, need }];
    }),
  };
}

/** A line for each part that is lacking, with its reason and how many cases it costs. */
export function deviationLines({ leftOut }: Plan): readonly string[] {
  const needs = [...new Set(leftOut.map(({ need }) => need))];
  return needs.map((need) => {
    const { reason, why } = LACKING[need];
    const ids = leftOut.filter((each) => each.need === need).map(({ one }) => one.id);
    return `${reason}: ${why} (${need}; ${ids.length}: ${ids.join(", ")})`;
  });
}
