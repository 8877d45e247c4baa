/** What the contract cannot see of the process sandbox: what is visible from inside, hostile files, restarts. */
import { closeSync, constants, existsSync, openSync, readdirSync, readFileSync, readSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { verifies } from "@berth/testkit";
import { afterEach, describe, expect, test, vi } from "vitest";
import { identify, isAlive } from "@berth/sandbox-runtime/processes/process-table";
import { bytes, EXEC, expectRefusal, settled, specOf, started, text, TOKEN } from "../../ports/sandbox/sandbox-kit.contract.ts";
import type { SandboxId, SandboxProvider } from "../../ports/sandbox/sandbox.port.ts";
import { ProcessKit } from "./process-kit.contract.ts";

const kit = new ProcessKit();
afterEach(() => kit.dispose());

/**
 * Each process of a chain starts the next and ends at once, so none is there for long: one kind has every process in a
 * session of its own, the other runs no program anew. They end by themselves some time, for when nobody ends them.
 */
const CHAINS = `
fork() { if [ "$1" -gt 0 ]; then fork $(($1 - 1)) & else exec sh "$0" fork $(($left - 500)); fi; }
left=$2
case $1 in
hop) [ "$left" -gt 0 ] && setsid sh "$0" hop $((left - 1)) & exit;;
fork) [ "$left" -gt 0 ] && fork 500; exit;;
esac
rm "$1"
# Open in every one of them, so that whoever reads it knows when the last one is gone.
mkfifo "$BERTH_RUN_DIR/alive.new"
sleep 1000 < "$BERTH_RUN_DIR/alive.new" &
exec 9> "$BERTH_RUN_DIR/alive.new"
mv "$BERTH_RUN_DIR/alive.new" "$BERTH_RUN_DIR/alive"
for chain in 1 2 3; do sh "$0" hop 3000; sh "$0" fork 10000; done
exec sleep 1000
`;

async function shell(subject: SandboxProvider, id: SandboxId, script: string): Promise<string> {
  const { stdout, stderr } = await subject.exec(id, { command: ["sh", "-c", script], ...EXEC });
  return (stdout + stderr).trim();
}

const folderOf = (session: string, name: string): string => join(kit.dataDir, "sandboxes", `ses_${session}`, name);

/** The stand-in runtime says when it is up. */
function runtimeStarted(session: string): Promise<Record<string, unknown>> {
  const path = join(folderOf(session, "runtime"), "started.json");
  return vi.waitFor(() => JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>, { timeout: 10_000, interval: 20 });
}

describe("inside bubblewrap", () => {
  test("neither Berth's data, nor the home, nor other folders of the machine are there", async () => {
    const subject = kit.open();
    const id = await started(subject, specOf("inside"));
    writeFileSync(join(kit.root, "secret.txt"), "of the user");
    expect(await shell(subject, id, `ls ${kit.root} ${kit.dataDir} /root /home/$(whoami) /var /etc/shadow /sys /run/docker.sock 2>&1 >/dev/null | grep -c 'cannot access'`)).toBe("7");
    expect(await shell(subject, id, "ls -A /home /home/agent /opt /run")).toBe("/home:\nagent\n\n/home/agent:\n\n/opt:\nberth\n\n/run:\nberth");
    expect(await shell(subject, id, "id -u; whoami; hostname")).toBe("1000\nagent\nberth");
    expect(hostname()).not.toBe("berth");
  });

  test("only its own processes are there", async () => {
    const subject = kit.open();
    const id = await started(subject, specOf("processes"));
    const seen = await shell(subject, id, "cat /proc/[0-9]*/comm | sort | uniq");
    expect(seen.split("\n").sort()).toEqual(["bwrap", "cat", "sh", "sort", "uniq"].filter((name) => seen.includes(name)));
    expect(await shell(subject, id, `kill -0 ${process.pid}`)).toMatch(/No such process/i);
  });

  test("system folders, devices and kernel settings cannot be written", async () => {
    const subject = kit.open();
    const id = await started(subject, specOf("readonly"));
    expect(await shell(subject, id, "for d in / /usr /etc /opt/berth /run /home /var; do touch $d/x 2>/dev/null && echo wrote $d; done")).toBe("");
    expect(await shell(subject, id, "find /proc/sys /proc/sysrq-trigger -type f -writable 2>/dev/null | wc -l")).toBe("0");
    expect(await shell(subject, id, "cat /proc/sys/kernel/core_pattern > /proc/sys/kernel/core_pattern")).toMatch(/Read-only|denied/i);
    expect(await shell(subject, id, "unshare -m true; mount -t tmpfs none /mnt")).toMatch(/denied|permitted|superuser|must be/i);
  });

  test("nothing of the host's environment and no token is there", async () => {
    vi.stubEnv("ANTHROPIC_API_KEY", "sk-ant-example");
    const subject = kit.open();
    const id = await started(subject, specOf("environment"));
    const seen = await runtimeStarted("environment");
    expect(seen).toMatchObject({ sessionId: "ses_environment", epoch: 1, orgId: "org_1", workFolder: "/workspace", home: "/home/agent", cwd: "/workspace", token: TOKEN.length });
    const names = (await shell(subject, id, "env")).split("\n").map((line) => line.split("=")[0]).sort();
    expect(names).toEqual(["BERTH_COMMAND_ID", "BERTH_RUN_DIR", "BERTH_SANDBOX_ID", "GIT_CONFIG_NOSYSTEM", "HOME", "LOGNAME", "PATH", "PWD", "SHELL", "TMPDIR", "USER"]);
    expect(await shell(subject, id, "cat /run/berth/link.json")).toMatch(/No such file/);
    vi.unstubAllEnvs();
  });
});

describe("without isolation", () => {
  verifies("SBX18", "real models are refused with what to do, unless the user trusts the agent", async () => {
    const refused = kit.open({ isolation: "none" }).create(specOf("untrusted", 1, { demoOnly: false }));
    await expectRefusal(refused, "failed-precondition");
    await expect(refused).rejects.toMatchObject({ fix: expect.stringMatching(/bubblewrap.*--trust-agent/) });
    expect(existsSync(folderOf("untrusted", ""))).toBe(false);
    await started(kit.open({ isolation: "none", trustAgent: true }), specOf("trusted", 1, { demoOnly: false }));
    await started(kit.open(), specOf("isolated", 1, { demoOnly: false }));
  });
});

describe("files that the agent prepares", () => {
  test("links out of the work folder are not followed, links inside are", async () => {
    const subject = kit.open();
    const id = await started(subject, specOf("links"));
    writeFileSync(join(kit.root, "secret.txt"), "of the user");
    await shell(subject, id, `ln -s ${kit.root}/secret.txt out; ln -s ${kit.root} outdir; ln -s / root; ln -s ../home updir; mkdir real; echo in > real/f; ln -s real inside; mkfifo pipe`);
    for (const path of ["out", "outdir/secret.txt", "outdir/new.txt", `root${kit.root}/secret.txt`, "updir/x"]) {
      await expectRefusal(subject.readFile(id, path), "permission-denied");
      await expectRefusal(subject.writeFile(id, path, bytes("changed")), "permission-denied");
    }
    expect(readFileSync(join(kit.root, "secret.txt"), "utf8")).toBe("of the user");
    expect(text(await subject.readFile(id, "inside/f"))).toBe("in\n");
    await expectRefusal(subject.readFile(id, "pipe"), "invalid-argument");
    await expectRefusal(subject.writeFile(id, "pipe", bytes("x")), "invalid-argument");
    await expectRefusal(subject.readFile(id, "real"), "invalid-argument");
  });

  test("a dangling link that points outside creates nothing there", async () => {
    const subject = kit.open();
    const id = await started(subject, specOf("dangling"));
    await shell(subject, id, `ln -s ${kit.root}/made-by-link dangling`);
    await expectRefusal(subject.writeFile(id, "dangling", bytes("x")), "permission-denied");
    expect(existsSync(join(kit.root, "made-by-link"))).toBe(false);
  });

  test("links it leaves in its other folders lead the next epoch nowhere", async () => {
    const subject = kit.open();
    await started(subject, specOf("planted", 1));
    await subject.stop("ses_planted-1");
    writeFileSync(join(kit.root, "victim"), "untouched");
    expect(existsSync(join(folderOf("planted", "runtime"), "link.json"))).toBe(false);
    symlinkSync(join(kit.root, "victim"), join(folderOf("planted", "runtime"), "link.json"));
    await started(subject, specOf("planted", 2));
    expect(await runtimeStarted("planted")).toMatchObject({ epoch: 2 });
    expect(readFileSync(join(kit.root, "victim"), "utf8")).toBe("untouched");
  });

  test("folders made unwritable are removed all the same", async () => {
    const subject = kit.open();
    const id = await started(subject, specOf("stuck"));
    await shell(subject, id, "mkdir -p a/b && touch a/b/c && chmod 000 a/b && chmod 555 a");
    await subject.destroy(id);
    expect(existsSync(folderOf("stuck", ""))).toBe(false);
  });
});

describe("over time", () => {
  test("the label and the log hold no token, and only their owner reads them", async () => {
    const subject = kit.open();
    const id = await started(subject, specOf("label"));
    await runtimeStarted("label");
    const path = folderOf("label", `${id}.json`);
    expect(readFileSync(path, "utf8")).not.toContain(TOKEN);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(folderOf("label", "")).mode & 0o777).toBe(0o700);
  });

  test("stop ends children that ignore being asked, in every isolation", async () => {
    for (const isolation of ["bubblewrap", "none"] as const) {
      const subject = kit.open({ isolation });
      const id = await started(subject, specOf(isolation));
      await runtimeStarted(isolation);
      const { leader, init } = kit.label(id);
      expect(isAlive(leader)).toBe(true);
      await subject.stop(id);
      expect(isAlive(leader)).toBe(false);
      expect(isAlive(init)).toBe(false);
    }
    // That no child survived is what `dispose` proves.
  });

  for (const isolation of ["bubblewrap", "none"] as const) verifies("SBX13", `stop ends processes that start the next one and go, as fast as they can (${isolation})`, async () => {
    const chains = join(kit.root, "chains.sh");
    writeFileSync(chains, CHAINS);
    const subject = kit.open({ isolation, readOnlyPaths: [...kit.readOnlyPaths, chains], runtimeCommand: ["/bin/sh", chains] });
    const id = await started(subject, specOf("chains"));
    const alive = await vi.waitFor(() => openSync(join(folderOf("chains", "runtime"), "alive"), constants.O_RDONLY | constants.O_NONBLOCK), { timeout: 10_000, interval: 5 });
    try {
      expect(() => readSync(alive, Buffer.alloc(1)), "they run").toThrow("EAGAIN");
      await subject.stop(id);
      expect(readSync(alive, Buffer.alloc(1)), "nobody has it open for writing").toBe(0);
    } finally {
      closeSync(alive);
    }
  }, 30_000);

  verifies("SBX13", "stop ends nothing of another host's sandbox that has the same id", async () => {
    const ours = kit.open({ isolation: "none" });
    const theirs = kit.open({ isolation: "none", dataDir: join(kit.root, "other-data") });
    const id = await started(ours, specOf("twin"));
    expect(await started(theirs, specOf("twin"))).toBe(id);
    await ours.stop(id);
    expect(await shell(theirs, id, "echo here")).toBe("here");
    expect(await theirs.describe(id)).toMatchObject({ phase: "running" });
  });

  test("stop ends a sandbox that stands still, in every isolation", async () => {
    for (const isolation of ["bubblewrap", "none"] as const) {
      const subject = kit.open({ isolation });
      const session = `still${isolation}`;
      const id = await started(subject, specOf(session));
      await runtimeStarted(session);
      const { leader, init } = kit.label(id);
      for (const member of [leader, init]) if (member) process.kill(member.pid, "SIGSTOP");
      await subject.stop(id);
      expect([isAlive(leader), isAlive(init)]).toEqual([false, false]);
    }
  }, 30_000);

  test("a pid that another process was given since is not taken for the sandbox", async () => {
    const subject = kit.open();
    const id = await started(subject, specOf("recycled"));
    await subject.stop(id);
    const label = kit.label(id);
    const stranger = identify(process.pid);
    writeFileSync(folderOf("recycled", `${id}.json`), JSON.stringify({ ...label, phase: "running", leader: { pid: process.pid, startedAt: `${stranger?.startedAt}0` } }));
    expect(await kit.open().describe(id)).toMatchObject({ phase: "failed", failure: { code: "runtime-exited" } });
  });

  verifies("SBX19", "a create after its destroy leaves no folder, and is forgotten to have come late after an hour", async () => {
    let nowMs = Date.now();
    const subject = kit.open({ now: () => nowMs });
    const noted = (): string[] => readdirSync(join(kit.dataDir, "sandboxes", ".let-go"));
    await subject.destroy("ses_late-1");
    nowMs += 3_599_000;
    await expectRefusal(subject.create(specOf("late")), "failed-precondition");
    expect(existsSync(folderOf("late", ""))).toBe(false);
    expect(noted()).toEqual(["ses_late-1"]);
    nowMs += 1_000;
    await started(subject, specOf("late"));
    await subject.destroy("ses_other-1");
    expect(noted()).toEqual(["ses_other-1"]);
  });

  test("a start that a restart of the host interrupted is failed, and the next epoch begins anew", async () => {
    const subject = kit.open();
    kit.holdStarts();
    const id = (await subject.create(specOf("torn"))).id;
    const again = kit.open();
    expect(await again.describe(id)).toMatchObject({ phase: "failed", failure: { code: "start-interrupted" } });
    kit.releaseStarts();
    await settled(subject, id);
  });

  test("a start that fails early is failed in the answer itself", async () => {
    const folder = { kind: "folder", path: kit.root } as const;
    const subject = kit.open({ answerWithinMs: 10_000 });
    expect(await subject.create(specOf("early", 1, { workspace: folder }))).toMatchObject({ phase: "failed", failure: { code: "sandbox-failed-precondition" } });
    const broken = kit.open({ answerWithinMs: 10_000, runtimeCommand: ["/bin/sh", "-c", "sleep 0.1; echo no such thing; exit 1"] });
    expect(await broken.create(specOf("boot"))).toMatchObject({ phase: "failed", failure: { code: "runtime-exited", message: expect.stringContaining("no such thing") } });
    expect(await subject.create(specOf("well"))).toMatchObject({ phase: "running" });
  });

  test("a runtime that cannot start is failed with what it said last", async () => {
    const subject = kit.open({ runtimeCommand: ["/bin/sh", "-c", "echo first; echo broken with berth_sbx_leaked >&2; exit 3"] });
    await subject.create(specOf("broken"));
    const failed = await vi.waitFor(async () => {
      const description = await subject.describe("ses_broken-1");
      expect(description.phase).toBe("failed");
      return description;
    }, { timeout: 10_000 });
    expect(failed.failure?.code).toBe("runtime-exited");
    expect(failed.failure?.message).toMatch(/broken with \[token\]$/);
  });
});
