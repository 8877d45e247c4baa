/**
 * Many containers at once, and an operator's limit to them. `SOAK=1` takes 20 with a limit of 8, else 6 with a limit of 3, and 2 with the real agent. The
 * limit is asked of a sandbox host as a process of its own, with a stand-in in place of the runtime, so that the count is of the
 * host and the engine; the sessions have the real agent.
 */
import { randomBytes } from "node:crypto";
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { agentReadyFile } from "@berth/sandbox-runtime/link-file";
import { suiteNeeds } from "@berth/testkit/needs";
import Docker from "dockerode";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ROOT } from "../../packages/launcher/src/paths.ts";
import { LABELS } from "../../src/adapters/sandbox/docker/container.ts";
import { createRemoteSandboxProvider } from "../../src/adapters/sandbox/remote.ts";
import { isPortError, type PortError } from "../../src/core/kernel/port-error.ts";
import type { SandboxId, SandboxProvider } from "../../src/ports/sandbox/sandbox.port.ts";
import { foldersOf } from "./checkpoint/lost-sandbox.ts";
import { makeDataDir, MODEL, startTestStack, untilStatus, type TestStack } from "./support/stack.ts";
import { eventually } from "./support/waiting.ts";

const SOAK = process.env["SOAK"] === "1";
const COUNT = SOAK ? 20 : 6;
const LIMIT = SOAK ? 8 : 3;
/** Each takes some five seconds of a processor to start, and has 45. */
const AGENTS = SOAK ? 20 : 2;
const SECRET = "example-secret-of-one-host-of-a-test";
const STAND_IN = join(ROOT, "packages", "sandbox-host", "test", "stand-in-runtime.mjs");
/** For containers that were asked for to come or to go, beside other suites. */
const SETTLED_WITHIN_MS = 120_000;

