/** Creating: who may have which id, how many there may be, and starts that fail or take long. */
import assert from "node:assert/strict";
import { EXEC, expectRefusal, specOf } from "../sandbox-kit.contract.ts";
import { alone, inRoom, type SandboxCase } from "./case.contract.ts";
import { RUNNING } from "./room.contract.ts";

const NO_FOLDER = { workspace: { kind: "folder", path: "/there/is/no/such/folder" } } as const;

export const CREATING_CASES: readonly SandboxCase[] = [
  alone("create.twice-at-once", ["SBX2", "sandbox:create:delivered-twice"], "creates of one id at once make one sandbox", async (stage) => {
    const spec = specOf("twice");
    const answers = await Promise.all([1, 2, 3].map(() => stage.subject.create(spec)));
    assert.equal(new Set(answers.map(({ createdAtMs }) => createdAtMs)).size, 1);
    assert.equal((await stage.settled(spec.id)).phase, "running");
    assert.deepEqual(await stage.phases(), { [spec.id]: "running" });
  }),
  inRoom("create.bad-id", "SBX3", "an id that does not name its session and epoch is refused and makes nothing", async ({ subject }) => {
    for (const id of ["ses_other-1", "ses_one-2", "ses_one", "../ses_one-1", "ses_one-1 ", ""]) await expectRefusal(subject.create(specOf("one", 1, { id })), "invalid-argument", "not-applied", "never");
    assert.equal((await subject.list({})).length, 2);
  }),
  inRoom("create.bad-session", "SBX3", "a session whose name could be a path is refused and makes nothing", async ({ subject }) => {
    for (const session of ["../x", "a/b", "..", "a b", "é"]) await expectRefusal(subject.create(specOf(session)), "invalid-argument", "not-applied", "never");
    assert.equal((await subject.list({})).length, 2);
  }),
  inRoom("create.of-another", ["SBX4", "sandbox:create:conflict"], "an id of another organization is refused and left as it is", async ({ subject, created }) => {
    await expectRefusal(subject.create({ ...RUNNING, orgId: "org_2" }), "already-exists", "not-applied", "never");
    assert.deepEqual(await subject.describe(RUNNING.id), { ...created, phase: "running" });
  }),
  inRoom("create.session-of-another", "SBX4", "the next epoch of another organization's session is refused and ends nothing", async ({ subject }) => {
    await expectRefusal(subject.create(specOf("shared", 2, { orgId: "org_2" })), "already-exists", "not-applied", "never");
    assert.equal((await subject.describe(RUNNING.id)).phase, "running");
  }),
  inRoom("create.other-workspace", "SBX4", "an id with another workspace is refused", async ({ subject }) => {
    await expectRefusal(subject.create({ ...RUNNING, workspace: { kind: "folder", path: "/nowhere" } }), "already-exists", "not-applied", "never");
    assert.equal((await subject.describe(RUNNING.id)).phase, "running");
  }),
  inRoom("create.older-epoch", "SBX5", "an epoch older than the session's newest is refused and makes nothing", async ({ subject }) => {
    for (const epoch of [1, 2]) await expectRefusal(subject.create(specOf("halted", epoch, { orgId: "org_2" })), "failed-precondition", "not-applied", "never");
    assert.deepEqual((await subject.list({ sessionId: "ses_halted" })).map(({ id }) => id), ["ses_halted-3"]);
  }),
  alone("create.no-folder", ["SBX6", "SBX7", "sandbox:create:start-failed"], "a folder that is not there ends in failed, with a code and the step that puts it right", async (stage) => {
    const spec = specOf("nofolder", 1, NO_FOLDER);
    await stage.subject.create(spec);
    const { phase, failure } = await stage.settled(spec.id);
    assert.deepEqual([phase, failure?.code], ["failed", "sandbox-not-found"]);
    assert.match(failure?.message ?? "", /folder/);
    assert.match(failure?.fix ?? "", /\w \w/);
  }),
  alone("create.failed-stays", ["SBX6", "SBX24"], "a sandbox whose start failed stays failed and takes no command", async (stage) => {
    const spec = specOf("stays", 1, NO_FOLDER);
    await stage.subject.create(spec);
    await stage.settled(spec.id);
    await expectRefusal(stage.subject.exec(spec.id, { command: ["true"], ...EXEC }), "failed-precondition", "not-applied", "never");
    await stage.subject.stop(spec.id);
    assert.equal((await stage.subject.create(spec)).phase, "failed");
    assert.deepEqual(await stage.phases(), { [spec.id]: "failed" });
  }),
  alone("create.failed-destroyed", "SBX15", "a sandbox whose start failed can be destroyed", async (stage) => {
    const spec = specOf("undone", 1, NO_FOLDER);
    await stage.subject.create(spec);
    await stage.settled(spec.id);
    await stage.subject.destroy(spec.id);
    assert.deepEqual(await stage.phases(), {});
  }),
  alone("create.no-ref", "SBX7", "a commit that is not there ends in failed, with the step that puts it right", async (stage) => {
    const { path } = await stage.folder();
    const spec = specOf("noref", 1, { workspace: { kind: "folder", path, ref: "no-such-branch" } });
    await stage.subject.create(spec);
    const { phase, failure } = await stage.settled(spec.id);
    assert.deepEqual([phase, failure?.code], ["failed", "sandbox-failed-precondition"]);
    assert.match(failure?.message ?? "", /no-such-branch/);
    assert.match(failure?.fix ?? "", /\w \w/);
  }, ["folder", "appliesToFolder"]),
  alone("create.full", ["SBX17", "sandbox:create:out-of-capacity"], "a full backend refuses one more, says when to ask again, and goes on with what it has", async (stage) => {
    const sessions = Array.from({ length: stage.harness.sandboxesMax }, (_, index) => `full${index}`);
    await Promise.all(sessions.map((session) => stage.start(specOf(session))));
    await expectRefusal(stage.subject.create(specOf("onemore")), "resource-exhausted", "not-applied", { afterMs: 5_000 });
    assert.deepEqual(Object.values(await stage.phases()), sessions.map(() => "running"));
    // The next epoch of a session takes its own place.
    await stage.start(specOf("full0", 2));
    await stage.subject.stop("ses_full0-2");
    await stage.start(specOf("onemore"));
  }),
  alone("create.full-at-once", "SBX58", "however many are asked for at once, no more run than may", async (stage) => {
    const max = stage.harness.sandboxesMax;
    const specs = Array.from({ length: max + 2 }, (_, index) => specOf(`rush${index}`));
    const answers = await Promise.allSettled(specs.map((spec) => stage.subject.create(spec)));
    const refused = answers.flatMap((answer) => (answer.status === "rejected" ? [answer.reason as unknown] : []));
    assert.equal(refused.length, 2);
    for (const error of refused) await expectRefusal(Promise.reject(error as Error), "resource-exhausted", "not-applied", { afterMs: 5_000 });
    for (const [index, { status }] of answers.entries()) if (status === "fulfilled") await stage.settled(`ses_rush${index}-1`);
    assert.deepEqual(Object.values(await stage.phases()), Array.from({ length: max }, () => "running"));
  }),
  alone("start.slow", ["SBX1", "SBX24", "sandbox:create:slow-success"], "a start that takes long is accepted at once, takes no command yet, and runs in the end", async (stage) => {
    await stage.inject("sandbox:create:slow-success");
    const spec = specOf("slow");
    assert.equal((await stage.subject.create(spec)).phase, "accepted");
    assert.equal((await stage.subject.describe(spec.id)).phase, "accepted");
    assert.deepEqual(await stage.phases(), { [spec.id]: "accepted" });
    await expectRefusal(stage.subject.exec(spec.id, { command: ["true"], ...EXEC }), "failed-precondition", "not-applied", { afterMs: 250 });
    assert.equal((await stage.subject.create(spec)).phase, "accepted");
    stage.release();
    assert.equal((await stage.settled(spec.id)).phase, "running");
  }, ["slow-start"]),
  alone("start.stopped", "SBX14", "stop while it is being made ends the making", async (stage) => {
    await stage.inject("sandbox:create:slow-success");
    const spec = specOf("hasty");
    await stage.subject.create(spec);
    const stopping = stage.subject.stop(spec.id);
    stage.release();
    await stopping;
    assert.deepEqual(await stage.phases(), { [spec.id]: "stopped" });
  }, ["slow-start"]),
  alone("start.destroyed", ["SBX14", "SBX15"], "destroy while it is being made leaves nothing", async (stage) => {
    await stage.inject("sandbox:create:slow-success");
    const spec = specOf("unwanted");
    await stage.subject.create(spec);
    const destroying = stage.subject.destroy(spec.id);
    stage.release();
    await destroying;
    assert.deepEqual(await stage.phases(), {});
    await expectRefusal(stage.subject.create(spec), "failed-precondition");
  }, ["slow-start"]),
  alone("start.never-linked", "sandbox:create:never-linked", "a sandbox whose runtime never links is running as far as the backend can tell", async (stage) => {
    await stage.harness.inject?.["sandbox:create:never-linked"]?.(stage.subject);
    await stage.start(specOf("silent"));
  }),
];
