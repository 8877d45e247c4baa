import { verifies } from "@berth/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { branchPrefixOf, judgePush, workBranchOf } from "./branch-prefix.ts";
import { errorLine, pushReport } from "./git-speech.ts";
import { FLUSH, joined, pkt, readPkt } from "./pkt-line.ts";
import { PUSH_HEAD_BYTES_MAX, PushReader, type PushRead } from "./receive-pack.ts";
import { brokerPathOf, repositoryNameOf, textOf } from "./repository-name.ts";

const SESSION = "ses_01aaaaaaaaaaaaaaaaaaaaaaaa";
const [A, B, ZERO] = ["a".repeat(40), "b".repeat(40), "0".repeat(40)];
const OWN = `refs/heads/${workBranchOf(SESSION)}`;
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (of: Uint8Array) => new TextDecoder().decode(of);

function head(...lines: readonly (string | Uint8Array)[]): Uint8Array {
  return joined(...lines.map(pkt), FLUSH, bytes("PACK rest"));
}

/** The same whatever pieces it comes in. */
function read(whole: Uint8Array, pieceBytes = whole.length): PushRead {
  const reader = new PushReader();
  for (let at = 0; at < whole.length; at += pieceBytes) {
    const next = reader.take(whole.subarray(at, at + pieceBytes));
    if (next.kind !== "more") return next;
  }
  return { kind: "more" };
}

function verdictsOf(...commands: readonly (readonly [after: string, ref: string])[]): (string | null)[] {
  return judgePush({ commands: commands.map(([after, ref]) => ({ before: A, after, ref })), capabilities: [] }, SESSION).map(({ refusal }) => refusal);
}

verifies("GIT7", "the head of a push is read whatever pieces it comes in, and kept byte for byte", () => {
  const whole = head(`${ZERO} ${A} ${OWN}\0 report-status side-band-64k agent=git/2`, `${A} ${B} refs/heads/main\n`);
  for (const pieceBytes of [1, 3, 7, 64, whole.length]) {
    expect(read(whole, pieceBytes)).toEqual({
      kind: "head",
      head: { commands: [{ before: ZERO, after: A, ref: OWN }, { before: A, after: B, ref: "refs/heads/main" }], capabilities: ["report-status", "side-band-64k", "agent=git/2"] },
    });
  }
  const reader = new PushReader();
  reader.take(whole.subarray(0, 30));
  reader.take(whole.subarray(30));
  expect(text(reader.bytes)).toBe(text(whole));
  expect(read(joined(pkt(`shallow ${A}`), whole)).kind).toBe("head");
  expect(read(FLUSH)).toEqual({ kind: "head", head: { commands: [], capabilities: [] } });
});

test.each([
  ["no length", bytes("zzzz")],
  ["a marker that is no flush", bytes("0001")],
  ["an empty line", bytes("0004")],
  ["a line past git's limit", bytes("ffff")],
  ["a line break in a name", head(`${A} ${B} ${OWN}\nrefs/heads/main\0caps`)],
  ["a name with a space", head(`${A} ${B} ${OWN} refs/heads/main\0caps`)],
  ["a second NUL", head(`${A} ${B} ${OWN}\0caps\0more`)],
  ["capabilities in a second line", head(`${A} ${B} ${OWN}\0caps`, `${A} ${B} ${OWN}2\0refs/heads/main`)],
  ["a name that is no ASCII", head(`${A} ${B} ${OWN}é\0caps`)],
  ["commits of different kinds", head(`${A} ${"b".repeat(64)} ${OWN}\0caps`)],
  ["a signed push", head("push-cert\0caps")],
  ["words that are no command", head("delete everything")],
])("[GIT7] %s is refused", (_, whole) => {
  expect(read(whole).kind).toBe("broken");
  expect(read(whole, 1).kind).toBe("broken");
});

verifies("GIT7", "a head without an end is refused, and one that is cut is waited for", () => {
  const line = pkt(`${A} ${B} ${OWN}`);
  const count = Math.ceil(PUSH_HEAD_BYTES_MAX / line.length) + 1;
  expect(read(joined(...Array.from({ length: count }, () => line)), 65_536)).toMatchObject({ kind: "broken", why: expect.stringContaining("too many") });
  expect(read(line.subarray(0, 20)).kind).toBe("more");
});

verifies("GIT7", "no bytes whatever bring the reader down or past a reference it did not judge", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 50 }), (noise, pieceBytes) => {
      expect(read(noise, pieceBytes)).toEqual(read(noise));
      expect(["line", "flush", "more", "broken"]).toContain(readPkt(noise, 0).kind);
    }),
  );
});

