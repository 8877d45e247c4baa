/** Runs cases some at a time. A result says why it is red. */

export interface Outcome {
  readonly id: string;
  readonly title: string;
  readonly rules: readonly string[];
  /** `left-out`: what the case needs is not there. */
  readonly status: "passed" | "failed" | "left-out";
  /** Why not passed. */
  readonly reason?: string;
  readonly ms: number;
}

export interface Runnable {
  readonly id: string;
  readonly title: string;
  readonly rules: readonly string[];
}

/** @param work answers a reason to leave the case out, or nothing once it passed; throws when it failed */
export async function runAll<Case extends Runnable>(cases: readonly Case[], atATime: number, work: (one: Case) => Promise<string | void>, tell: (outcome: Outcome) => void = () => undefined): Promise<Outcome[]> {
  const outcomes = new Map<string, Outcome>();
  const left = [...cases];
  const worker = async (): Promise<void> => {
    for (let one = left.shift(); one; one = left.shift()) {
      const { id, title, rules } = one;
      const startedAt = performance.now();
      const outcome = await work(one).then(
        (reason) => (reason === undefined ? { status: "passed" as const } : { status: "left-out" as const, reason }),
        (error: unknown) => ({ status: "failed" as const, reason: error instanceof Error ? error.message : String(error) }),
      );
      const told: Outcome = { id, title, rules, ...outcome, ms: Math.round(performance.now() - startedAt) };
      outcomes.set(id, told);
      tell(told);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atATime, cases.length) }, worker));
  return cases.flatMap(({ id }) => outcomes.get(id) ?? []);
}
