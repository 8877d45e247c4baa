/** System errors as the port reports them. */
import { describe, expect, test } from "vitest";
import { classify, refusal } from "./errors.ts";

const errno = (code: string): Error => Object.assign(new Error(`${code}: as the system says it`), { code });

describe("classify", () => {
  test.each([
    ["ENOENT", "not-found", "not-applied"],
    ["EACCES", "permission-denied", "not-applied"],
    ["EPERM", "permission-denied", "not-applied"],
    ["ELOOP", "permission-denied", "not-applied"],
    ["EISDIR", "invalid-argument", "not-applied"],
    ["ENOTDIR", "invalid-argument", "not-applied"],
    ["ENAMETOOLONG", "invalid-argument", "not-applied"],
    ["ENXIO", "invalid-argument", "not-applied"],
    ["EAGAIN", "resource-exhausted", "not-applied"],
    ["EMFILE", "resource-exhausted", "not-applied"],
    ["ENFILE", "resource-exhausted", "not-applied"],
    ["ENOMEM", "resource-exhausted", "not-applied"],
    ["ENOSPC", "resource-exhausted", "unknown"],
    ["EDQUOT", "resource-exhausted", "unknown"],
    ["EWHATEVER", "unknown", "unknown"],
  ])("%s is %s, %s", (code, expected, outcome) => {
    const raw = errno(code);
    expect(classify("exec", raw)).toMatchObject({ port: "sandbox", operation: "exec", code: expected, outcome, retry: "never", cause: raw });
  });

  test("what is no error at all stays unknown, what is classified passes", () => {
    expect(classify("exec", "text")).toMatchObject({ code: "unknown", outcome: "unknown" });
    const known = refusal("stop", "No.", { code: "canceled" });
    expect(classify("exec", known)).toBe(known);
  });
});
