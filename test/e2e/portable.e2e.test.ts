/**
 * A session goes from one backend to the other and back by its checkpoints alone: the sandbox is gone with its folder, and the
 * next one is of another kind. Which kind it is the image decides, which is there under a name of this test's, or is not.
 */
import { randomBytes } from "node:crypto";
import { realpathSync, rmSync } from "node:fs";
import type { Server } from "node:http";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { createHostServer, listen } from "@berth/sandbox-host/server";
import { SANDBOX_IMAGE } from "@berth/sandbox-runtime/image-name";
import type { SessionClient } from "@berth/sdk";
import { suiteNeeds } from "@berth/testkit/needs";
import Docker from "dockerode";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LocalState } from "../../packages/launcher/src/local-state.ts";
import { RUNTIME_BUNDLE } from "../../packages/launcher/src/paths.ts";
import { openDockerSandboxes } from "../../src/adapters/sandbox/docker.ts";
import { LABELS } from "../../src/adapters/sandbox/docker/container.ts";
import { createProcessSandboxProvider } from "../../src/adapters/sandbox/process.ts";
import { BARE_MACHINE } from "../bench/scripted-host.ts";
import { foldersOf, listing, type Backend } from "./checkpoint/lost-sandbox.ts";
import { bash } from "./support/bash.ts";
import { logOf, makeDataDir, MODEL, startTestStack, turn, untilStatus, type TestStack } from "./support/stack.ts";
import { eventually } from "./support/waiting.ts";

const ENGINE = "/var/run/docker.sock";
const [REPO, TAG] = ["berth-portable", randomBytes(6).toString("hex")];
const IMAGE = `${REPO}:${TAG}`;

/** A repository in every state that git knows of, and a tree with all that a checkpoint keeps. */
const MAKE = [
  "git config user.name Ada && git config user.email ada@example.com && git branch -M trunk && echo '*.log' > .gitignore",
  "mkdir -p src/deep empty && echo one > src/deep/one && echo two > two && echo three > three && echo four > 'name with spaces' && git add -A && git commit -qm first",
  "git checkout -qb feature && echo more >> two && git commit -qam second && git mv two renamed && git rm -q three && echo staged > staged && git add staged",
  "echo put aside > aside && git add aside && git stash push -q -- aside && echo dirty >> src/deep/one && echo untracked > untracked && echo secret > ignored.log",
  "printf '#!/bin/sh\\necho hi\\n' > run && chmod 755 run && echo closed > closed && chmod 400 closed && mkdir sealed && echo in > sealed/in && chmod 500 sealed",
  "ln -s src/deep/one link && ln -s /nowhere/at/all dangling && ln -s deep src/folder-link && head -c 300000 /dev/urandom > big && touch -d '2001-02-03 04:05:06' src/deep/one",
];
/** What git says of it, in its own words; times are kept to the second. */
const STATE = "git status --porcelain=v2 --branch --ignored && git stash list && git stash show -p && git log --oneline --all --graph && git diff && git diff --cached --stat && git fsck --strict 2>&1 && find . -name .git -prune -o ! -type d -exec stat -c '%A %s %Y %N' {} + | sort";

