/** What the platform throws for an object that does not answer, and what it becomes. */
import { expect, test } from "vitest";
import { classify } from "./org-events-do.ts";

const thrown = (message: string, flags: object) => Object.assign(new Error(message), flags);

test.each([
  ["overloaded", thrown("Durable Object is overloaded. Too many requests queued.", { overloaded: true, retryable: false }), "resource-exhausted", "not-applied", { afterMs: 1000 }],
  ["reset by an update", thrown("Durable Object reset because its code was updated.", { retryable: true }), "unknown", "unknown", "same-request"],
  ["network lost", thrown("Network connection lost.", { retryable: true }), "unknown", "unknown", "same-request"],
  ["a fault in the object", thrown("rows is not iterable", { remote: true }), "internal", "unknown", "never"],
  ["anything else", "nonsense", "unknown", "unknown", "same-request"],
  ["nothing", null, "unknown", "unknown", "same-request"],
] as const)("an object that is %s", (_name, raw, code, outcome, retry) => {
  expect(classify(raw, "publish")).toMatchObject({ port: "event-bus", operation: "publish", code, outcome, retry, cause: raw });
});
