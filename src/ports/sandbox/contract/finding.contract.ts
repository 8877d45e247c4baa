/** Descriptions, lists, and what is not there. */
import assert from "node:assert/strict";
import { isPortError } from "../../../core/kernel/port-error.ts";
import { bytes, EXEC, expectRefusal, TOKEN } from "../sandbox-kit.contract.ts";
import type { SandboxId, SandboxProvider } from "../sandbox.port.ts";
import { inRoom, type SandboxCase } from "./case.contract.ts";
import { HALTED, KEPT, RUNNING } from "./room.contract.ts";

type Ask = (subject: SandboxProvider, id: SandboxId) => Promise<unknown>;

const ASKS: Readonly<Record<string, Ask>> = {
  describe: (subject, id) => subject.describe(id),
  exec: (subject, id) => subject.exec(id, { command: ["true"], ...EXEC }),
  readFile: (subject, id) => subject.readFile(id, "f"),
  writeFile: (subject, id) => subject.writeFile(id, "f", bytes("x")),
  applyWork: (subject, id) => subject.applyWork(id, { branch: "b", message: "m" }),
  describePolicy: (subject, id) => subject.describePolicy(id),
  stop: (subject, id) => subject.stop(id),
};

const ids = async (subject: SandboxProvider, filter: Parameters<SandboxProvider["list"]>[0]): Promise<readonly string[]> => (await subject.list(filter)).map(({ id }) => id).sort();

