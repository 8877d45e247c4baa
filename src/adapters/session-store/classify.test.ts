/** Raw errors of both products, as captured from them, and what they become. */
import { verifies } from "@berth/testkit";
import { describe, expect, test } from "vitest";
import { classify } from "./classify.ts";

const node = (errcode: number, message: string) => Object.assign(new Error(message), { code: "ERR_SQLITE_ERROR", errcode, errstr: message });

const TABLE = [
  ["node, disk full", node(13, "database or disk is full"), "resource-exhausted", { afterMs: 1000 }],
  ["workerd, disk full", new Error("database or disk is full: SQLITE_FULL"), "resource-exhausted", { afterMs: 1000 }],
  ["node, taken key (extended code)", node(1555, "UNIQUE constraint failed: answers.key"), "already-exists", "never"],
  ["workerd, taken key", new Error("UNIQUE constraint failed: answers.key: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_PRIMARYKEY)"), "already-exists", "never"],
  ["workerd, too big", new Error("string or blob too big: SQLITE_TOOBIG"), "invalid-argument", "never"],
  ["node, busy", node(5, "database is locked"), "failed-precondition", { afterMs: 100 }],
  ["node, read-only", node(8, "attempt to write a readonly database"), "permission-denied", "never"],
  ["node, I/O (extended code)", node(4874, "disk I/O error"), "internal", "same-request"],
  ["node, damaged", node(11, "database disk image is malformed"), "internal", "never"],
  ["node, not a database", node(26, "file is not a database"), "internal", "never"],
  ["node, cannot open", node(14, "unable to open database file"), "not-found", "never"],
  ["node, closed", Object.assign(new Error("database is not open"), { code: "ERR_INVALID_STATE" }), "failed-precondition", "never"],
  ["something else", new TypeError("x is not a function"), "unknown", "never"],
  ["no error at all", "nonsense", "unknown", "never"],
  ["nothing", null, "unknown", "never"],
] as const;

describe("what SQLite reports", () => {
  test.each(TABLE)("%s", (_name, raw, code, retry) => {
    const error = classify(raw, "commit");
    expect({ ...error.toWire() }).toMatchObject({ port: "session-store", operation: "commit", outcome: "not-applied", code, retry });
    expect(error.cause).toBe(raw);
  });

  verifies("SST7", "whatever it is, a rolled back transaction is known not to be applied", () => {
    expect(new Set(TABLE.map(([, raw]) => classify(raw, "commit").outcome))).toEqual(new Set(["not-applied"]));
  });
});
