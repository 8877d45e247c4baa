/** Addresses, numbers and tool calls in a reader's words. */
import { expect, test } from "vitest";
import { BerthError } from "@berth/sdk";
import { toMessage } from "../src/lib/error-message.ts";
import { ago, cost, duration, plural, shortPath, statusLabel } from "../src/lib/format.ts";
import { parseRoute, pathOf } from "../src/lib/router.ts";
import { commandOf, editOf, summarize } from "../src/lib/tools.ts";

test.each(["/", "/settings", "/sessions/ses_1", "/sessions/a%20b"])("%s is the same there and back", (path) => {
  expect(pathOf(parseRoute(path))).toBe(path);
});

test("an address that means nothing is a new session", () => {
  expect(parseRoute("/nowhere/at/all")).toEqual({ view: "new" });
});

test("times, money and counts are short", () => {
  const now = Date.parse("2026-03-01T12:00:00Z");
  expect([30, 300, 7200, 200_000].map((seconds) => ago(new Date(now - seconds * 1000).toISOString(), now))).toEqual(["now", "5m", "2h", "2d"]);
  expect([120, 4200, 42_000, 125_000].map(duration)).toEqual(["0.1 s", "4.2 s", "42 s", "2 min 5 s"]);
  expect([2100, 41_300].map(cost)).toEqual(["$0.0021", "$0.04"]);
  expect([plural(1, "file"), plural(3, "file")]).toEqual(["1 file", "3 files"]);
  expect([shortPath("/home/ada/code/orders"), shortPath("/srv")]).toEqual(["…/code/orders", "/srv"]);
});

test("a session that waits says for what", () => {
  expect([statusLabel("waiting", "permission"), statusLabel("waiting", null), statusLabel("idle", null)]).toEqual(["Needs permission", "Needs you", "Ready"]);
});

test("a tool call is told by what it did to what", () => {
  const call = (name: string, input: unknown, status: "running" | "completed" = "completed") => ({ name, callId: "c", status, input });
  expect(summarize(call("bash", { command: "npm test" }, "running"))).toEqual({ verb: "Running", target: "npm test" });
  expect(summarize(call("edit", { filePath: "a.ts", oldString: "x", newString: "y" }))).toEqual({ verb: "Edited", target: "a.ts" });
  expect(summarize({ ...call("galaxy", null), title: "M31" })).toEqual({ verb: "galaxy", target: "M31" });
  expect(editOf(call("write", { filePath: "a", content: "new" }))).toEqual({ before: "", after: "new" });
  expect(commandOf(call("read", { filePath: "a" }))).toBeUndefined();
});

test("an error has a sentence, its way out and its fields", () => {
  const problem = { type: "https://berth.dev/problems/invalid-field", title: "t", status: 422, detail: "The key is not valid", fix: "Paste it again.", errors: [{ pointer: "/key", message: "refused" }] };
  expect(toMessage(new BerthError({ problem, code: "invalid-field", message: problem.detail }))).toEqual({ code: "invalid-field", text: "The key is not valid.", fix: "Paste it again.", fields: { "/key": "refused" } });
  expect(toMessage(new BerthError({ code: "network", message: "x" })).text).toBe("Berth is not answering.");
});