suiteNeeds("docker", "sandbox-image")("many containers at once", () => {
  const engine = new Docker({ socketPath: "/var/run/docker.sock" });
  const containersOf = async (sessionIds: readonly string[]): Promise<Docker.ContainerInfo[]> =>
    (await engine.listContainers({ all: true })).filter(({ Labels }) => sessionIds.includes(Labels[LABELS.session] ?? ""));

  describe("with a limit", () => {
    let dataDir = "";
    let host: Host;
    const sessions = Array.from({ length: COUNT }, () => `ses_${randomBytes(8).toString("hex")}`);
    const ids = sessions.map((session) => `${session}-1`);

    beforeEach(async () => {
      dataDir = makeDataDir();
      host = await startHost(dataDir);
    });
    afterEach(async () => {
      await Promise.all(ids.map((id) => host.provider.destroy(id)));
      await host.end("SIGTERM");
      rmSync(dataDir, { recursive: true, force: true });
      expect((await containersOf(sessions)).map(({ Names }) => Names)).toEqual([]);
    });

    const create = async (id: SandboxId): Promise<PortError | null> => {
      const [sessionId = ""] = id.split("-");
      const link = { url: "ws://127.0.0.1:9/v1/sandbox/link", token: "example-token" };
      try {
        await host.provider.create({ id, orgId: "org_1", sessionId, epoch: 1, workspace: { kind: "empty" }, link, demoOnly: true });
        return null;
      } catch (error) {
        if (isPortError(error)) return error;
        throw error;
      }
    };
    const running = async (): Promise<SandboxId[]> => (await host.provider.list({})).filter(({ phase }) => phase === "running").map(({ id }) => id).sort();
    const settled = (wanted: readonly SandboxId[]): Promise<number> =>
      eventually("the sandboxes to run", async () => {
        const now = await running();
        return now.join() === [...wanted].sort().join() ? true : `running: ${now.length} of ${wanted.length}`;
      }, SETTLED_WITHIN_MS);

    test(`[DKR12] of ${COUNT} at once ${LIMIT} run, the others are told when to come again, and all have run once there was room`, async () => {
      const answers = await Promise.all(ids.map(create));
      const taken = ids.filter((_, at) => answers[at] === null);
      const refused = answers.filter((answer) => answer !== null);
      expect(taken).toHaveLength(LIMIT);
      for (const error of refused) expect(error).toMatchObject({ code: "resource-exhausted", outcome: "not-applied", retry: { afterMs: expect.any(Number) } });
      await settled(taken);

      let runs = taken;
      const haveRun = new Set(taken);
      for (const next of ids.filter((id) => !haveRun.has(id))) {
        const [oldest = ""] = runs;
        expect(await create(next)).toMatchObject({ code: "resource-exhausted" });
        await host.provider.stop(oldest);
        expect(await create(next)).toBeNull();
        runs = [...runs.slice(1), next];
        haveRun.add(next);
      }
      await settled(runs);
      expect(haveRun.size).toBe(COUNT);
      expect(await containersOf(sessions)).toHaveLength(LIMIT);
    }, SETTLED_WITHIN_MS * 3);

    test("[DKR12] a host that is killed in the middle of their starts has each of them afterwards, or its container is gone", async () => {
      const creating = Promise.allSettled(ids.slice(0, LIMIT).map(create));
      await eventually("a container", async () => ((await containersOf(sessions)).length > 0 ? true : "none"), SETTLED_WITHIN_MS);
      await host.end("SIGKILL");
      await creating;
      host = await startHost(dataDir);
      // What was still being started is over; what ran goes on. The engine may just be finishing what it was asked for.
      await eventually("every container to be somebody's", async () => {
        const owned = new Set(await running());
        const strangers = (await containersOf(sessions)).filter(({ Labels }) => !owned.has(Labels[LABELS.sandbox] ?? ""));
        return strangers.length === 0 ? true : `of nobody: ${strangers.map(({ Names, State }) => `${Names[0]} ${State}`).join(", ")}`;
      }, SETTLED_WITHIN_MS);
      expect((await host.provider.list({})).filter(({ phase }) => phase === "accepted")).toEqual([]);
    }, SETTLED_WITHIN_MS * 3);
  });

  describe("with the real agent", () => {
    let stack: TestStack;
    const opened: string[] = [];
    beforeAll(async () => {
      stack = await startTestStack({ sandboxBackends: ["docker"] }, { hostVars: { SANDBOXES_MAX: String(AGENTS) } });
    });
    afterAll(async () => {
      await stack?.end();
      expect((await containersOf(opened)).map(({ Names }) => Names)).toEqual([]);
    });

    test(`[DKR11] ${AGENTS} sessions that begin at once are ready, each in a container of its own, and outlive their host`, async () => {
      const began = performance.now();
      const sessions = await Promise.all(Array.from({ length: AGENTS }, async () => stack.berth.session((await stack.berth.sessions.create({ model: MODEL })).id)));
      opened.push(...sessions.map(({ id }) => id));
      const ends = await Promise.allSettled(sessions.map((session) => untilStatus(session, ["idle"], 0, 120_000).then(() => performance.now() - began)));
      const ready = ends.flatMap((end) => (end.status === "fulfilled" ? [end.value] : []));
      console.log(`SOAK ${JSON.stringify({ kind: "containers", points: AGENTS, ready: ready.length, readyMaxMs: Math.round(Math.max(0, ...ready)) })}`);
      expect(ends.flatMap((end) => (end.status === "rejected" ? [String(end.reason)] : []))).toEqual([]);
      const before = (await containersOf(opened)).map(({ Id }) => Id).sort();
      expect(before).toHaveLength(AGENTS);
      // By which the host knows that a start is over, and the next may have its turn.
      for (const { id } of sessions) expect(existsSync(join(foldersOf(stack, id, "docker"), "home", agentReadyFile(1))), id).toBe(true);
      const killed = stack.pids()["sandbox-host"] ?? 0;
      process.kill(killed, "SIGKILL");
      await eventually("another host", () => ![killed, null].includes(stack.pids()["sandbox-host"] ?? null) || "none yet", 30_000);
      const [first] = sessions;
      await first?.send("!say still here");
      await first?.wait({ signal: AbortSignal.timeout(90_000) });
      expect((await containersOf(opened)).map(({ Id }) => Id).sort()).toEqual(before);
    }, 300_000);
  });
});

interface Host {
  readonly provider: SandboxProvider;
  end(signal: NodeJS.Signals): Promise<void>;
}

async function startHost(dataDir: string): Promise<Host> {
  const child: ChildProcess = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", join(ROOT, "packages", "sandbox-host", "src", "main.ts")], {
    stdio: ["ignore", "pipe", "ignore"],
    env: { ...process.env, DATA_DIR: dataDir, SANDBOX_HOST_SECRET: SECRET, SANDBOX_BACKENDS: "docker", SANDBOXES_MAX: String(LIMIT), SANDBOX_STARTS_AT_ONCE: String(COUNT * 2), SANDBOX_MEMORY_MB: "256", RUNTIME_PATH: STAND_IN, PORT: "0" },
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const port = await new Promise<number>((resolve, reject) => {
    void ended.then(() => reject(new Error("the host ended before it listened")));
    createInterface({ input: child.stdout ?? process.stdin }).once("line", (line) => resolve((JSON.parse(line) as { readonly listening: number }).listening));
  });
  const deps = { fetch: (url: string, init: RequestInit) => fetch(url, init), baseUrl: `http://127.0.0.1:${port}`, secret: SECRET, backend: "docker", now: Date.now, timeoutsMs: { create: 60_000, list: 60_000 }, randomBytes: (length: number) => randomBytes(length) };
  return {
    provider: createRemoteSandboxProvider(deps),
    end: async (signal) => {
      child.kill(signal);
      await ended;
    },
  };
}