verifies("GIT4", "branches of the session may be made, moved and deleted", () => {
  expect(verdictsOf([B, OWN], [ZERO, `refs/heads/${branchPrefixOf(SESSION)}a/b.c_d-e`])).toEqual([null, null]);
});

test.each([
  "refs/heads/main",
  "refs/heads/berth/other/work",
  `refs/heads/${branchPrefixOf(SESSION)}`,
  `refs/heads/${branchPrefixOf(SESSION).slice(0, -1)}`,
  `refs/tags/${branchPrefixOf(SESSION)}v1`,
  `refs/heads/${branchPrefixOf(SESSION)}../main`,
  `refs/heads/${branchPrefixOf(SESSION)}x.lock`,
  `refs/heads/${branchPrefixOf(SESSION)}x/.y`,
  `refs/heads/${branchPrefixOf(SESSION)}x//y`,
  `refs/heads/${branchPrefixOf(SESSION)}x/`,
  `refs/heads/${branchPrefixOf(SESSION)}@{1}`,
  `refs/heads/${branchPrefixOf(SESSION)}a:b`,
  "HEAD",
  "refs/for/main",
])("[GIT4] %s is refused, and what was pushed with it too", (ref) => {
  for (const after of [B, ZERO]) {
    const [refusal, other] = verdictsOf([after, ref], [B, OWN]);
    expect(refusal).toEqual(expect.any(String));
    expect(other).toContain("another branch of this push was refused");
  }
});

verifies("GIT7", "push options, which some hosts act on, are refused", () => {
  expect(judgePush({ commands: [{ before: A, after: B, ref: OWN }], capabilities: ["report-status", "push-options"] }, SESSION)[0]?.refusal).toContain("push options");
});

verifies("GIT6", "a refusal is one line of the protocol, whatever is in it", () => {
  expect(text(errorLine("two\nlines\0and more"))).toBe("001aERR two lines and more");
  const verdicts = [{ ref: "refs/heads/x", refusal: "no\nnever" }, { ref: "refs/heads/y", refusal: null }];
  expect(text(pushReport(verdicts, ["report-status"], "why"))).toBe(text(joined(pkt("unpack ok\n"), pkt("ng refs/heads/x no never\n"), pkt("ok refs/heads/y\n"), FLUSH)));
  const banded = pushReport(verdicts, ["report-status-v2", "side-band-64k"], "why");
  const report = pushReport(verdicts, ["report-status"], "why");
  expect(text(banded)).toBe(text(joined(pkt(joined(Uint8Array.of(2), bytes("why\n"))), pkt(joined(Uint8Array.of(1), report)), FLUSH)));
  expect(text(pushReport(verdicts, [], "why"))).toBe("");
});

verifies("GIT6", "a long report goes in pieces that the smallest band takes", () => {
  const verdicts = Array.from({ length: 60 }, (_, i) => ({ ref: `refs/heads/${i}`, refusal: "x".repeat(100) }));
  const report = pushReport(verdicts, ["report-status", "side-band"], "why");
  let inner = "";
  for (let at = 0; ; ) {
    const line = readPkt(report, at);
    if (line.kind !== "line") {
      expect([line.kind, at + 4]).toEqual(["flush", report.length]);
      break;
    }
    expect(line.end - at).toBeLessThanOrEqual(1000);
    if (line.content[0] === 1) inner += text(line.content.subarray(1));
    at = line.end;
  }
  expect(inner).toBe(text(pushReport(verdicts, ["report-status"], "why")));
});

test.each([
  ["https://GitHub.com/acme/app.git", "github.com/acme/app"],
  ["https://github.com/acme/app", "github.com/acme/app"],
  ["http://127.0.0.1:3000/team/app.git/", "127.0.0.1:3000/team/app"],
  ["https://git.example/app.git", "git.example/_/app"],
  ["https://gitlab.example/group/sub/app.git", "gitlab.example/group~sub/app"],
  ["https://git.example/~ada/app", "git.example/~ada/app"],
])("[GIT8] %s is %s", (address, name) => {
  const found = repositoryNameOf(address);
  expect(found && textOf(found)).toBe(name);
  expect(found && brokerPathOf(found)).toBe(`/v1/broker/git/${name}`);
});

test.each(["", "app", "https://git.example/", "https://git.example/.git", "https://git.example/a%2fb/c", "https://git.example/a b/c", `https://git.example/${"a/".repeat(200)}b`])("[GIT8] %j has no name", (address) => {
  expect(repositoryNameOf(address)).toBeNull();
});
