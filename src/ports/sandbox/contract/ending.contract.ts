/** Ending: stop, destroy, death, and creates that come too late. */
import assert from "node:assert/strict";
import { expectRefusal, specOf } from "../sandbox-kit.contract.ts";
import type { ExecResult, SandboxDescription } from "../sandbox.port.ts";
import { alone, type SandboxCase } from "./case.contract.ts";
import type { Box, Stage } from "./stage.contract.ts";

/** A command that has begun and does not end by itself. */
export async function underWay(stage: Stage, box: Box): Promise<{ readonly command: Promise<ExecResult> }> {
  const command = box.sh("touch began; sleep 600", { timeoutMs: 600_000 });
  // Its refusal is looked at later.
  command.catch(() => undefined);
  await stage.eventually(() => box.read("began"), (found) => found !== null);
  return { command };
}

async function dead(stage: Stage, session: string): Promise<{ readonly box: Box; readonly description: SandboxDescription }> {
  const box = await stage.start(specOf(session));
  await box.write("work.txt", "half done");
  await stage.kill(box.id);
  // The end of a process is noticed when the system reports it.
  const description = await stage.eventually(() => stage.subject.describe(box.id), ({ phase }) => phase === "failed");
  return { box, description };
}

export const ENDING_CASES: readonly SandboxCase[] = [
  alone("stop.command", "SBX49", "a command is told that its sandbox was stopped", async (stage) => {
    const box = await stage.start(specOf("halt"));
    const { command } = await underWay(stage, box);
    await stage.subject.stop(box.id);
    await expectRefusal(command, "canceled", "unknown", "never");
    assert.equal((await stage.subject.describe(box.id)).phase, "stopped");
  }),
  alone("stop.at-once", "SBX13", "two stops at once both succeed, and what was written stays", async (stage) => {
    const box = await stage.start(specOf("stops"));
    await box.write("kept.txt", "kept");
    await Promise.all([stage.subject.stop(box.id), stage.subject.stop(box.id)]);
    assert.deepEqual(await stage.phases(), { [box.id]: "stopped" });
    assert.equal(await box.read("kept.txt"), "kept");
  }),
  alone("destroy.removes", "SBX15", "destroy removes a sandbox and its session's files", async (stage) => {
    const box = await stage.start(specOf("gone"));
    await box.write("f", "x");
    await stage.subject.destroy(box.id);
    await expectRefusal(stage.subject.describe(box.id), "not-found");
    assert.deepEqual(await stage.phases(), {});
    const next = await stage.start(specOf("gone", 2));
    assert.equal(await next.read("f"), null);
    assert.equal((await next.exec(["cat", "f"])).exitCode, 1);
  }),
  alone("destroy.again", ["SBX15", "sandbox:destroy:twice"], "destroying what is gone succeeds, once more or at once", async (stage) => {
    const box = await stage.start(specOf("twice"));
    await Promise.all([stage.subject.destroy(box.id), stage.subject.destroy(box.id)]);
    await stage.subject.destroy(box.id);
    assert.deepEqual(await stage.phases(), {});
  }),
  alone("destroy.unknown", "SBX15", "destroying what never was succeeds, whatever it is called", async (stage) => {
    for (const id of ["ses_never-1", "../..", "ses_never", "."]) await stage.subject.destroy(id);
    assert.deepEqual(await stage.phases(), {});
  }),
  alone("destroy.others", "SBX15", "destroy leaves other sessions and their files alone", async (stage) => {
    const [one, other] = await Promise.all([stage.start(specOf("one")), stage.start(specOf("one_more"))]);
    await other.write("f", "theirs");
    await stage.subject.destroy(one.id);
    assert.deepEqual(await stage.phases(), { [other.id]: "running" });
    assert.equal(await other.read("f"), "theirs");
  }),
  alone("destroy.command", "SBX49", "a command is told that its sandbox was destroyed", async (stage) => {
    const box = await stage.start(specOf("crash"));
    const { command } = await underWay(stage, box);
    await stage.subject.destroy(box.id);
    await expectRefusal(command, "canceled", "unknown", "never");
  }),
  alone("late.destroyed", "SBX19", "a create that comes after the destroy of its id makes nothing", async (stage) => {
    await stage.subject.destroy("ses_late-2");
    await expectRefusal(stage.subject.create(specOf("late", 2)), "failed-precondition", "not-applied", "never");
    assert.deepEqual(await stage.phases(), {});
  }),
  alone("late.older", "SBX19", "nor does one of an older epoch", async (stage) => {
    await stage.subject.destroy("ses_late-2");
    await expectRefusal(stage.subject.create(specOf("late", 1)), "failed-precondition", "not-applied", "never");
    assert.deepEqual(await stage.phases(), {});
  }),
  alone("late.stopped", "SBX19", "a create that comes after a stop that did not find it makes nothing", async (stage) => {
    await expectRefusal(stage.subject.stop("ses_hurried-1"), "not-found");
    await expectRefusal(stage.subject.create(specOf("hurried", 1)), "failed-precondition", "not-applied", "never");
    assert.deepEqual(await stage.phases(), {});
  }),
  alone("late.next", "SBX19", "the next epoch after an end is made as ever", async (stage) => {
    await stage.subject.destroy("ses_late-2");
    await stage.start(specOf("late", 3));
  }),
  alone("late.reopened", "SBX19", "a provider that is opened again remembers what was let go", async (stage) => {
    const box = await stage.start(specOf("late", 3));
    await stage.subject.destroy(box.id);
    const again = await stage.reopen();
    for (const epoch of [3, 1]) await expectRefusal(again.create(specOf("late", epoch)), "failed-precondition", "not-applied", "never");
    assert.deepEqual(await stage.phases(again), {});
  }, ["reopen"]),
  alone("reopen.knows", ["SBX10", "sandbox:list:orphan"], "a provider opened again knows what runs and what was stopped", async (stage) => {
    const left = await stage.start(specOf("left", 1, { orgId: "org_2" }));
    const halted = await stage.start(specOf("halted"));
    const before = await stage.subject.describe(left.id);
    await stage.subject.stop(halted.id);
    const again = await stage.reopen();
    assert.deepEqual(await stage.phases(again), { [left.id]: "running", [halted.id]: "stopped" });
    assert.deepEqual(await again.describe(left.id), before);
  }, ["reopen"]),
  alone("reopen.goes-on", "SBX10", "a provider opened again runs commands in what it found, and can end it", async (stage) => {
    const left = await stage.start(specOf("left"));
    await left.write("f", "before\n");
    const again = await stage.reopen();
    const { stdout } = await again.exec(left.id, { command: ["cat", "f"], timeoutMs: 10_000, outputBytesMax: 100 });
    assert.equal(stdout, "before\n");
    await again.destroy(left.id);
    await expectRefusal(again.describe(left.id), "not-found");
  }, ["reopen"]),
  alone("died.said", ["SBX12", "sandbox:describe:died"], "a sandbox whose runtime ended by itself says so, and a stop does not cover it", async (stage) => {
    const { box, description } = await dead(stage, "dies");
    assert.equal(description.failure?.code, "runtime-exited");
    assert.match(description.failure?.message ?? "", /\w \w/);
    await stage.subject.stop(box.id);
    assert.equal((await stage.subject.describe(box.id)).phase, "failed");
    assert.deepEqual(await stage.phases(), { [box.id]: "failed" });
  }, ["kill"]),
  alone("died.exec", "SBX24", "a dead sandbox takes no command, and its files are read", async (stage) => {
    const { box } = await dead(stage, "mute");
    await expectRefusal(box.exec(["true"]), "failed-precondition", "not-applied", "never");
    assert.equal(await box.read("work.txt"), "half done");
  }, ["kill"]),
  alone("died.next", "SBX16", "the epoch after a death goes on with the files", async (stage) => {
    await dead(stage, "heir");
    const next = await stage.start(specOf("heir", 2));
    assert.equal(await next.read("work.txt"), "half done");
    assert.deepEqual(await stage.phases(), { [next.id]: "running" });
  }, ["kill", "keepsWorkFolder"]),
  alone("died.mid-exec", "sandbox:exec:dies-mid-exec", "a command whose sandbox dies is reported as canceled, outcome unknown", async (stage) => {
    const box = await stage.start(specOf("midexec"));
    const refused = expectRefusal(box.exec(["sleep", "600"], { timeoutMs: 600_000 }), "canceled", "unknown", "never");
    await stage.inject("sandbox:exec:dies-mid-exec");
    await refused;
  }, ["dies-mid-exec"]),
];
