/** Creating, finding, stopping and destroying. */
import { verifiesOn } from "@berth/testkit";
import { expect, vi } from "vitest";
import { bytes, EXEC, expectRefusal, settled, specOf, started, text, TOKEN, type SandboxHarness } from "./sandbox-kit.contract.ts";

export function describeCreating(harness: SandboxHarness): void {
  verifiesOn(harness, ["SBX1", "SBX6"], "create answers what was asked and the sandbox comes to run", async () => {
    const subject = await harness.create();
    const spec = specOf("one");
    const answer = await subject.create(spec);
    expect(answer).toMatchObject({ id: spec.id, orgId: "org_1", sessionId: spec.sessionId, epoch: 1, isolation: harness.isolation });
    expect(["accepted", "running"]).toContain(answer.phase);
    expect(answer.createdAtMs).toBeGreaterThan(0);
    expect(await settled(subject, spec.id)).toEqual({ ...answer, phase: "running" });
  });

  verifiesOn(harness, ["SBX2", "sandbox:create:delivered-twice"], "two creates of one id, at once or later, make one sandbox", async () => {
    const subject = await harness.create();
    const spec = specOf("twice");
    const [one, other] = await Promise.all([subject.create(spec), subject.create(spec)]);
    expect(other.createdAtMs).toBe(one.createdAtMs);
    await settled(subject, spec.id);
    expect(await subject.create(spec)).toEqual(await subject.describe(spec.id));
    expect(await subject.list({})).toHaveLength(1);
  });

  verifiesOn(harness, "SBX3", "an id that does not name its session and epoch is refused", async () => {
    const subject = await harness.create();
    for (const id of ["ses_other-1", "ses_one-2", "ses_one", "../ses_one-1", ""]) {
      await expectRefusal(subject.create(specOf("one", 1, { id })), "invalid-argument");
    }
    await expectRefusal(subject.create(specOf("../x")), "invalid-argument");
    expect(await subject.list({})).toEqual([]);
  });

  verifiesOn(harness, ["SBX4", "sandbox:create:conflict"], "an id that is another organization's or has another workspace is refused", async () => {
    const subject = await harness.create();
    await started(subject, specOf("taken"));
    await expectRefusal(subject.create(specOf("taken", 1, { orgId: "org_2" })), "already-exists");
    await expectRefusal(subject.create(specOf("taken", 2, { orgId: "org_2" })), "already-exists");
    await expectRefusal(subject.create(specOf("taken", 1, { workspace: { kind: "folder", path: "/nowhere" } })), "already-exists");
    expect(await subject.describe("ses_taken-1")).toMatchObject({ orgId: "org_1", phase: "running" });
  });

  verifiesOn(harness, "SBX5", "an epoch older than the session's newest is refused", async () => {
    const subject = await harness.create();
    await started(subject, specOf("old", 2));
    await expectRefusal(subject.create(specOf("old", 1)), "failed-precondition");
    expect((await subject.list({})).map(({ id }) => id)).toEqual(["ses_old-2"]);
  });

  verifiesOn(harness, ["SBX6", "SBX7", "sandbox:create:start-failed"], "a folder that is not there ends in failed with what to do", async () => {
    const subject = await harness.create();
    const spec = specOf("nofolder", 1, { workspace: { kind: "folder", path: "/there/is/no/such/folder" } });
    await subject.create(spec);
    const { phase, failure } = await settled(subject, spec.id);
    expect(phase).toBe("failed");
    expect(failure).toMatchObject({ code: "sandbox-not-found", message: expect.stringMatching(/folder/), fix: expect.stringMatching(/\w/) });
  });

  verifiesOn(harness, ["SBX17", "sandbox:create:out-of-capacity"], "a full backend refuses one more and goes on with what it has", async () => {
    const subject = await harness.create();
    const sessions = Array.from({ length: harness.sandboxesMax }, (_, index) => `full${index}`);
    for (const session of sessions) await started(subject, specOf(session));
    const refused = subject.create(specOf("onemore"));
    await expectRefusal(refused, "resource-exhausted");
    await expect(refused).rejects.toMatchObject({ retry: { afterMs: 5_000 } });
    expect((await subject.list({})).map(({ phase }) => phase)).toEqual(sessions.map(() => "running"));
    await subject.stop("ses_full0-1");
    await started(subject, specOf("onemore"));
  });

  verifiesOn(harness, ["SBX1", "sandbox:create:slow-success"], "a start that takes long is accepted at once and runs in the end", async () => {
    const subject = await harness.create();
    await harness.inject?.["sandbox:create:slow-success"]?.(subject);
    expect((await subject.create(specOf("slow"))).phase).toBe("accepted");
    expect((await subject.describe("ses_slow-1")).phase).toBe("accepted");
    await expect(subject.exec("ses_slow-1", { command: ["true"], ...EXEC })).rejects.toMatchObject({ code: "failed-precondition", retry: { afterMs: 250 } });
    harness.release(subject);
    expect((await settled(subject, "ses_slow-1")).phase).toBe("running");
  });

  verifiesOn(harness, "SBX14", "stop while it is being made ends the making", async () => {
    const subject = await harness.create();
    await harness.inject?.["sandbox:create:slow-success"]?.(subject);
    await subject.create(specOf("hasty"));
    const stopping = subject.stop("ses_hasty-1");
    harness.release(subject);
    await stopping;
    expect((await subject.describe("ses_hasty-1")).phase).toBe("stopped");
  });

  verifiesOn(harness, "sandbox:create:never-linked", "a sandbox whose runtime never links is running as far as the backend can tell", async () => {
    const subject = await harness.create();
    await harness.inject?.["sandbox:create:never-linked"]?.(subject);
    await started(subject, specOf("silent"));
  });
}

