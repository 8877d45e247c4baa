/** What the contract cannot see of the docker sandbox: what is visible from inside, the token, orphans, an engine that is away. */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suiteNeeds } from "@berth/testkit/needs";
import { SANDBOX_IMAGE } from "@berth/sandbox-runtime/image-name";
import { verifies } from "@berth/testkit";
import { afterEach, describe, expect, test, vi } from "vitest";
import { judgeSandbox } from "../../core/policy/judge.ts";
import { bytes, EXEC, settled, specOf, started, text, TOKEN } from "../../ports/sandbox/sandbox-kit.contract.ts";
import type { SandboxId, SandboxProvider, SandboxSpec } from "../../ports/sandbox/sandbox.port.ts";
import { openDockerSandboxes } from "./docker.ts";
import { DockerKit } from "./docker-kit.contract.ts";
import { containerOptions, LABELS } from "./docker/container.ts";
import type { FolderSandboxProvider } from "./session-folders/provider.ts";
import { StartPace } from "./session-folders/start-pace.ts";
import { describeContainerPolicy } from "./docker/policy.ts";

const kit = new DockerKit();
afterEach(() => kit.dispose());

async function shell(subject: SandboxProvider, id: SandboxId, script: string): Promise<string> {
  const { stdout, stderr } = await subject.exec(id, { command: ["sh", "-c", script], ...EXEC });
  return (stdout + stderr).trim();
}

