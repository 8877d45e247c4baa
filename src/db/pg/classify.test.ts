/** Captured failures and what they mean. */
import { DrizzleQueryError } from "drizzle-orm/errors";
import { describe, expect, test } from "vitest";
import { PortError } from "../../core/kernel/port-error.ts";
import { classify, toPortError } from "./classify.ts";

const failure = (code: string | undefined, message = "captured") => Object.assign(new Error(message), code ? { code } : {});

describe("a database failure", () => {
  test.each([
    ["duplicate key", failure("23505"), "already-exists", "not-applied", "never"],
    ["foreign key", failure("23503"), "failed-precondition", "not-applied", "never"],
    ["NUL in text", failure("22021"), "invalid-argument", "not-applied", "never"],
    ["wrong password", failure("28P01"), "permission-denied", "not-applied", "never"],
    ["row policy", failure("42501"), "permission-denied", "not-applied", "never"],
    ["missing table", failure("42P01"), "failed-precondition", "not-applied", "never"],
    ["our syntax error", failure("42601"), "internal", "not-applied", "never"],
    ["deadlock", failure("40P01"), "failed-precondition", "not-applied", "same-request"],
    ["too many connections", failure("53300"), "resource-exhausted", "not-applied", { afterMs: 1_000 }],
    ["disk full", failure("53100"), "resource-exhausted", "not-applied", { afterMs: 1_000 }],
    ["read-only standby", failure("25006"), "unknown", "not-applied", { afterMs: 1_000 }],
    ["statement cancelled", failure("57014"), "deadline-exceeded", "not-applied", "same-request"],
    ["server starts up", failure("57P03"), "unknown", "not-applied", { afterMs: 500 }],
    ["server shuts down", failure("57P01"), "unknown", "unknown", "same-request"],
    ["nobody listens", failure("ECONNREFUSED"), "unknown", "not-applied", { afterMs: 500 }],
    ["reset", failure("ECONNRESET"), "unknown", "unknown", "same-request"],
    ["cut", failure(undefined, "Connection terminated unexpectedly"), "unknown", "unknown", "same-request"],
    ["no answer", failure(undefined, "Query read timeout"), "deadline-exceeded", "unknown", "same-request"],
    ["no connection free", failure(undefined, "timeout exceeded when trying to connect"), "resource-exhausted", "not-applied", { afterMs: 1_000 }],
    ["never seen", failure("XX999"), "unknown", "unknown", "never"],
    ["not even an error", "odd", "unknown", "unknown", "never"],
  ])("%s", (_, raw, code, outcome, retry) => {
    expect(classify(raw)).toMatchObject({ code, outcome, retry });
  });

  test("is read through Drizzle's wrapper, whose message with the values goes no further", () => {
    const raw = new DrizzleQueryError("insert into t values ($1)", ["hunter2-example"], failure("23505", "duplicate key"));
    const error = toPortError("catalog", "addProvider", raw, false);
    expect(error).toMatchObject({ port: "catalog", operation: "addProvider", code: "already-exists" });
    expect(`${error.message} ${String(error.cause)}`).toContain("23505 duplicate key");
    expect(`${error.message} ${String(error.cause)}`).not.toContain("hunter2-example");
  });

  test("of an operation that must not run twice is not sent again when its outcome is unknown", () => {
    const cut = failure("ECONNRESET");
    expect(toPortError("identity", "createApiKey", cut, false).retry).toBe("never");
    expect(toPortError("run-history", "flush", cut, true).retry).toBe("same-request");
  });

  test("that is the port's own passes through, and the pool's is given to the port", () => {
    const init = { operation: "x", code: "resource-exhausted", outcome: "not-applied", retry: "never", message: "m" } as const;
    const own = new PortError({ ...init, port: "catalog" });
    expect(toPortError("catalog", "y", own, true)).toBe(own);
    expect(toPortError("catalog", "y", new PortError({ ...init, port: "database" }), true)).toMatchObject({
      port: "catalog",
      operation: "y",
      code: "resource-exhausted",
    });
  });
});