export function describeFinding(harness: SandboxHarness): void {
  verifiesOn(harness, ["SBX8", "sandbox:describe:not-found"], "what was never created is not found", async () => {
    const subject = await harness.create();
    const id = "ses_nobody-1";
    await expectRefusal(subject.describe(id), "not-found");
    await expectRefusal(subject.describe("../../etc"), "not-found");
    await expectRefusal(subject.exec(id, { command: ["true"], ...EXEC }), "not-found");
    await expectRefusal(subject.readFile(id, "f"), "not-found");
    await expectRefusal(subject.writeFile(id, "f", bytes("x")), "not-found");
    await expectRefusal(subject.applyWork(id, { branch: "b", message: "m" }), "not-found");
    await expectRefusal(subject.describePolicy(id), "not-found");
    await expectRefusal(subject.stop(id), "not-found");
  });

  verifiesOn(harness, "SBX9", "list answers all, one organization's or one session's", async () => {
    const subject = await harness.create();
    await started(subject, specOf("a"));
    await started(subject, specOf("b", 3, { orgId: "org_2" }));
    const ids = async (filter: { orgId?: string; sessionId?: string }) => (await subject.list(filter)).map(({ id }) => id).sort();
    expect(await ids({})).toEqual(["ses_a-1", "ses_b-3"]);
    expect(await ids({ orgId: "org_2" })).toEqual(["ses_b-3"]);
    expect(await ids({ sessionId: "ses_a" })).toEqual(["ses_a-1"]);
    expect(await ids({ orgId: "org_2", sessionId: "ses_a" })).toEqual([]);
  });

  verifiesOn(harness, ["SBX10", "sandbox:list:orphan"], "a provider opened again lists what runs and can end it", async () => {
    const subject = await harness.create();
    await started(subject, specOf("left"));
    await started(subject, specOf("halted"));
    await subject.stop("ses_halted-1");
    const again = await harness.reopen(subject);
    const phases = Object.fromEntries((await again.list({})).map(({ id, phase }) => [id, phase]));
    expect(phases).toEqual({ "ses_left-1": "running", "ses_halted-1": "stopped" });
    expect((await again.exec("ses_left-1", { command: ["echo", "here"], ...EXEC })).stdout).toBe("here\n");
    await again.destroy("ses_left-1");
    await expectRefusal(again.describe("ses_left-1"), "not-found");
  });

  verifiesOn(harness, "SBX11", "the token is in no answer", async () => {
    const subject = await harness.create();
    const id = await started(subject, specOf("secret"));
    const answers = [await subject.create(specOf("secret")), await subject.describe(id), await subject.list({}), await subject.describePolicy(id)];
    expect(JSON.stringify(answers)).not.toContain(TOKEN);
  });

  verifiesOn(harness, ["SBX12", "sandbox:describe:died"], "a sandbox whose runtime ended by itself says so", async () => {
    const subject = await harness.create();
    const id = await started(subject, specOf("dies"));
    await harness.kill(subject, id);
    // The end of a process is noticed when the system reports it.
    await vi.waitFor(async () => expect(await subject.describe(id)).toMatchObject({ phase: "failed", failure: { code: "runtime-exited" } }), { timeout: 5_000 });
    await subject.stop(id);
    expect((await subject.describe(id)).phase).toBe("failed");
  });
}

