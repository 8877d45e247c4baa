/** Limits of commands: output, time, what they leave running. */
import assert from "node:assert/strict";
import { expectRefusal } from "../sandbox-kit.contract.ts";
import { inRoom, type SandboxCase } from "./case.contract.ts";

/** A child would be done long before whoever waits for it looks. */
const CHILD = "(sleep 0.4; touch late) &";
const LONG_AFTER = ["sleep", "1"] as const;

export const LIMIT_CASES: readonly SandboxCase[] = [
  inRoom("limit.output", "SBX22", "output past the limit is dropped and said so", async ({ running }) => {
    assert.deepEqual(await running.exec(["echo", "0123456789"], { outputBytesMax: 4 }), { exitCode: 0, stdout: "0123", stderr: "", truncated: true });
  }),
  inRoom("limit.errors", "SBX42", "errors past the limit are dropped and said so, and the output is whole", async ({ running }) => {
    const { stdout, stderr, truncated } = await running.sh("echo ab; echo 0123456789 >&2", { outputBytesMax: 4 });
    assert.deepEqual([stdout, stderr, truncated], ["ab\n", "0123", true]);
  }),
  inRoom("limit.each", "SBX42", "output and errors each have the limit for themselves", async ({ running }) => {
    const { stdout, stderr, truncated } = await running.sh("echo abc; echo def >&2", { outputBytesMax: 4 });
    assert.deepEqual([stdout, stderr, truncated], ["abc\n", "def\n", false]);
  }),
  inRoom("limit.exact", "SBX42", "output of exactly the limit is whole", async ({ running }) => {
    const { stdout, truncated } = await running.exec(["echo", "abc"], { outputBytesMax: 4 });
    assert.deepEqual([stdout, truncated], ["abc\n", false]);
  }),
  inRoom("limit.nothing", "SBX42", "a limit of zero keeps nothing", async ({ running }) => {
    assert.deepEqual(await running.exec(["echo", "abc"], { outputBytesMax: 0 }), { exitCode: 0, stdout: "", stderr: "", truncated: true });
  }),
  inRoom("limit.bytes", "SBX42", "the limit counts bytes, not characters", async ({ running }) => {
    const { stdout, truncated } = await running.exec(["echo", "ééé"], { outputBytesMax: 4 });
    assert.deepEqual([stdout, truncated], ["éé", true]);
  }),
  inRoom("limit.ends-normally", "SBX42", "a command whose output is dropped runs to its end", async (room) => {
    const box = await room.folder();
    const { exitCode, truncated } = await box.sh("seq 1 30000; touch after; exit 5", { outputBytesMax: 10 });
    assert.deepEqual([exitCode, truncated], [5, true]);
    assert.equal(await box.read("after"), "");
  }),
  inRoom("limit.big", "SBX20", "big output comes whole and in order", async ({ running }) => {
    const { stdout, truncated } = await running.exec(["seq", "1", "30000"], { outputBytesMax: 1024 * 1024 });
    assert.equal(truncated, false);
    assert.equal(stdout, Array.from({ length: 30_000 }, (_, index) => `${index + 1}\n`).join(""));
  }),
  inRoom("limit.time", ["SBX23", "sandbox:exec:overran"], "a command past its time is ended, and whoever asked need not try again", async ({ running }) => {
    await expectRefusal(running.exec(["sleep", "600"], { timeoutMs: 150 }), "deadline-exceeded", "applied", "never");
  }),
  inRoom("limit.time-keeps", "SBX46", "what a command did before its time was over stays, and the rest is not done", async (room) => {
    const box = await room.folder();
    await expectRefusal(box.sh("echo a > before; sleep 600; echo b > after", { timeoutMs: 400 }), "deadline-exceeded", "applied");
    assert.deepEqual([await box.read("before"), await box.read("after")], ["a\n", null]);
  }),
  inRoom("limit.time-goes-on", "SBX23", "a sandbox whose command overran takes the next one", async ({ running, subject }) => {
    await expectRefusal(running.exec(["sleep", "600"], { timeoutMs: 100 }), "deadline-exceeded", "applied");
    assert.equal((await running.exec(["echo", "next"])).stdout, "next\n");
    assert.equal((await subject.describe(running.id)).phase, "running");
  }),
  inRoom("limit.time-children", "SBX46", "what a command started ends with its time", async (room) => {
    const box = await room.folder();
    await expectRefusal(box.sh(`${CHILD} sleep 600`, { timeoutMs: 150 }), "deadline-exceeded", "applied");
    await box.exec(LONG_AFTER);
    assert.equal(await box.read("late"), null);
  }),
  inRoom("limit.children", "SBX46", "what a command started ends with it", async (room) => {
    const box = await room.folder();
    assert.equal((await box.sh(`${CHILD} exit 3`)).exitCode, 3);
    await box.exec(LONG_AFTER);
    assert.equal(await box.read("late"), null);
  }),
  inRoom("limit.at-once", "SBX47", "commands at the same time each have their own answer", async ({ running }) => {
    const answers = await Promise.all([1, 2, 3, 4, 5, 6].map((number) => running.sh(`echo ${number}; exit ${number}`)));
    assert.deepEqual(answers.map(({ stdout, exitCode }) => [stdout, exitCode]), [1, 2, 3, 4, 5, 6].map((number) => [`${number}\n`, number]));
  }),
  inRoom("limit.no-waiting", "SBX47", "a short command does not wait for a long one", async ({ running }) => {
    const order: string[] = [];
    const long = running.exec(["sleep", "1.5"]).then(() => order.push("long"));
    await running.exec(["true"]).then(() => order.push("short"));
    await long;
    assert.deepEqual(order, ["short", "long"]);
  }),
];