export const FINDING_CASES: readonly SandboxCase[] = [
  inRoom("create.answer", "SBX1", "create answers what was asked", async ({ created }) => {
    const { id, orgId, sessionId, epoch } = created;
    assert.deepEqual({ id, orgId, sessionId, epoch }, { id: RUNNING.id, orgId: RUNNING.orgId, sessionId: RUNNING.sessionId, epoch: RUNNING.epoch });
    assert.ok(created.phase === "accepted" || created.phase === "running", created.phase);
    assert.equal(created.failure, undefined);
  }),
  inRoom("create.where", "SBX1", "create answers the backend and how it isolates", async ({ created, subject, harness }) => {
    assert.deepEqual([created.backend, created.isolation], [subject.backend, harness.isolation]);
    assert.match(created.backend, /^[a-z][a-z0-9-]*$/);
  }),
  inRoom("create.when", "SBX1", "create answers the time of creation, which stays", async ({ created, subject }) => {
    assert.ok(Number.isInteger(created.createdAtMs) && created.createdAtMs > Date.UTC(2020, 0), String(created.createdAtMs));
    assert.equal((await subject.describe(RUNNING.id)).createdAtMs, created.createdAtMs);
  }),
  inRoom("create.runs", "SBX6", "what was accepted comes to run, and is else as it was answered", async ({ created, subject }) => {
    assert.deepEqual(await subject.describe(RUNNING.id), { ...created, phase: "running" });
  }),
  inRoom("create.again", ["SBX2", "sandbox:create:delivered-twice"], "a second create answers the first sandbox", async ({ subject, created }) => {
    assert.deepEqual(await subject.create(RUNNING), { ...created, phase: "running" });
    assert.equal((await subject.list({ sessionId: RUNNING.sessionId })).length, 1);
  }),
  inRoom("create.again-stopped", "SBX2", "a create of a stopped sandbox answers it and starts nothing", async ({ subject }) => {
    assert.equal((await subject.create(HALTED)).phase, "stopped");
    assert.equal((await subject.describe(HALTED.id)).phase, "stopped");
  }),
  ...Object.entries(ASKS).map(([operation, ask]) =>
    inRoom(`unknown.${operation}`, operation === "describe" ? ["SBX8", "sandbox:describe:not-found"] : "SBX8", `${operation} of what was never created is not found`, async ({ subject }) => {
      await expectRefusal(ask(subject, "ses_nobody-1"), "not-found", "not-applied", "never");
    }),
  ),
  inRoom("unknown.odd-ids", "SBX8", "an id that is none is not found", async ({ subject }) => {
    for (const id of ["../../etc", "ses_shared", "ses_shared-01", "ses_shared-1/", "", "ses_shared-1 ", "%2e%2e"]) await expectRefusal(subject.describe(id), "not-found");
  }),
  inRoom("unknown.next-epoch", "SBX8", "an epoch that was not created is not found", async ({ subject }) => {
    await expectRefusal(subject.describe("ses_shared-2"), "not-found");
    await expectRefusal(subject.exec("ses_halted-2", { command: ["true"], ...EXEC }), "not-found");
  }),
  inRoom("error.named", "SBX56", "an error names the port, the operation and the trouble", async ({ subject }) => {
    for (const [operation, ask] of Object.entries(ASKS)) {
      const error: unknown = await ask(subject, "ses_nobody-1").catch((raw: unknown) => raw);
      if (!isPortError(error)) throw error;
      assert.deepEqual([error.port, error.operation], ["sandbox", operation]);
      assert.match(error.message, /\w \w.*\.$/);
    }
  }),
  inRoom("list.all", "SBX9", "list answers all sandboxes, whatever their phase", async ({ subject }) => {
    assert.deepEqual(await ids(subject, {}), [HALTED.id, RUNNING.id]);
  }),
  inRoom("list.organization", "SBX9", "list answers one organization's", async ({ subject }) => {
    assert.deepEqual([await ids(subject, { orgId: "org_2" }), await ids(subject, { orgId: "org_1" })], [[HALTED.id], [RUNNING.id]]);
  }),
  inRoom("list.session", "SBX9", "list answers one session's", async ({ subject }) => {
    assert.deepEqual(await ids(subject, { sessionId: RUNNING.sessionId }), [RUNNING.id]);
  }),
  inRoom("list.both", "SBX9", "both filters must hold", async ({ subject }) => {
    assert.deepEqual(await ids(subject, { orgId: "org_2", sessionId: RUNNING.sessionId }), []);
    assert.deepEqual(await ids(subject, { orgId: "org_1", sessionId: RUNNING.sessionId }), [RUNNING.id]);
  }),
  inRoom("list.nobody", "SBX9", "nobody's sandboxes are none", async ({ subject }) => {
    assert.deepEqual([await ids(subject, { orgId: "org_none" }), await ids(subject, { sessionId: "ses_none" })], [[], []]);
  }),
  inRoom("list.described", "SBX9", "list describes as describe does", async ({ subject }) => {
    for (const listed of await subject.list({})) assert.deepEqual(listed, await subject.describe(listed.id));
  }),
  inRoom("token.answers", "SBX11", "the token is in no answer", async ({ subject, created, running }) => {
    const answers = [created, await subject.create(RUNNING), await subject.describe(running.id), await subject.list({}), await subject.describePolicy(running.id)];
    assert.ok(!JSON.stringify(answers).includes(TOKEN), "it is in one");
  }),
  inRoom("token.environment", "SBX45", "a command finds no token in its environment", async ({ running }) => {
    const { stdout } = await running.exec(["env"]);
    assert.match(stdout, /PATH=/);
    assert.ok(!stdout.includes(TOKEN), "it finds it");
  }),
  inRoom("token.errors", ["SBX11", "SBX56"], "the token is in no error", async ({ subject }) => {
    const refused = [subject.create({ ...RUNNING, orgId: "org_2" }), subject.create({ ...RUNNING, id: `${RUNNING.id}0` })];
    for (const raw of await Promise.all(refused.map((running) => running.catch((error: unknown) => error)))) {
      if (!isPortError(raw)) throw raw;
      assert.ok(!`${raw.message} ${raw.fix ?? ""} ${JSON.stringify(raw.toWire())}`.includes(TOKEN), "it is in one");
    }
  }),
  inRoom("stopped.described", "SBX13", "a stopped sandbox is stopped and has no failure", async ({ subject }) => {
    const { phase, failure } = await subject.describe(HALTED.id);
    assert.deepEqual([phase, failure], ["stopped", undefined]);
  }),
  inRoom("stopped.again", "SBX13", "stopping a stopped one succeeds", async ({ subject }) => {
    await subject.stop(HALTED.id);
    assert.equal((await subject.describe(HALTED.id)).phase, "stopped");
  }),
  inRoom("stopped.exec", ["SBX24", "sandbox:exec:stale-handle"], "a stopped sandbox takes no command", async ({ halted }) => {
    await expectRefusal(halted.exec(["true"]), "failed-precondition", "not-applied", "never");
  }),
  inRoom("stopped.policy", "SBX24", "a stopped sandbox is not measured", async ({ subject }) => {
    await expectRefusal(subject.describePolicy(HALTED.id), "failed-precondition", "not-applied", "never");
  }),
  inRoom("stopped.files", ["SBX13", "SBX28"], "files of a stopped sandbox are read", async ({ halted }) => {
    assert.deepEqual([await halted.read(KEPT.path), await halted.read("none")], [KEPT.text, null]);
  }),
  inRoom("stopped.paths", "SBX27", "files of a stopped sandbox are no way out either", async ({ halted }) => {
    await expectRefusal(halted.read("../x"), "permission-denied");
  }),
  inRoom("apart.files", "SBX60", "a session sees no file of another", async ({ running, halted }) => {
    await running.write("of-shared", "mine");
    assert.deepEqual([await halted.read("of-shared"), await running.read(KEPT.path)], [null, null]);
    assert.equal((await running.exec(["cat", KEPT.path])).exitCode, 1);
  }),
];