export function describeEnding(harness: SandboxHarness): void {
  verifiesOn(harness, ["SBX13", "SBX28"], "stop keeps the files, and stopping twice succeeds", async () => {
    const subject = await harness.create();
    const id = await started(subject, specOf("stop"));
    await subject.writeFile(id, "kept.txt", bytes("kept"));
    await subject.stop(id);
    expect(await subject.describe(id)).toMatchObject({ phase: "stopped" });
    expect((await subject.describe(id)).failure).toBeUndefined();
    await subject.stop(id);
    expect(text(await subject.readFile(id, "kept.txt"))).toBe("kept");
  });

  verifiesOn(harness, ["SBX24", "sandbox:exec:stale-handle"], "a stopped sandbox takes no command", async () => {
    const subject = await harness.create();
    const id = await started(subject, specOf("stale"));
    await subject.stop(id);
    await expectRefusal(subject.exec(id, { command: ["true"], ...EXEC }), "failed-precondition");
    await expectRefusal(subject.describePolicy(id), "failed-precondition");
  });

  verifiesOn(harness, ["SBX15", "sandbox:destroy:twice"], "destroy removes it with its files, twice or unknown alike", async () => {
    const subject = await harness.create();
    const id = await started(subject, specOf("gone"));
    await subject.writeFile(id, "f", bytes("x"));
    await subject.destroy(id);
    await subject.destroy(id);
    await subject.destroy("ses_never-1");
    await subject.destroy("../..");
    await expectRefusal(subject.describe(id), "not-found");
    expect(await subject.list({})).toEqual([]);
    const next = await started(subject, specOf("gone", 2));
    expect(await subject.readFile(next, "f")).toBeNull();
  });

  verifiesOn(harness, "SBX19", "a create that comes after its end was asked for makes nothing, and the next epoch is made", async () => {
    const subject = await harness.create();
    await subject.destroy("ses_late-2");
    await expectRefusal(subject.stop("ses_hurried-1"), "not-found");
    for (const spec of [specOf("late", 2), specOf("late", 1), specOf("hurried", 1)]) await expectRefusal(subject.create(spec), "failed-precondition");
    expect(await subject.list({})).toEqual([]);
    const id = await started(subject, specOf("late", 3));
    await subject.destroy(id);
    const again = await harness.reopen(subject);
    await expectRefusal(again.create(specOf("late", 3)), "failed-precondition");
    await expectRefusal(again.create(specOf("late", 1)), "failed-precondition");
    expect(await again.list({})).toEqual([]);
    await started(again, specOf("late", 4));
  });

  if (!harness.capabilities.keepsWorkFolder) return;
  verifiesOn(harness, ["SBX16", "SBX15"], "the next epoch takes the work over from the one before", async () => {
    const subject = await harness.create();
    const first = await started(subject, specOf("next", 1));
    await subject.writeFile(first, "work.txt", bytes("half done"));
    const second = await started(subject, specOf("next", 2));
    expect(text(await subject.readFile(second, "work.txt"))).toBe("half done");
    await expectRefusal(subject.describe(first), "not-found");
    await subject.destroy(first);
    expect(text(await subject.readFile(second, "work.txt"))).toBe("half done");
  });
}
