/** A refusal on its way to the client. Routes throw it; `routes/errors.ts` turns it into `application/problem+json`. */
import { makeProblem, type Problem, type ProblemType } from "@berth/protocol";

export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly problem: Problem;
  readonly headers: Readonly<Record<string, string>>;

  constructor(problem: Problem, headers: Readonly<Record<string, string>> = {}) {
    super(problem.detail);
    this.problem = problem;
    this.headers = headers;
  }
}

type Extra = NonNullable<Parameters<typeof makeProblem>[2]>;

export function refuse(slug: ProblemType, detail: string, extra: Extra = {}): never {
  throw new ProblemError(makeProblem(slug, detail, extra));
}

/** One field of the body or one parameter is at fault. */
export function refuseField(pointer: string, message: string, fix?: string): never {
  return refuse("invalid-field", message, { errors: [{ pointer, message }], ...(fix === undefined ? {} : { fix }) });
}

export interface FieldFault {
  readonly pointer: string;
  readonly message: string;
  readonly fix?: string;
}

/** Every field that is at fault, each told once. */
export function refuseFields(faults: readonly FieldFault[]): never {
  const [first] = faults;
  if (faults.length === 1 && first) return refuseField(first.pointer, first.message, first.fix);
  const fixes = [...new Set(faults.flatMap(({ fix }) => fix ?? []))];
  return refuse("invalid-field", faults.map(({ pointer, message }) => `${pointer}: ${message}`).join(" · "), {
    errors: faults.map(({ pointer, message }) => ({ pointer, message })),
    ...(fixes.length === 0 ? {} : { fix: fixes.join(" ") }),
  });
}

/**
 * One wording for a session that never existed, was deleted or belongs to another organization, so that the answers
 * cannot be told apart. It does not repeat the id.
 */
export function noSuchSession(): never {
  return refuse("not-found", "There is no such session in this organization.");
}
