/** One session after the other: epochs, and what happens at the same time. */
import assert from "node:assert/strict";
import { expectRefusal, specOf } from "../sandbox-kit.contract.ts";
import { alone, type SandboxCase } from "./case.contract.ts";
import { underWay } from "./ending.contract.ts";

export const EPOCH_CASES: readonly SandboxCase[] = [
  alone("epoch.files", ["SBX16", "SBX15"], "the next epoch takes the files over, also when the one before is destroyed then", async (stage) => {
    const first = await stage.start(specOf("next", 1));
    await first.write("deep/work.txt", "half done");
    const second = await stage.start(specOf("next", 2));
    assert.equal(await second.read("deep/work.txt"), "half done");
    await stage.subject.destroy(first.id);
    assert.equal(await second.read("deep/work.txt"), "half done");
  }, ["keepsWorkFolder"]),
  alone("epoch.stopped-files", "SBX16", "the epoch after a stop finds the files too", async (stage) => {
    const first = await stage.start(specOf("rest", 1));
    await first.write("work.txt", "rested");
    await stage.subject.stop(first.id);
    const second = await stage.start(specOf("rest", 4));
    assert.equal(await second.read("work.txt"), "rested");
  }, ["keepsWorkFolder"]),
  alone("epoch.only-one", "SBX16", "the epoch before is no sandbox any more", async (stage) => {
    const first = await stage.start(specOf("heir", 1));
    const second = await stage.start(specOf("heir", 2));
    await expectRefusal(stage.subject.describe(first.id), "not-found");
    await expectRefusal(first.exec(["true"]), "not-found");
    assert.deepEqual(await stage.phases(), { [second.id]: "running" });
  }),
  alone("epoch.command", "SBX49", "a command is told that another epoch took over", async (stage) => {
    const first = await stage.start(specOf("over", 1));
    const { command } = await underWay(stage, first);
    await stage.start(specOf("over", 2));
    await expectRefusal(command, "canceled", "unknown", "never");
  }),
  alone("epoch.at-once", "SBX59", "of two epochs that are created at once the newer one is left", async (stage) => {
    await Promise.allSettled([stage.subject.create(specOf("race", 1)), stage.subject.create(specOf("race", 2))]);
    assert.equal((await stage.settled("ses_race-2")).phase, "running");
    assert.deepEqual(await stage.phases(), { "ses_race-2": "running" });
  }),
  alone("epoch.stop-old", "SBX8", "a stop of the epoch before does not end the one after it", async (stage) => {
    await stage.start(specOf("calm", 1));
    const second = await stage.start(specOf("calm", 2));
    await expectRefusal(stage.subject.stop("ses_calm-1"), "not-found");
    assert.deepEqual(await stage.phases(), { [second.id]: "running" });
    assert.equal((await second.exec(["true"])).exitCode, 0);
  }),
  alone("once.sessions", "SBX60", "sessions that are created at once run beside each other, each in its own folder", async (stage) => {
    const boxes = await Promise.all(["a", "b", "c"].map((session) => stage.start(specOf(session, 1, { orgId: `org_${session}` }))));
    await Promise.all(boxes.map((box) => box.sh(`echo ${box.id} > who`)));
    assert.deepEqual(await Promise.all(boxes.map((box) => box.read("who"))), boxes.map(({ id }) => `${id}\n`));
  }),
  alone("once.create-destroy", "SBX15", "a destroy right behind a create leaves nothing", async (stage) => {
    const spec = specOf("brief");
    const creating = stage.subject.create(spec).catch(() => undefined);
    const destroying = stage.subject.destroy(spec.id);
    await Promise.all([creating, destroying]);
    // Whichever came first, the next destroy finds all there is.
    await stage.subject.destroy(spec.id);
    assert.deepEqual(await stage.phases(), {});
    await expectRefusal(stage.subject.create(spec), "failed-precondition");
  }),
];
