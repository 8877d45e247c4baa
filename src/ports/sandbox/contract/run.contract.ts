/** Puts the cases to a provider without a test framework, one after the other, and says of each how it went. */
import type { SandboxHarness } from "../sandbox-kit.contract.ts";
import type { SandboxCase } from "./case.contract.ts";
import { LACKING } from "./needs.contract.ts";
import { planFor } from "./plan.contract.ts";
import { Room } from "./room.contract.ts";
import { Stage } from "./stage.contract.ts";

export interface CaseOutcome {
  readonly id: string;
  readonly rules: readonly string[];
  readonly title: string;
  readonly status: "passed" | "failed" | "left-out";
  /** Why not passed. */
  readonly why?: string;
  readonly ms: number;
}

export interface ContractRun {
  readonly cases?: readonly SandboxCase[];
  readonly tell?: (outcome: CaseOutcome) => void;
  /** As long as a case may take. */
  readonly caseMs?: number;
}

const CASE_MS = 60_000;

/** @throws Error when it is not over in time */
async function within<T>(ms: number, running: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`it was not over within ${ms} ms`)), ms);
  try {
    return await Promise.race([running, late]);
  } finally {
    clearTimeout(timer);
  }
}

export async function runSandboxCases(harness: SandboxHarness, { cases, tell = () => undefined, caseMs = CASE_MS }: ContractRun = {}): Promise<readonly CaseOutcome[]> {
  const { asked, leftOut } = planFor(harness, cases);
  const outcomes: CaseOutcome[] = [];
  const say = (outcome: CaseOutcome): void => {
    outcomes.push(outcome);
    tell(outcome);
  };
  const put = async (one: SandboxCase, work: () => Promise<void>): Promise<void> => {
    const { id, rules, title } = one;
    const begunAt = performance.now();
    const failure = await within(caseMs, work()).then(() => null, (error: unknown) => ({ why: error instanceof Error ? error.message : String(error) }));
    say({ id, rules, title, status: failure === null ? "passed" : "failed", ...failure, ms: Math.round(performance.now() - begunAt) });
  };
  const shared = asked.filter((one) => one.kind === "room");
  if (shared.length > 0) {
    const opening = within(caseMs, Room.open(harness));
    // Told by each case.
    opening.catch(() => undefined);
    for (const one of shared) await put(one, async () => one.run(await opening));
    await harness.dispose?.();
  }
  for (const one of asked) {
    if (one.kind === "room") continue;
    await put(one, async () => {
      try {
        await one.run(new Stage(harness, await harness.create()));
      } finally {
        await harness.dispose?.();
      }
    });
  }
  for (const { one: { id, rules, title }, need } of leftOut) say({ id, rules, title, status: "left-out", why: `${LACKING[need].reason}: ${LACKING[need].why}`, ms: 0 });
  return outcomes;
}
