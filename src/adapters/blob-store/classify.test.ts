/** Raw errors of a disk and of R2, and what they become. */
import { expect, test } from "vitest";
import { classify as classifyFile } from "./filesystem.ts";
import { classify as classifyR2 } from "./r2.ts";

const disk = (code: string) => Object.assign(new Error(`${code}: failed`), { code });

test.each([
  [disk("ENOSPC"), "resource-exhausted", { afterMs: 1000 }],
  [disk("EDQUOT"), "resource-exhausted", { afterMs: 1000 }],
  [disk("EMFILE"), "resource-exhausted", { afterMs: 1000 }],
  [disk("EACCES"), "permission-denied", "never"],
  [disk("EROFS"), "permission-denied", "never"],
  [disk("EIO"), "internal", "same-request"],
  ["nonsense", "internal", "same-request"],
  [null, "internal", "same-request"],
] as const)("a disk: %s", (raw, code, retry) => {
  expect(classifyFile(raw, "put")).toMatchObject({ port: "blob-store", operation: "put", code, outcome: "not-applied", retry, cause: raw });
});

test.each([
  ["put", "put: Forbidden (10004)", "permission-denied", "not-applied", "never"],
  ["put", "put: The SHA-256 checksum you specified did not match what we received. (10037)", "internal", "not-applied", "same-request"],
  ["get", "get: The requested range is not satisfiable (10039)", "invalid-argument", "not-applied", "never"],
  ["list", "list: Please reduce your concurrent request rate for the same object. (10058)", "resource-exhausted", "not-applied", { afterMs: 1000 }],
  ["put", "put: Your proposed upload exceeds the maximum allowed object size. (100100)", "invalid-argument", "not-applied", "never"],
  ["put", "put: We encountered an internal error. Please try again. (10001)", "unknown", "unknown", "same-request"],
  ["get", "get: We encountered an internal error. Please try again. (10001)", "unknown", "not-applied", "same-request"],
  ["delete", "Network connection lost.", "unknown", "unknown", "same-request"],
] as const)("R2, %s: %s", (operation, message, code, outcome, retry) => {
  const raw = new Error(message);
  expect(classifyR2(raw, operation)).toMatchObject({ port: "blob-store", operation, code, outcome, retry, cause: raw });
});
