/** Errors on the wire: RFC 9457 `application/problem+json`, with a closed list of stable types. */
import { z } from "zod";

export const PROBLEM_TYPES = {
  "malformed-json": { status: 400, title: "The body is not valid JSON" },
  "bad-cursor": { status: 400, title: "The cursor is not one of ours" },
  "bad-request": { status: 400, title: "The request is not understood" },
  unauthenticated: { status: 401, title: "A valid key or sign-in is needed" },
  forbidden: { status: 403, title: "This key or role may not do that" },
  "not-found": { status: 404, title: "There is nothing here" },
  "method-not-allowed": { status: 405, title: "This address does not take that method" },
  conflict: { status: 409, title: "The state changed or does not allow it" },
  "body-too-large": { status: 413, title: "The body is larger than the limit" },
  "unsupported-media-type": { status: 415, title: "Send JSON" },
  "invalid-field": { status: 422, title: "A field is not valid" },
  "idempotency-mismatch": { status: 422, title: "This Idempotency-Key was used with another body" },
  "unknown-model": { status: 422, title: "That model is not available here" },
  "queue-full": { status: 429, title: "The session's queue is full" },
  "rate-limited": { status: 429, title: "Too many requests" },
  "upstream-failed": { status: 502, title: "A service Berth depends on failed" },
  unavailable: { status: 503, title: "Not available right now" },
  internal: { status: 500, title: "Something broke on our side" },
} as const;
export type ProblemType = keyof typeof PROBLEM_TYPES;

export const FieldError = z.object({
  /** JSON pointer into the body, or the parameter's name. */
  pointer: z.string(),
  message: z.string(),
});

export const Problem = z.object({
  type: z.string().describe("https://berth.dev/problems/<slug>"),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  /** The step that puts it right, where there is one. */
  fix: z.string().optional(),
  errors: z.array(FieldError).optional(),
  /** For `unknown-model`: what may be used. */
  allowed: z.array(z.string()).optional(),
  /** For what broke on our side: `urn:berth:error:<id>`, under which the log holds it. */
  instance: z.string().optional(),
});
export type Problem = z.infer<typeof Problem>;

export const PROBLEM_BASE = "https://berth.dev/problems/";

export function makeProblem(
  slug: ProblemType,
  detail: string,
  extra: { fix?: string; errors?: { pointer: string; message: string }[]; allowed?: string[] } = {},
): Problem {
  const { status, title } = PROBLEM_TYPES[slug];
  return { type: PROBLEM_BASE + slug, title, status, detail, ...extra };
}
