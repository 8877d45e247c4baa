/**
 * What every contract suite takes. A harness says what the implementation can do, where it is known to differ and why,
 * and how to make a fault happen.
 */
import { test } from "vitest";

export interface Deviation {
  /** Rule or fault id. */
  readonly id: string;
  readonly reason: string;
}

export interface ContractHarness<Subject> {
  /** Implementation under test, as in `adapters/<port>/<name>.ts` or `fake`. */
  readonly name: string;
  /** A fresh subject. Every call within one test refers to the same store, after Go CDK's MakeDriver. */
  create(): Promise<Subject> | Subject;
  dispose?(): Promise<void> | void;
  /** Rules this implementation does not keep. The test then runs as expected to fail, and goes red once it passes. */
  readonly deviations?: readonly Deviation[];
  /** Makes the catalogued fault happen on the next matching call; absent ids cannot be injected here. */
  readonly inject?: Readonly<Record<string, (subject: Subject) => Promise<void> | void>>;
}

type Body = () => Promise<void> | void;

function title(ids: string | readonly string[], sentence: string): string {
  return `${[ids].flat().map((id) => `[${id}]`).join("")} ${sentence}`;
}

/** A test that cites the rules or faults it proves; the gate reads the citations from its title. */
export function verifies(ids: string | readonly string[], sentence: string, body: Body, timeoutMs?: number): void {
  test(title(ids, sentence), body, timeoutMs);
}

/** The same inside a contract: known deviations run as expected to fail. */
export function verifiesOn(
  harness: Pick<ContractHarness<never>, "deviations">,
  ids: string | readonly string[],
  sentence: string,
  body: Body,
  timeoutMs?: number,
): void {
  const deviates = [ids].flat().some((id) => harness.deviations?.some((deviation) => deviation.id === id));
  (deviates ? test.fails : test)(title(ids, sentence), body, timeoutMs);
}
