/** Addresses, numbers and tool calls in a reader's words. */
import { verifies } from "@berth/testkit";
import { expect, test } from "vitest";
import { BerthError, type Environment, type Me, type Secret } from "@berth/sdk";
import { CAP_TARGETS, capTitle } from "../src/lib/cap-words.ts";
import { toMessage } from "../src/lib/error-message.ts";
import { budgetWords } from "../src/lib/budget-words.ts";
import { ago, cost, duration, plural, shortPath, statusLabel } from "../src/lib/format.ts";
import { mayRemoveKey, whoseKey } from "../src/lib/provider-words.ts";
import { parseRoute, pathOf } from "../src/lib/router.ts";
import { portDraftsOf, portsOf, portsTwice, withPorts } from "../src/lib/environment-ports.ts";
import { resourcesDraftOf, resourcesInWords, resourcesOf } from "../src/lib/environment-resources.ts";
import { choicesFor, draftsOf, forWhat, foundIn, namedTwice, variablesOf, whatItHolds, withNames } from "../src/lib/environment-words.ts";
import { linesOf, piecesOf } from "../src/lib/patch.ts";
import { groupSecrets } from "../src/lib/secret-words.ts";
import { isLive, until, usesLeft } from "../src/lib/share-words.ts";
import { commandOf, editOf, printedBy, summarize } from "../src/lib/tools.ts";