describe.each(["bubblewrap", "none"] as const)("with processes whose isolation is %s", (isolation) => {
  suiteNeeds("docker", "sandbox-image", "bubblewrap")("a session that changes its backend", () => {
    const engine = new Docker({ socketPath: ENGINE });
    let stack: TestStack;
    let host: Server | null = null;
    let session: SessionClient;

    beforeAll(async () => {
      const dataDir = makeDataDir();
      const settings = { dataDir, sandboxBackends: ["docker", "process"] };
      if (isolation === "bubblewrap") {
        stack = await startTestStack(settings, { hostVars: { SANDBOX_IMAGE: IMAGE } });
        return;
      }
      host = await hostWithoutIsolation(dataDir);
      const address = host.address();
      const port = typeof address === "object" ? (address?.port ?? 0) : 0;
      stack = await startTestStack(settings, { sandboxHostUrl: `http://127.0.0.1:${port}` });
    });

    afterAll(async () => {
      await session?.remove();
      await withoutImage();
      await stack?.end();
      if (session) expect((await containers()).map(({ Names }) => Names)).toEqual([]);
      host?.closeAllConnections();
      host?.close();
    });

    const withImage = (): Promise<unknown> => engine.getImage(SANDBOX_IMAGE).tag({ repo: REPO, tag: TAG });
    /** The name only: the image has its usual one too. */
    const withoutImage = (): Promise<unknown> => engine.getImage(IMAGE).remove().catch(() => undefined);

    const containers = (): Promise<Docker.ContainerInfo[]> => engine.listContainers({ all: true, filters: { label: [`${LABELS.session}=${session.id}`] } });

    /** Saved as it is, and no sandbox holds it. */
    async function sleep(): Promise<void> {
      const after = (await logOf(session)).at(-1)?.seq ?? 0;
      await session.hibernate();
      await untilStatus(session, ["hibernated"], after);
      await eventually("no container of the session", async () => ((await containers()).length === 0 ? true : "there is one"), 60_000);
    }

    /** Everything that the backend has of the session. */
    function lose(backend: Backend): void {
      rmSync(foldersOf(stack, session.id, backend), { recursive: true, maxRetries: 10 });
    }

    /** Wakes it with a question, and sees where it is and that it knows what it was told. */
    async function wake(expected: Backend): Promise<void> {
      const after = (await logOf(session)).at(-1)?.seq ?? 0;
      await turn(session, "!recall");
      const events = await logOf(session, after);
      expect(JSON.stringify(events.filter(({ type }) => type === "part.ended"))).toContain("heliotrope");
      expect((await session.get()).sandbox?.backend).toBe(expected);
      expect(events.flatMap((event) => (event.type === "workspace.checkpoint" ? [event.data.phase] : []))).toContain("restored");
    }

    test("[CHK13] its tree, its repository and its memory go from a process to a container and back, also over a folder that was left behind", async () => {
      const { id } = await stack.berth.sessions.create({ model: MODEL });
      session = stack.berth.session(id);
      await untilStatus(session, ["idle"]);
      await turn(session, "remember the word heliotrope");
      expect((await session.get()).sandbox).toMatchObject({ backend: "process", isolation });
      await turn(session, MAKE.map((line) => `!bash ${line}`).join("\n"));
      await turn(session, "!bash rm untracked && mv 'name with spaces' moved");
      const told = await bash(session, STATE);
      expect(told).toContain("stash@{0}");
      await sleep();
      const before = listing(stack, id, "process");

      lose("process");
      await withImage();
      await wake("docker");
      expect(listing(stack, id, "docker")).toEqual(before);
      expect(await bash(session, STATE)).toBe(told);
      expect(await bash(session, "./run && cat link && git stash pop -q && cat aside && git commit -qam third && rm -r src && echo back > new")).toBe("hi\none\ndirty\nput aside");
      const later = await bash(session, "git status --porcelain=v2 --branch --ignored && git log --oneline --all && git fsck --strict 2>&1");
      await sleep();
      const changed = listing(stack, id, "docker");

      lose("docker");
      await withoutImage();
      await wake("process");
      expect(listing(stack, id, "process")).toEqual(changed);
      expect(await bash(session, "git status --porcelain=v2 --branch --ignored && git log --oneline --all && git fsck --strict 2>&1")).toBe(later);
      expect(await bash(session, "echo third > third && cat new")).toBe("back");
      await sleep();
      const third = listing(stack, id, "process");

      // The folder of the process stays, and is older than what the container then makes of it.
      await withImage();
      await wake("docker");
      expect(listing(stack, id, "docker")).toEqual(third);
      await bash(session, "echo fourth > third && rm new");
      await sleep();
      const fourth = listing(stack, id, "docker");
      lose("docker");
      await withoutImage();
      await wake("process");
      expect(listing(stack, id, "process")).toEqual(fourth);
      expect(fourth).not.toEqual(third);
    }, 400_000);
  });
});

/** As on a machine without bubblewrap: the agent's folder is at this machine's own path, and not at the one in containers. */
async function hostWithoutIsolation(dataDir: string): Promise<Server> {
  const common = { dataDir, now: Date.now, gitIdentity: () => Promise.resolve(null) };
  const manifest = createRequire(import.meta.url).resolve("opencode-ai/package.json");
  const processes = createProcessSandboxProvider({
    ...common,
    runtimeCommand: [realpathSync(process.execPath), realpathSync(RUNTIME_BUNDLE)],
    opencodePath: realpathSync(join(dirname(manifest), "bin", "opencode.exe")),
    readOnlyPaths: [],
    isolation: "none",
    trustAgent: false,
    environment: { LANG: "C.UTF-8" },
  });
  const { provider: containers } = await openDockerSandboxes({
    ...common,
    socketPath: ENGINE,
    image: IMAGE,
    limits: { memoryBytes: 2 * 1024 ** 3, cpus: 2, pids: 512 },
    runtimePath: realpathSync(RUNTIME_BUNDLE),
    egress: { allowlist: [], log: () => undefined },
    environment: { LANG: "C.UTF-8" },
  });
  const providers = [processes, containers];
  const reports = providers.map(({ backend, isolation, capabilities }) => ({ backend, isolation, capabilities, reason: null, fix: null }));
  const server = createHostServer({ providers, reports, machine: BARE_MACHINE, secret: new LocalState(dataDir).secrets().sandboxHostSecret, now: Date.now, log: () => undefined });
  await listen(server, 0);
  return server;
}
