import { expect, test } from "vitest";
import { findOperation, guessWire, wireError } from "./model-wire.ts";

test.each([
  ["openai-compatible", "POST", "/chat/completions", true],
  ["openai-compatible", "GET", "/models", true],
  ["openai-compatible", "POST", "/files", false],
  ["openai-compatible", "DELETE", "/models/x", false],
  ["openai", "POST", "/responses", true],
  ["openai", "GET", "/responses/resp_1", false],
  ["openai", "POST", "/fine_tuning/jobs", false],
  ["anthropic", "POST", "/messages", true],
  ["anthropic", "POST", "/messages/count_tokens", true],
  ["anthropic", "POST", "/messages/batches", false],
  ["anthropic", "GET", "/organizations/api_keys", false],
  ["google", "POST", "/models/gemini-example:streamGenerateContent", true],
  ["google", "POST", "/models/gemini-example:generateContent", true],
  ["google", "POST", "/models/a/b:generateContent", false],
  ["google", "POST", "/cachedContents", false],
] as const)("%s: %s %s passes: %s", (wire, method, path, passes) => {
  expect(findOperation(wire, method, path) !== null).toBe(passes);
});

test.each([
  ["/messages", "anthropic"],
  ["/models/x:generateContent", "google"],
  ["/chat/completions", "openai-compatible"],
])("%s looks like %s", (path, wire) => {
  expect(guessWire(path)).toBe(wire);
});

/** As OpenCode 1.18 decides whether to repeat a call whose status says no. */
const REPEATED = /429|500|502|503|504|524|rate limit|too many requests|overloaded|unavailable|server error|server_error|internal error|terminated|connection|exhausted|try again/i;

test.each(["openai", "anthropic", "google"] as const)("%s: a refusal has the wire's shape and does not make the agent repeat the call", async (wire) => {
  for (const status of [400, 401, 402, 404, 413]) {
    const response = wireError(wire, status, "Nothing was sent.");
    const text = await response.text();
    expect(response.status).toBe(status);
    expect(JSON.parse(text)).toMatchObject({ error: { message: "Nothing was sent." } });
    expect(text).not.toMatch(REPEATED);
  }
});