suiteNeeds("docker", "sandbox-image")("on a real engine", () => {
  describe("inside a container", () => {
    test("nothing can be written but the session's folders, and nothing be gained", async () => {
      const subject = await kit.open();
      const id = await started(subject, specOf("inside"));
      expect(await shell(subject, id, "id -u; whoami; hostname; pwd")).toBe("1000\nagent\nberth\n/workspace");
      expect(await shell(subject, id, "for d in / /usr /etc /opt/berth /run /home /var /run/control-plane /sys/fs/cgroup /dev; do touch $d/x 2>/dev/null && echo wrote $d; done")).toBe("");
      expect(await shell(subject, id, "for d in /workspace /home/agent /tmp /run/berth; do touch $d/x && rm $d/x || echo $d; done")).toBe("");
      expect(await shell(subject, id, "grep -E '^(CapEff|CapPrm|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status | tr -d '\\t'")).toBe("CapPrm:0000000000000000\nCapEff:0000000000000000\nCapBnd:0000000000000000\nNoNewPrivs:1\nSeccomp:2");
      expect(await shell(subject, id, "unshare -m true; mount -t tmpfs none /mnt; chroot / true")).toMatch(/(not permitted|denied|must be superuser)[\s\S]*(denied|permitted|superuser)/i);
      expect(await shell(subject, id, "find /proc/sys /proc/sysrq-trigger -type f -writable 2>/dev/null | wc -l; head -c 1 /proc/kcore 2>/dev/null | wc -c")).toBe("0\n0");
    });

    test("processes, memory and network are its own, and bounded", async () => {
      const subject = await kit.open();
      const id = await started(subject, specOf("bounds"));
      expect(await shell(subject, id, "ls /sys/class/net; cat /proc/net/route | wc -l")).toBe("lo\n1");
      expect(await shell(subject, id, "cat /proc/1/comm; ls -d /proc/[0-9]* | wc -l | tr -d ' '")).toMatch(/^tini\n\d$|^tini\n1\d$/);
      const { HostConfig } = await kit.container(id).inspect();
      expect(HostConfig).toMatchObject({ PidsLimit: 128, Memory: 512 * 1024 ** 2, MemorySwap: 512 * 1024 ** 2, NanoCpus: 1e9, Privileged: false });
      // More than may be: the command fails, and the sandbox goes on.
      expect(await shell(subject, id, "i=0; while [ $i -lt 300 ]; do sleep 5 & i=$((i+1)); done 2>&1 | grep -c -i 'fork'; true")).toMatch(/^[1-9]/);
      expect(await shell(subject, id, "echo on")).toBe("on");
    });

    verifies("ENV16", "a container has the bounds that its environment asks for, as far as the operator allows, and tells of them", async () => {
      const subject = await kit.open({ most: { memoryMb: 768, cpus: 1.5 } });
      const boundsOf = async (session: string, resources: SandboxSpec["resources"]): Promise<unknown> => {
        const id = await started(subject, specOf(session, 1, { resources }));
        const { HostConfig } = await kit.container(id).inspect();
        const { by } = await subject.describePolicy(id);
        const inside = await shell(subject, id, "cat /sys/fs/cgroup/memory.max 2>/dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes");
        await subject.destroy(id);
        return [(HostConfig.Memory ?? 0) / 1024 ** 2, Number(inside) / 1024 ** 2, HostConfig.MemorySwap === HostConfig.Memory, (HostConfig.NanoCpus ?? 0) / 1e9, by.replace(/^.*\((.*)\).*$/, "$1")];
      };
      expect(await boundsOf("small", { memoryMb: 384, cpus: 0.5 })).toEqual([384, 384, true, 0.5, "384 MB at most, 0.5 processors at most"]);
      expect(await boundsOf("large", { memoryMb: 4_096 })).toEqual([768, 768, true, 1, "768 MB at most, 1 processors at most"]);
    });

    verifies("ENV16", "one that waits is taken by a session that asks for what it has, and by no other", async () => {
      const subject = (await kit.open({ warm: { max: 1, quietMs: 0, freeBytes: () => Infinity } })) as FolderSandboxProvider;
      try {
        await subject.warm?.open();
        await vi.waitFor(() => expect(subject.warm?.count().ready).toBe(1), { timeout: 60_000, interval: 50 });
        const beganAs = async (session: string, resources: SandboxSpec["resources"]): Promise<string> => {
          const id = await started(subject, specOf(session, 1, { resources }));
          return (await kit.container(id).inspect()).Config.Labels[LABELS.sandbox] ?? "";
        };
        expect(await beganAs("smaller", { memoryMb: 384 })).toBe("ses_smaller-1");
        // As much as each has, and more than there is, which comes to the same.
        expect(await beganAs("same", { memoryMb: 1_024 })).toMatch(/^waiting_/);
      } finally {
        await subject.warm?.close();
      }
    });

    verifies("DKR13", "one that waits spares the turn of one of two that come at once", async () => {
      const pace = new StartPace({ atOnce: 0, now: () => 0, ticks: () => ({ idle: 0, total: 1 }) });
      const subject = (await kit.open({ pace, warm: { max: 1, quietMs: 0, freeBytes: () => Infinity } })) as FolderSandboxProvider;
      try {
        await subject.warm?.open();
        await vi.waitFor(() => expect(subject.warm?.count().ready).toBe(1), { timeout: 60_000, interval: 50 });
        const ends = await Promise.allSettled(["one", "two"].map((session) => started(subject, specOf(session))));
        expect(ends.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
      } finally {
        await subject.warm?.close();
      }
    });

    test("what a command leaves running is gone with it, and its exit is told whatever it printed", async () => {
      const subject = await kit.open();
      const id = await started(subject, specOf("stragglers"));
      const result = await subject.exec(id, { command: ["sh", "-c", "setsid sleep 777 & sleep 778 & printf 'last words' >&2; exit 3"], ...EXEC });
      expect(result).toEqual({ exitCode: 3, stdout: "", stderr: "last words", truncated: false });
      expect(await shell(subject, id, "cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -c 'sleep 77[78]'")).toBe("0");
    });
  });

  test("the token is in nothing that the engine or the disk keeps", async () => {
    const subject = await kit.open();
    const id = await started(subject, specOf("secret"));
    // The stand-in says that it was told.
    await vi.waitFor(async () => expect(await shell(subject, id, "cat /run/berth/started.json")).toContain(`"token":${TOKEN.length}`), { timeout: 10_000 });
    expect(JSON.stringify(await kit.container(id).inspect())).not.toContain(TOKEN);
    expect(await shell(subject, id, "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline | tr '\\0' '\\n' | grep -c 'berth_sb[x]_'")).toBe("0");
    const path = join(kit.dataDir, "containers", "ses_secret", `${id}.json`);
    expect(readFileSync(path, "utf8")).not.toContain(TOKEN);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("a runtime that ends at once is failed with what it said last", async () => {
    const runtimePath = join(kit.root, "broken.mjs");
    writeFileSync(runtimePath, 'console.error("first"); console.error("broken with berth_sbx_leaked"); process.exit(3);\n');
    const subject = await kit.open({ runtimePath });
    await subject.create(specOf("broken"));
    expect(await settled(subject, "ses_broken-1")).toMatchObject({ phase: "failed", failure: { code: "runtime-exited", message: expect.stringMatching(/broken with \[token\]$/) } });
    await vi.waitFor(async () => expect(await kit.containers()).toEqual([]), { timeout: 10_000 });
  });

  test("work of a stopped sandbox is applied, by a container that is gone again", async () => {
    const folder = kit.makeFolder();
    const subject = await kit.open();
    const id = await started(subject, specOf("later", 1, { workspace: { kind: "folder", path: folder.path } }));
    await subject.writeFile(id, "deep/er/f", bytes("x"));
    expect(await shell(subject, id, "stat -c %u deep deep/er deep/er/f .git README.md | sort -u; echo more >> deep/er/f")).toBe("1000");
    await subject.stop(id);
    expect(await subject.applyWork(id, { branch: "berth/later", message: "Work" })).toMatchObject({ filesChanged: 1 });
    expect(await folder.read("berth/later", "deep/er/f")).toBe("xmore\n");
    expect(await kit.containers()).toEqual([]);
    expect(text(await subject.readFile(id, "deep/er/f"))).toBe("xmore\n");
  });

  test("a host that starts again keeps what runs and ends what nobody knows, of its own data folder only", async () => {
    const subject = await kit.open();
    const kept = await started(subject, specOf("kept"));
    const lost = await started(subject, specOf("lost"));
    const { Labels: labels } = (await kit.container(kept).inspect()).Config;
    const other = await kit.engine.createContainer({ Image: SANDBOX_IMAGE, Labels: { ...labels, "dev.berth.instance": "another" }, HostConfig: { NetworkMode: "none" } });
    try {
      // A crash in the middle of a start leaves a container whose label never said that it runs.
      const path = join(kit.dataDir, "containers", "ses_lost", `${lost}.json`);
      writeFileSync(path, JSON.stringify({ ...kit.label(lost), phase: "accepted" }));
      const again = await kit.open();
      expect(await again.describe(lost)).toMatchObject({ phase: "failed", failure: { code: "start-interrupted" } });
      expect((await again.describe(kept)).phase).toBe("running");
      expect((await kit.containers()).map(({ Names }) => Names[0])).toEqual([`/${kit.label(kept).container}`]);
      expect((await other.inspect()).State.Status).toBe("created");
    } finally {
      await other.remove({ force: true });
    }
  });

  test("an image that is not there fails the start with the command that builds it", async () => {
    const subject = await kit.open({ image: "berth-sandbox:no-such-tag" });
    await subject.create(specOf("noimage"));
    expect((await settled(subject, "ses_noimage-1")).failure).toMatchObject({ code: "sandbox-failed-precondition", fix: "Build it with `npm run image`." });
  });

  describe("launched otherwise than declared", () => {
    const settings = { instance: "tampered", image: SANDBOX_IMAGE, limits: { memoryBytes: 256 * 1024 ** 2, cpus: 1, pids: 64 }, owner: { uid: 1000, gid: 1000 }, environment: {} };

    async function wrong(tamper: (host: object) => object): Promise<string[]> {
      const folders = Object.fromEntries(["work", "home", "tmp", "runtime", "accounts"].map((name) => [name, join(kit.root, name)])) as Record<"work" | "home" | "tmp" | "runtime" | "accounts", string>;
      for (const folder of Object.values(folders)) mkdirSync(folder, { recursive: true });
      for (const name of ["passwd", "group"]) writeFileSync(join(folders.accounts, name), "");
      const options = containerOptions(settings, { sandboxId: "ses_t-1", sessionId: "ses_t", orgId: "org_1", epoch: 1, folders, command: ["sleep", "60"] });
      const container = await kit.engine.createContainer({ ...options, HostConfig: { ...options.HostConfig, ...tamper(options.HostConfig ?? {}) } });
      try {
        await container.start();
        const facts = await container.inspect();
        const of = (runtime?: string): string[] => {
          const { declared, measured, by } = describeContainerPolicy({ isolation: "container", allowed: { declared: [], measured: [] }, ...(runtime === undefined ? {} : { runtime }) }, facts);
          return judgeSandbox(declared, { measurement: measured, by, atMs: 0 }).flatMap(({ name, differences }) => differences.map((difference) => `${name}: ${difference}`));
        };
        // The kernel, and the engine where the kernel is another one: both see it.
        expect(of("another-runtime").length > 0).toBe(of().length > 0);
        return of();
      } finally {
        await container.remove({ force: true });
      }
    }

    test("[POL3] an extra capability shows, and privileges that may be gained", async () => {
      expect(await wrong(() => ({ CapAdd: ["NET_RAW"], SecurityOpt: [] }))).toEqual(expect.arrayContaining(["capabilities: A program may gain new privileges."]));
    });

    test("[POL5] an extra mount shows, and a root that can be written", async () => {
      const found = await wrong((host) => ({ ReadonlyRootfs: false, Mounts: [...(host as { Mounts: object[] }).Mounts, { Type: "bind", Source: kit.root, Target: "/theirs", ReadOnly: true }] }));
      expect(found).toEqual(expect.arrayContaining(["mounts: / can be written.", "mounts: /theirs is mounted."]));
    });

    test("[POL2][POL6] the machine's network and processes show", async () => {
      expect(await wrong(() => ({ NetworkMode: "host", PidMode: "host" }))).toEqual(
        expect.arrayContaining(["isolation: It shares the network namespace with the machine.", "isolation: It shares the process namespace with the machine.", "egress: It shares the network of the machine it runs on."]),
      );
    });
  });
});

test("without an engine it is there all the same, and says what is missing", async () => {
  const dataDir = join(kit.root, "no-engine");
  const { provider, engineProblem } = await openDockerSandboxes({ dataDir, socketPath: join(kit.root, "none.sock"), image: SANDBOX_IMAGE, limits: { memoryBytes: 1, cpus: 1, pids: 1 }, egress: { allowlist: [], log: () => undefined }, now: () => Date.now() });
  const away = { code: "failed-precondition", outcome: "not-applied", retry: { afterMs: 5_000 }, fix: expect.stringContaining("systemctl start docker") };
  expect(engineProblem).toMatchObject(away);
  await provider.create(specOf("away"));
  expect((await settled(provider, "ses_away-1")).failure).toMatchObject({ code: "sandbox-failed-precondition", message: "The container engine cannot be reached." });
  await expect(provider.destroy("ses_away-1")).rejects.toMatchObject({ retry: { afterMs: 5_000 } });
  expect(existsSync(dataDir)).toBe(true);
});
