/** Processes that wait for their session: what the contract cannot see of them. */
import { appendFileSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { agentReadyFile } from "@berth/sandbox-runtime/link-file";
import { verifies } from "@berth/testkit";
import { childrenOf } from "@berth/sandbox-runtime/processes/process-table";
import { afterEach, describe, expect, test, vi } from "vitest";
import { EXEC, expectRefusal, specOf, started } from "../../ports/sandbox/sandbox-kit.contract.ts";
import type { SandboxProvider } from "../../ports/sandbox/sandbox.port.ts";
import { ProcessKit } from "./process-kit.contract.ts";
import { StartPace } from "./session-folders/start-pace.ts";

const kit = new ProcessKit();
afterEach(() => kit.dispose());

const root = (): string => join(kit.dataDir, "sandboxes");
const waiting = (): string[] => readdirSync(root()).filter((name) => name.startsWith("waiting_"));
const startedAs = (id: string): string | undefined => kit.label(id).startedAs;
const rightsOf = async (subject: SandboxProvider, id: string) => (await subject.describePolicy(id)).measured;

describe("one that waits", () => {
  test("[WRM1][WRM8] is the next session's, with the same rights, work folder and commands as one that is made", async () => {
    const subject = await kit.openWarm();
    const [name] = waiting();
    const claimed = await started(subject, specOf("claimed"));
    expect(startedAs(claimed)).toBe(`${name}-1`);
    await subject.warm?.close();
    const made = await started(subject, specOf("made"));
    expect(startedAs(made)).toBeUndefined();
    for (const command of ["pwd; ls -A; git log --format=%s; git symbolic-ref HEAD", "env | grep -v ^BERTH_ | sort", "ls -ld /workspace /home/agent /tmp /run/berth | cut -c1-10"]) {
      const [first, second] = await Promise.all([claimed, made].map((id) => subject.exec(id, { command: ["sh", "-c", command], ...EXEC })));
      expect(first?.stdout).toBe(second?.stdout);
    }
    expect(await rightsOf(subject, claimed)).toEqual(await rightsOf(subject, made));
  });

  test("[WRM2] goes to one of two that come at once, and never to a later one", async () => {
    const subject = await kit.openWarm();
    const [name] = waiting();
    const ids = await Promise.all(["one", "two"].map((session) => started(subject, specOf(session))));
    const used = ids.map(startedAs);
    expect(used.filter((id) => id === `${name}-1`)).toHaveLength(1);
    expect(new Set(used).size).toBe(2);
    for (const id of ids) await subject.destroy(id);
    const later = await started(subject, specOf("later"));
    expect(startedAs(later)).not.toBe(`${name}-1`);
  });

  test("[WRM2] is not given to a session that has files already", async () => {
    const subject = await kit.openWarm();
    await started(subject, specOf("again"));
    await kit.someWait(subject);
    const next = await started(subject, specOf("again", 2));
    expect(startedAs(next)).toBeUndefined();
    expect(subject.warm?.count().ready).toBe(1);
  });

  test("[WRM3] has no word of anybody, and what it was told is nowhere but in it", async () => {
    const subject = await kit.openWarm();
    const spec = specOf("told", 1, { link: { url: "ws://127.0.0.1:9/v1/sandbox/link", token: "example-token-of-a-session" } });
    const id = await started(subject, spec);
    const { leader, init } = kit.label(id);
    const pids = [leader?.pid, init?.pid, ...childrenOf(init?.pid ?? 0)];
    const told = pids.map((pid) => ["environ", "cmdline"].map((name) => readFileSync(`/proc/${pid}/${name}`, "utf8")).join(" ")).join(" ");
    const look = "find /workspace /home/agent /tmp /run/berth -type f -exec cat {} +";
    const { stdout } = await subject.exec(id, { command: ["sh", "-c", look], ...EXEC });
    expect(told).toContain("BERTH_SANDBOX_ID=waiting_");
    for (const word of [spec.link.token, spec.sessionId, spec.orgId]) expect(told).not.toContain(word);
    expect(stdout).not.toContain(spec.link.token);
    const { token, sessionId, orgId } = JSON.parse(readFileSync(join(root(), spec.sessionId, "runtime", "started.json"), "utf8")) as { token: number; sessionId: string; orgId: string };
    expect([token, sessionId, orgId]).toEqual([spec.link.token.length, spec.sessionId, spec.orgId]);
  });

  test("[WRM4] ends with its host; what was claimed is the next host's", async () => {
    const subject = await kit.openWarm();
    const id = await started(subject, specOf("outlives"));
    await kit.someWait(subject);
    await subject.warm?.close();
    expect(waiting()).toEqual([]);
    const again = kit.open();
    expect(await again.describe(id)).toMatchObject({ phase: "running" });
    expect((await again.exec(id, { command: ["echo", "here"], ...EXEC })).stdout).toBe("here\n");
    await again.stop(id);
    expect(await again.describe(id)).toMatchObject({ phase: "stopped" });
  });

  test("[WRM4] that an earlier host left is cleared away by the next", async () => {
    const earlier = await kit.openWarm();
    const [name = ""] = waiting();
    const next = kit.open({ warm: { max: 0 } });
    await next.warm?.open();
    expect(existsSync(join(root(), name))).toBe(false);
    await vi.waitFor(() => expect(earlier.warm?.count().waiting).toBe(0), { timeout: 30_000 });
  });

  test("[WRM5] is not given away once the runtime is another", async () => {
    const runtime = join(kit.root, "runtime.mjs");
    copyFileSync(kit.readOnlyPaths[1] ?? "", runtime);
    const node = kit.readOnlyPaths[0] ?? "";
    const subject = await kit.openWarm({ runtimeCommand: [node, runtime], opencodePath: runtime, readOnlyPaths: [node, runtime] });
    appendFileSync(runtime, "// newer\n");
    expect(startedAs(await started(subject, specOf("newer")))).toBeUndefined();
  });

  test("[WRM7] is made only where there is memory for it", async () => {
    const asked: string[] = [];
    const subject = kit.open({ warm: { max: 1, quietMs: 0, freeBytes: () => (asked.push("memory"), 0) } });
    await subject.warm?.open();
    await vi.waitFor(() => expect(asked).not.toEqual([]), { timeout: 30_000 });
    expect(subject.warm?.count()).toEqual({ waiting: 0, ready: 0 });
    await expectRefusal(subject.describe("ses_none-1"), "not-found");
  });
});

/** Of a machine that has no time left. */
const busyPace = (atOnce: number): StartPace => new StartPace({ atOnce, now: () => 0, ticks: () => ({ idle: 0, total: 1 }) });

describe("turns to boot", () => {
  verifies("DKR13", "a start's turn is over once its agent is ready, or its sandbox is none any more", async () => {
    const subject = kit.open({ pace: busyPace(1) });
    const first = await started(subject, specOf("first"));
    await expectRefusal(subject.create(specOf("second")), "resource-exhausted");
    const file = join(root(), "ses_first", "home", agentReadyFile(1));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, "");
    const second = await started(subject, specOf("second"));
    await expectRefusal(subject.create(specOf("third")), "resource-exhausted");
    await subject.stop(second);
    await started(subject, specOf("third"));
    expect((await subject.describe(first)).phase).toBe("running");
  });

  verifies("DKR13", "one that waits spares its turn to who is given it, and to nobody else", async () => {
    const subject = await kit.openWarm({ pace: busyPace(1) });
    await started(subject, specOf("again"));
    await kit.someWait(subject);
    // Has files already, so that it boots while one waits.
    await started(subject, specOf("again", 2));
    await kit.someWait(subject);
    const other = await started(subject, specOf("claims"));
    expect(startedAs(other)).toMatch(/^waiting_/);
    await subject.warm?.close();
    await expectRefusal(subject.create(specOf("made")), "resource-exhausted");
  });
});

test("[WRM1] without bubblewrap none waits", () => {
  expect(kit.open({ isolation: "none", warm: { max: 1 } }).warm).toBeNull();
});
