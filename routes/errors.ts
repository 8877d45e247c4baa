/** The one table from errors to HTTP: refusals of routes, errors of ports, failed validation, and everything unforeseen. */
import { LIMITS, makeProblem, type Problem, type ProblemType } from "@berth/protocol";
import type { z } from "zod";
import { escapePointer } from "../src/app/http/body.ts";
import { ProblemError, type FieldFault } from "../src/app/http/problem-error.ts";
import { isPortError, type PortError, type PortErrorCode } from "../src/core/kernel/port-error.ts";

interface PortAnswer {
  readonly slug: ProblemType;
  /** Ours to know, not the caller's: the answer says nothing more than the table's sentence. */
  readonly detail?: string;
}

const DEPENDENCY = "A service that Berth depends on did not answer as it should. Try again in a moment.";

const PORT_ANSWERS: Readonly<Record<PortErrorCode, PortAnswer>> = {
  "not-found": { slug: "not-found" },
  "already-exists": { slug: "conflict" },
  "invalid-argument": { slug: "bad-request" },
  "failed-precondition": { slug: "conflict" },
  // It is Berth that was refused by a service; a caller's own lack of rights never reaches a port.
  "permission-denied": { slug: "unavailable", detail: DEPENDENCY },
  "resource-exhausted": { slug: "unavailable" },
  "deadline-exceeded": { slug: "unavailable", detail: DEPENDENCY },
  canceled: { slug: "unavailable", detail: DEPENDENCY },
  unimplemented: { slug: "unavailable" },
  unknown: { slug: "unavailable", detail: DEPENDENCY },
  internal: { slug: "internal", detail: "Something broke on our side." },
};

export interface LoggedError {
  readonly errorId: string;
  readonly method: string;
  /** Without the query, which may hold a token. */
  readonly path: string;
  readonly error: unknown;
}

export type LogError = (entry: LoggedError) => void;

export function problemResponse(problem: Problem, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: { ...headers, "content-type": "application/problem+json", "cache-control": "no-store" },
  });
}

/** Every thrown value ends here. What is not the caller's fault is logged under an id that the body carries. */
export function toResponse(error: unknown, request: Request, log: LogError, errorId: string): Response {
  if (error instanceof ProblemError) return problemResponse(error.problem, error.headers);
  const problem = isPortError(error)
    ? fromPortError(error)
    : makeProblem("internal", "Something broke on our side. Nothing more is known here; the log holds it under this instance.");
  if (problem.status < 500) return problemResponse(problem);
  log({ errorId, method: request.method, path: new URL(request.url).pathname, error });
  return problemResponse({ ...problem, instance: `urn:berth:error:${errorId}` }, isPortError(error) ? retryAfter(error) : {});
}

function fromPortError(error: PortError): Problem {
  const { slug, detail } = PORT_ANSWERS[mayPass(error) ? "unknown" : error.code];
  return makeProblem(slug, detail ?? error.message, detail === undefined && error.fix !== undefined ? { fix: error.fix } : {});
}

/** A deadlock and the like: what was asked for is in order, and is taken when it is asked for again. */
function mayPass({ code, retry }: PortError): boolean {
  return code === "failed-precondition" && retry !== "never";
}

/**
 * When asking again makes sense, in whole seconds. What was perhaps applied may be asked for again too: a POST repeats
 * under its Idempotency-Key, and the other methods do no harm twice.
 */
function retryAfter({ retry }: PortError): Readonly<Record<string, string>> {
  if (retry === "never") return {};
  return { "retry-after": String(retry === "same-request" ? 1 : Math.max(1, Math.ceil(retry.afterMs / 1000))) };
}

/** Where a field is: a JSON pointer into the body, or the parameter's name. */
export type Place = "body" | "query";

export function fromZod(error: z.ZodError, place: Place, others: readonly FieldFault[] = []): ProblemError {
  const refused = error.issues.flatMap((issue) => {
    if (issue.code !== "unrecognized_keys") return [{ pointer: pointerOf(issue.path, place), message: issue.message }];
    return issue.keys.map((key) => ({ pointer: pointerOf([...issue.path, key], place), message: "This field is not known." }));
  });
  const isRefused = (pointer: string): boolean => refused.some((each) => pointer === each.pointer || pointer.startsWith(`${each.pointer}/`));
  const errors = [...refused, ...others.filter(({ pointer }) => !isRefused(pointer)).map(({ pointer, message }) => ({ pointer, message }))];
  const named = errors.map(({ pointer, message }) => `${pointer === "" ? "the body" : pointer}: ${message}`);
  return new ProblemError(makeProblem("invalid-field", named.join(" · "), { errors }));
}

function pointerOf(path: readonly PropertyKey[], place: Place): string {
  return place === "query" ? path.map(String).join(".") : path.map((step) => `/${escapePointer(step)}`).join("");
}

/** @throws ProblemError `body-too-large` naming the limit */
export function limitPrompt(text: string | undefined, pointer: string): void {
  if (text === undefined || new TextEncoder().encode(text).length <= LIMITS.promptBytesMax) return;
  const message = `The prompt is larger than ${LIMITS.promptBytesMax} bytes of UTF-8, the limit promptBytesMax.`;
  throw new ProblemError(makeProblem("body-too-large", message, { errors: [{ pointer, message }] }));
}

export function methodNotAllowed(method: string, allowed: readonly string[]): Response {
  const list = allowed.join(", ");
  const problem = makeProblem("method-not-allowed", `${method} is not for this address; it takes ${list}.`);
  return problemResponse(problem, { allow: list });
}
