/** What failed calls mean: the errors of Node's and workerd's fetch as they were captured, and answers of strangers. */
import { describe, expect, test } from "vitest";
import { classifyAnswer, classifyTransport, type Effect } from "../src/client.ts";

const call = (effect: Effect) => ({ port: "sandbox", operation: "x", effect });
const nodeError = (message: string, code: string): TypeError => new TypeError(message, { cause: Object.assign(new Error(code), { code }) });
const timeout = new DOMException("The operation was aborted due to timeout", "TimeoutError");

describe("classifyTransport", () => {
  test.each<[string, unknown, Effect, string, string, unknown]>([
    ["Node: refused", nodeError("fetch failed", "ECONNREFUSED"), "once", "deadline-exceeded", "not-applied", "same-request"],
    ["Node: no such name", nodeError("fetch failed", "ENOTFOUND"), "once", "deadline-exceeded", "not-applied", "same-request"],
    ["Node: connect timeout", nodeError("fetch failed", "UND_ERR_CONNECT_TIMEOUT"), "repeatable", "deadline-exceeded", "not-applied", "same-request"],
    ["Node: reset", nodeError("fetch failed", "ECONNRESET"), "once", "unknown", "unknown", "never"],
    ["Node: reset of a repeatable call", nodeError("fetch failed", "ECONNRESET"), "repeatable", "unknown", "unknown", "same-request"],
    ["Node: body cut", nodeError("terminated", "UND_ERR_SOCKET"), "none", "unknown", "not-applied", "same-request"],
    ["timeout of a change", timeout, "repeatable", "deadline-exceeded", "unknown", "same-request"],
    ["timeout of a command", timeout, "once", "deadline-exceeded", "unknown", "never"],
    ["timeout of a question", timeout, "none", "deadline-exceeded", "not-applied", "same-request"],
    ["workerd: refused or lost", new Error("Network connection lost."), "repeatable", "unknown", "unknown", "same-request"],
    ["no error at all", undefined, "once", "unknown", "unknown", "never"],
  ])("%s", (_, raw, effect, code, outcome, retry) => {
    expect(classifyTransport(raw, call(effect))).toMatchObject({ port: "sandbox", operation: "x", code, outcome, retry });
  });
});

describe("classifyAnswer", () => {
  test("the host's own error passes, with the operation that asked", () => {
    const error = { port: "sandbox", operation: "route", code: "resource-exhausted", outcome: "not-applied", retry: { afterMs: 5 }, message: "Full.", fix: "Wait." };
    expect(classifyAnswer(429, { error }, call("repeatable"))).toMatchObject({ ...error, operation: "x" });
  });

  test.each<[unknown, Effect, string]>([
    [null, "repeatable", "unknown"],
    ["<html>", "once", "unknown"],
    [{ error: "text" }, "none", "not-applied"],
    [{ error: { port: "p", code: "made-up", message: "m" } }, "repeatable", "unknown"],
  ])("the answer %j of a stranger is unknown", (body, effect, outcome) => {
    expect(classifyAnswer(502, body, call(effect))).toMatchObject({ code: "unknown", outcome, retry: "never", message: expect.stringContaining("502") });
  });
});
