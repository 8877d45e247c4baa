import { describe, expect, test } from "vitest";
import { classify, failureOfRetries, failureOfTurn, StartFailure } from "./opencode-classify.ts";

const refused = Object.assign(new TypeError("fetch failed"), { cause: Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" }) });
const reset = Object.assign(new TypeError("fetch failed"), { cause: Object.assign(new Error("other side closed"), { code: "UND_ERR_SOCKET" }) });
const missing = Object.assign(new Error("spawn opencode ENOENT"), { code: "ENOENT" });
const full = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
const question = { _tag: "QuestionNotFoundError", requestID: "que_1", message: "Question request not found: que_1" };

describe("classify", () => {
  test.each([
    ["a refused connection", refused, "deadline-exceeded", "not-applied", "same-request"],
    ["a connection that broke", reset, "deadline-exceeded", "unknown", "never"],
    ["a time-out", new DOMException("timed out", "TimeoutError"), "deadline-exceeded", "unknown", "never"],
    ["a program that is not there", missing, "failed-precondition", "not-applied", "never"],
    ["a server that never got healthy", new StartFailure("never-healthy", ""), "deadline-exceeded", "not-applied", "same-request"],
    ["a server that ended at once", new StartFailure("exited", "no"), "failed-precondition", "not-applied", "same-request"],
    ["a bad request", { status: 400, body: { name: "BadRequest", data: { message: "Expected msg" } } }, "invalid-argument", "not-applied", "never"],
    ["a wrong password", { status: 401, body: undefined }, "permission-denied", "not-applied", "never"],
    ["a question that is gone", { status: 404, body: question }, "not-found", "not-applied", "never"],
    ["a full disk", full, "resource-exhausted", "not-applied", "same-request"],
    ["a server's own fault", { status: 500, body: {} }, "internal", "not-applied", "same-request"],
    ["anything else", new Error("?"), "unknown", "unknown", "never"],
  ] as const)("%s", (_what, raw, code, outcome, retry) => {
    expect(classify(raw, "prompt")).toMatchObject({ port: "agent", operation: "prompt", code, outcome, retry });
  });

  test("a server's own fault leaves unknown what does more than take a message", () => {
    expect(classify({ status: 500, body: {} }, "answer")).toMatchObject({ code: "internal", outcome: "unknown", retry: "never" });
  });

  test("keeps OpenCode's words and the end of what it printed", () => {
    expect(classify({ status: 404, body: question }, "answer").message).toBe(question.message);
    expect(classify(new StartFailure("exited", "disk is full"), "open").message).toContain("disk is full");
  });
});

describe("the failure of a turn", () => {
  const api = (statusCode?: number) => ({ name: "APIError", data: { message: "said", ...(statusCode !== undefined && { statusCode }) } });

  test.each([
    [api(401), "model-unauthorized"],
    [api(402), "model-budget-exhausted"],
    [api(403), "model-unauthorized"],
    [api(404), "model-not-found"],
    [api(413), "context-too-long"],
    [api(422), "model-refused"],
    [api(429), "model-rate-limited"],
    [api(500), "model-unavailable"],
    [api(529), "model-unavailable"],
    [api(), "model-unreachable"],
    [{ name: "ProviderAuthError", data: { message: "said" } }, "model-unauthorized"],
    [{ name: "ContextOverflowError", data: { message: "said" } }, "context-too-long"],
    [{ name: "MessageOutputLengthError", data: {} }, "output-too-long"],
    [{ name: "UnknownError", data: { message: "Model not found: x/nope." } }, "model-not-found"],
    [{ name: "UnknownError", data: { message: "said" } }, "agent-error"],
    [{ name: "UnknownError", data: { message: "effect/sql/SqlError: Failed to execute statement\n    at runLoop (chunk.js:25:2045)" } }, "agent-storage"],
  ] as const)("%j is %s", (error, code) => {
    expect(failureOfTurn(error)).toMatchObject({ code, message: expect.stringMatching(/./) });
  });

  test("an abort is none", () => {
    expect(failureOfTurn({ name: "MessageAbortedError", data: { message: "Aborted" } })).toBeNull();
  });

  test.each([
    ["Rate limit reached", "model-rate-limited"],
    ["Too Many Requests", "model-rate-limited"],
    ["Connection reset by server", "model-unavailable"],
  ])("%s again and again is %s", (reason, code) => {
    expect(failureOfRetries(6, reason)).toMatchObject({ code, message: expect.stringContaining(reason) });
  });
});