test.each(["/", "/settings", "/settings/spending", "/sessions/ses_1", "/sessions/a%20b", "/shared/ses_1"])("%s is the same there and back", (path) => {
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

test("a cap is told by whom it is for", () => {
  expect(CAP_TARGETS.map(({ scope, one }) => capTitle({ scope, unit: "cost", ...(one ? { subject: "id_1" } : {}) }, one ? "Ada" : null))).toEqual([
    "Money · The organization, each month",
    "Money · Each person, each month",
    "Money · Ada, each month",
    "Money · Each session",
    "Money · Session “Ada”",
  ]);
  expect(capTitle({ scope: "user", subject: "user_1", unit: "tokens" }, null)).toBe("Tokens · user_1, each month");
});

test("a link is told by what is left of it", () => {
  const now = Date.parse("2026-03-01T12:00:00Z");
  const link = (uses: number, expiresAt: string) => ({ id: "shr_1", with: "link" as const, role: "viewer" as const, createdAt: "2026-03-01T00:00:00Z", uses, usesMax: 3, expiresAt });
  expect([0, 2, 3].map((uses) => usesLeft(link(uses, "2026-03-02T00:00:00Z")))).toEqual(["3 uses left of 3", "1 use left of 3", "used up"]);
  expect(["2026-03-01T12:00:00Z", "2026-03-01T12:00:01Z"].map((expiresAt) => isLive(link(0, expiresAt), now))).toEqual([false, true]);
  expect([until("2026-03-04T12:00:00Z", now), until("2026-03-01T18:00:00Z", now)].map((text) => text.includes(":"))).toEqual([false, true]);
});

test("a session that waits says for what", () => {
  expect([statusLabel("waiting", "permission"), statusLabel("waiting", null), statusLabel("idle", null)]).toEqual(["Needs permission", "Needs you", "Ready"]);
});

test("a cap that is reached is told with its figures and what can be done", () => {
  const reached = { budget: "org.cost", scope: "org", unit: "cost", limit: 1_000_000, spent: 960_000, reserved: 0, needed: 60_000 } as const;
  expect(budgetWords(reached)).toEqual({
    title: "The organization's cap for this month is reached",
    figures: "$0.96 of $1.00 used; the next step may take up to $0.06.",
    fix: "It goes on by itself when an administrator raises the cap, or next month.",
  });
  expect(budgetWords({ ...reached, scope: "session", unit: "compute", limit: 600, spent: 540, reserved: 61, needed: 120 }).figures).toBe("9 min of sandbox time of 10 min of sandbox time used, 2 min of sandbox time held for what is under way; the next step may take up to 2 min of sandbox time.");
  expect(budgetWords({ ...reached, unit: "sessions", limit: 3 }).figures).toBe("3 sessions may have a sandbox at once.");
  expect(budgetWords({ ...reached, unit: "stop" }).title).toContain("stopped");
});

test("a tool call is told by what it did to what", () => {
  const call = (name: string, input: unknown, status: "running" | "completed" = "completed") => ({ name, callId: "c", status, input });
  expect(summarize(call("bash", { command: "npm test" }, "running"))).toEqual({ verb: "Running", target: "npm test" });
  expect(summarize(call("edit", { filePath: "a.ts", oldString: "x", newString: "y" }))).toEqual({ verb: "Edited", target: "a.ts" });
  expect(summarize({ ...call("galaxy", null), title: "M31" })).toEqual({ verb: "galaxy", target: "M31" });
  expect(editOf(call("write", { filePath: "a", content: "new" }))).toEqual({ before: "", after: "new" });
  expect(commandOf(call("read", { filePath: "a" }))).toBeUndefined();
});

test("why a command was ended stands apart from what it printed", () => {
  const noted = (note: string): string => `one\n\n<shell_metadata>\n${note}\n</shell_metadata>`;
  expect(printedBy("one\n")).toEqual({ printed: "one\n", ended: null });
  expect(printedBy(noted("User aborted the command"))).toEqual({ printed: "one", ended: "It was stopped before it ended." });
  expect(printedBy(noted("shell tool terminated command after exceeding timeout 120000 ms. Retry.")).ended).toBe("It took longer than its 2 min 0 s, and was ended.");
});

test("an error has a sentence, its way out and its fields", () => {
  const problem = { type: "https://berth.dev/problems/invalid-field", title: "t", status: 422, detail: "The key is not valid", fix: "Paste it again.", errors: [{ pointer: "/key", message: "refused" }] };
  expect(toMessage(new BerthError({ problem, code: "invalid-field", message: problem.detail }))).toEqual({ code: "invalid-field", text: "The key is not valid.", fix: "Paste it again.", fields: { "/key": "refused" } });
  expect(toMessage(new BerthError({ code: "network", message: "x" })).text).toBe("Berth is not answering.");
});

test("secrets stand below whose sessions they are for, one's own before those of others", () => {
  const of = (name: string, scope: Secret["scope"]): Secret => ({ id: name, name, scope, readableByAgent: false, hosts: [], createdAt: "2026-03-01T12:00:00Z", lastUsedAt: null });
  const all = [of("D", { kind: "user", userId: "usr_cy" }), of("C", { kind: "user", userId: "usr_bo" }), of("B", { kind: "user", userId: "usr_me" }), of("A", { kind: "org" }), of("E", { kind: "environment", environment: "env_1" })];
  expect(groupSecrets(all, { userId: "usr_me", names: new Map([["usr_bo", "Bo"]]), environments: new Map([["env_1", "Tests"]]) }).map(({ title, secrets }) => [title, secrets.map(({ name }) => name)])).toEqual([
    ["All sessions of the organization", ["A"]],
    ["Sessions in Tests", ["E"]],
    ["Only runs that you ask for", ["B"]],
    ["Only runs that Bo asks for", ["C"]],
    ["Only runs that somebody else asks for", ["D"]],
  ]);
});

test("a provider key says whose it is, and who administers removes everybody's", () => {
  const ada = { user: { id: "usr_ada", name: "Ada", email: "ada@example.com" }, scopes: ["sessions:read", "keys:write"] as const };
  const of = (userId: string) => ({ scope: { kind: "user" as const, userId } });
  const shared = { scope: { kind: "org" as const } };
  const members = [{ userId: "usr_bo", name: "Bo" }];
  const words = [shared, of("usr_ada"), of("usr_bo"), of("usr_gone")].map((key) => whoseKey(key, ada, members));
  expect(words).toEqual(["the organization's", "yours, for sessions that you alone work in", "Bo's own", "somebody's own"]);
  const removes = (scopes: Me["scopes"]) => [mayRemoveKey({ scopes }, shared), mayRemoveKey({ scopes }, of("usr_ada"))];
  expect([removes(["keys:write"]), removes(["admin"]), removes(["sessions:read"])]).toEqual([[false, true], [true, true], [false, false]]);
});

test("an environment says what it is for and holds", () => {
  const names = new Map([["rep_1", "git.example/team/app"]]);
  expect([[], ["rep_1"], ["rep_1", "rep_2"], ["rep_gone", "rep_1", "rep_2"]].map((repositories) => forWhat({ repositories }, names))).toEqual([
    "for any session",
    "for git.example/team/app",
    "for git.example/team/app and 1 other repository",
    "for a repository that was removed and 2 other repositories",
  ]);
  expect([whatItHolds({ variables: {}, setupScript: " \n", ports: [] }), whatItHolds({ variables: { A: "" }, setupScript: "npm ci", ports: [] }), whatItHolds({ variables: { A: "", B: "" }, setupScript: "x", ports: [{ port: 80, name: "web" }] })]).toEqual(["nothing yet", "1 variable and a setup script", "2 variables, a setup script and 1 port"]);
});

test("variables of a form are those of the environment, and a name that stands twice is told", () => {
  const drafts = draftsOf({ B: "2", A: "1" });
  expect([drafts.map(({ name }) => name), variablesOf(drafts)]).toEqual([["A", "B"], { A: "1", B: "2" }]);
  expect([...namedTwice([...drafts, { key: 7, name: "A", value: "" }, { key: 8, name: "", value: "" }, { key: 9, name: "", value: "" }])]).toEqual(["A"]);
});

test("a look at a repository is told in sentences, and adds the names that are not there", () => {
  const found = { repository: { id: "rep_1", name: "git.example/team/app" }, commit: "abc", fileCount: 25, packageManagers: ["npm"], install: ["npm ci"], test: ["npm test"], dev: [], services: ["postgres"], ports: [3000, 5432], variables: ["A", "C"], setupScript: "npm ci\n" };
  expect(foundIn(found)).toBe("25 files, with npm. Tests: npm test. Speaks of postgres, which the script has to start. Ports: 3000, 5432.");
  expect(foundIn({ ...found, fileCount: 1, packageManagers: [] })).toBe("1 file, and no package manager that is known here.");
  expect(withNames(draftsOf({ A: "1", B: "2" }), found.variables)).toEqual([{ key: 0, name: "A", value: "1" }, { key: 1, name: "B", value: "2" }, { key: 2, name: "C", value: "" }]);
});

verifies("ENV13", "ports that a look finds are proposed by names of their own, and what was named stays", () => {
  const kept = portDraftsOf([{ port: 3_000, name: "shop" }]);
  const proposed = withPorts(kept, [3_000, 5_173, 5_432, 8_080]);
  expect(portsOf(proposed)).toEqual([{ port: 3_000, name: "shop" }, { port: 5_173, name: "web" }, { port: 8_080, name: "web 8080" }]);
  expect([portsTwice(proposed).size, withPorts(proposed, [3_000, 8_080]), withPorts([], Array.from({ length: 30 }, (_, at) => at + 8_000)).length]).toEqual([0, proposed, 20]);
  expect([...portsTwice([...proposed, { key: 7, port: "3000", name: "web" }, { key: 8, port: "", name: "" }, { key: 9, port: "", name: "" }])]).toEqual(["3000", "web"]);
});

test("resources of a form are those of the environment, and what is empty is as usual", () => {
  for (const resources of [{}, { memoryMb: 512 }, { cpus: 0.5 }, { memoryMb: 512, cpus: 1 }]) expect(resourcesOf(resourcesDraftOf(resources))).toEqual(resources);
  expect([resourcesInWords({}), resourcesInWords({ memoryMb: 512 }), resourcesInWords({ memoryMb: 512, cpus: 1 })]).toEqual([null, "At most 512 MB of memory", "At most 512 MB of memory and 1 processor"]);
});

test("a session on a repository is offered the environments for it, and the only one by itself", () => {
  const made = (id: string, repositories: readonly string[]): Environment => ({ id, name: id, repositories: [...repositories], variables: {}, setupScript: "", ports: [], resources: {}, createdAt: "2026-01-01T00:00:00Z", updatedAt: "2026-01-01T00:00:00Z" });
  const [any, one, two, other] = [made("any", []), made("one", ["rep_1"]), made("two", ["rep_2"]), made("other", ["rep_2", "rep_3"])];
  const all = [any, one, two, other];
  const names = (repository: string | null) => {
    const { own, others } = choicesFor(all, repository);
    return [own?.name ?? null, others.map(({ name }) => name)];
  };
  expect([null, "rep_1", "rep_2", "rep_3", "rep_4"].map(names)).toEqual([[null, ["any"]], ["one", ["any"]], [null, ["two", "other", "any"]], ["other", ["any"]], [null, ["any"]]]);
});

test("a patch is told by files and by kinds of lines", () => {
  const patch = "diff --git a/a b/a\nindex 1..2 100644\n--- a/a\n+++ b/a\n@@ -1,2 +1,2 @@\n one\n-diff --git a/x b/x\n+--- two\ndiff --git a/b b/c\nsimilarity index 100%\nrename from b\nrename to c\n";
  const pieces = piecesOf(patch);
  expect(pieces.map((piece) => piece.split("\n")[0])).toEqual(["diff --git a/a b/a", "diff --git a/b b/c"]);
  expect(pieces.map((piece) => linesOf(piece).map(({ kind, text }) => `${kind}: ${text}`))).toEqual([["place: @@ -1,2 +1,2 @@", "context:  one", "removed: -diff --git a/x b/x", "added: +--- two"], []]);
  const tricky = "diff --git a/l b/l\n@@ -1 +0,0 @@\n-x\rdiff --git a/y b/y\u2028@@ -1 @@\ndiff --git a/l b/l\n@@ -0,0 +1 @@\n+target\ndiff --git a/m b/m\n";
  expect(piecesOf(tricky).map((piece) => piece.split("\n")[0])).toEqual(["diff --git a/l b/l", "diff --git a/m b/m"]);
});
