/** What an object's storage throws, and what it becomes. */
import { expect, test } from "vitest";
import { classify } from "./do-alarm.ts";

test.each([
  ["wakeAt", new Error("Durable Object storage operation exceeded timeout which caused object to be reset."), "unknown"],
  ["wakeAt", new Error("Internal error in Durable Object storage write caused object to be reset."), "unknown"],
  ["pending", new Error("Internal error in Durable Object storage read."), "not-applied"],
  ["wakeAt", "nonsense", "unknown"],
] as const)("%s: %s", (operation, raw, outcome) => {
  expect(classify(raw, operation)).toMatchObject({ port: "scheduler", operation, code: "internal", outcome, retry: "same-request", cause: raw });
});
