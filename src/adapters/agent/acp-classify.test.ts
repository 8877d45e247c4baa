import { describe, expect, test } from "vitest";
import { RequestError } from "@agentclientprotocol/sdk/unstable";
import { verifies } from "@berth/testkit";
import { AcpStartFailure, classify, endOf, endOfError } from "./acp-classify.ts";

describe("errors of an ACP agent", () => {
  test.each([
    [new AcpStartFailure("never-ready", ""), { code: "deadline-exceeded", outcome: "not-applied", retry: "same-request" }],
    [new AcpStartFailure("exited", "boom"), { code: "failed-precondition", message: expect.stringContaining("boom") as string }],
    [new AcpStartFailure("other-version", ""), { code: "failed-precondition" }],
    [new RequestError(-32_000, "Authentication required"), { code: "permission-denied", retry: "never" }],
    [new RequestError(-32_602, "Invalid params"), { code: "invalid-argument", outcome: "not-applied" }],
    [new RequestError(-32_603, "Internal error"), { code: "internal", outcome: "unknown" }],
    [Object.assign(new Error("spawn"), { code: "ENOENT" }), { code: "failed-precondition" }],
    [Object.assign(new Error("write"), { code: "ENOSPC" }), { code: "resource-exhausted", outcome: "not-applied" }],
    [new Error("?"), { code: "unknown", outcome: "unknown" }],
  ])("%s", (raw, expected) => {
    expect(classify(raw, "open")).toMatchObject({ port: "agent", operation: "open", ...expected });
  });
});

describe("how a prompt was answered", () => {
  verifies("AGT33", "without a word of the agent's it is no completed turn", () => {
    expect(endOf({ stopReason: "end_turn" }, true)).toMatchObject({ outcome: "completed", usage: { outputTokens: 0 } });
    expect(endOf({ stopReason: "end_turn" }, false)).toMatchObject({ outcome: "interrupted", failure: { code: "agent-unanswered" } });
    expect(endOf({ stopReason: "cancelled" }, true)).toMatchObject({ outcome: "interrupted", failure: { code: "agent-cancelled" } });
  });

  verifies("AGT12", "each end that is no good one has a code", () => {
    const codes = (["max_tokens", "max_turn_requests", "refusal"] as const).map((stopReason) => endOf({ stopReason }, true));
    expect(codes.map(({ outcome, failure }) => [outcome, failure?.code])).toEqual([["failed", "output-too-long"], ["failed", "turn-too-long"], ["failed", "content-filtered"]]);
    const usage = endOf({ stopReason: "end_turn", usage: { totalTokens: 9, inputTokens: 5, outputTokens: 3, thoughtTokens: 1, cachedReadTokens: 2 } }, true).usage;
    expect(usage).toEqual({ inputTokens: 5, outputTokens: 3, reasoningTokens: 1, cacheReadTokens: 2, cacheWriteTokens: 0 });
  });

  test.each([
    ["Internal error: The demo model was told to fail with status 401.", "model-unauthorized"],
    ["Insufficient credits.", "model-budget-exhausted"],
    ["Rate limit reached for requests", "model-rate-limited"],
    ["Model not found: demo/none", "model-not-found"],
    ["prompt is too long", "context-too-long"],
    ["Overloaded", "model-unavailable"],
    ["Something else", "agent-error"],
  ])("[AGT12] %s", (message, code) => {
    const { outcome, failure } = endOfError(new RequestError(-32_603, message));
    expect([outcome, failure?.code, failure?.message]).toEqual(["failed", code, message.replace("Internal error: ", "")]);
  });
});
