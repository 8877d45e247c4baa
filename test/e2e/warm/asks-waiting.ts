/** What is asked of sandboxes that wait for their session, in a whole instance with the real agent. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Berth, type SessionClient } from "@berth/sdk";
import Docker from "dockerode";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WAITING_READY_FILE } from "../../../packages/sandbox-runtime/src/link-file.ts";
import { LABELS } from "../../../src/adapters/sandbox/docker/container.ts";
import { instanceOf } from "../../../src/adapters/sandbox/session-folders/instance.ts";
import { bash } from "../support/bash.ts";
import { addOrganization } from "../support/second-org.ts";
import { MODEL, startTestStack, turn, untilStatus, type TestStack } from "../support/stack.ts";
import { eventually } from "../support/waiting.ts";

/** A machine ten times slower starts an agent within it. */
const READY_WITHIN_MS = 150_000;
const TEST_MS = 400_000;
const FOLDERS = { process: "sandboxes", docker: "containers" } as const;

export function asksWaiting(backend: keyof typeof FOLDERS): void {
  let stack: TestStack;
  let instance = "";
  const root = (): string => join(stack.dataDir, FOLDERS[backend]);
  const waiting = (): string[] => (existsSync(root()) ? readdirSync(root()).filter((name) => name.startsWith("waiting_")) : []);
  const isReady = (name: string): boolean => existsSync(join(root(), name, "home", WAITING_READY_FILE));
  /** Their names. */
  const untilReady = async (count: number): Promise<string[]> => {
    await eventually(`${count} that wait`, () => (waiting().filter(isReady).length >= count ? true : `ready: ${waiting().filter(isReady).length}`), READY_WITHIN_MS);
    return waiting();
  };
  const pidOf = (name: string): number => stack.pids()[name] ?? 0;
  const left = (): string[] | Promise<string[]> => (backend === "process" ? markedProcesses(instance) : containers(instance));

  const open = async (berth: Berth): Promise<SessionClient> => {
    const session = berth.session((await berth.sessions.create({ model: MODEL })).id);
    await untilStatus(session, ["idle"]);
    return session;
  };

  beforeAll(async () => {
    stack = await startTestStack({ sandboxBackends: [backend] }, { hostVars: { SANDBOXES_WARM_MAX: "2" } });
    instance = instanceOf(stack.dataDir);
  });
  afterAll(async () => {
    await stack?.end();
    expect(await left()).toEqual([]);
  });

  test("[WRM1][WRM8] a session gets the one that waits, its agent works there, and it is kept as declared", async () => {
    const [waited = ""] = await untilReady(1);
    const session = await open(stack.berth);
    expect(waiting()).not.toContain(waited);
    expect(existsSync(join(root(), session.id, "home", WAITING_READY_FILE))).toBe(true);
    expect(await bash(session, "echo $(id -u) $(pwd); git log --format=%s; git symbolic-ref --short HEAD")).toBe("1000 /workspace\nEmpty workspace\nmain");
    expect(await bash(session, 'curl -s -o /dev/null -w "%{http_code}" -H "Authorization: Bearer $(cat $BERTH_TOKEN_FILE)" "${BERTH_HTTP_BROKER%/v1/*}/v1/sandbox/checkpoint-blobs"')).toBe("200");
    await eventually("a measurement", async () => {
      const { epoch, measuring } = await session.policy();
      return epoch !== null && !measuring ? true : "measuring";
    }, READY_WITHIN_MS);
    const { facts, verdict } = await session.policy();
    expect([verdict, facts.flatMap(({ differences }) => differences)]).toEqual(["match", []]);
  }, TEST_MS);

  test("[WRM2][WRM3] two that are asked for at once get two, and each knows nothing of the other", async () => {
    const other = new Berth({ baseUrl: stack.url, apiKey: await addOrganization(stack, `other${backend}`) });
    // As many wait as were asked for lately.
    await open(stack.berth);
    await untilReady(2);
    const [mine, theirs] = await Promise.all([open(stack.berth), open(other)]);
    const [here, there] = [mine, theirs].map((session) => join(root(), session.id, "home", WAITING_READY_FILE));
    expect([existsSync(here ?? ""), existsSync(there ?? "")]).toEqual([true, true]);
    await turn(mine, "!bash echo of-one-organization > ~/note; echo of-one-organization > note; echo of-one-organization > /tmp/note");
    const look = "cat ~/note note /tmp/note 2>/dev/null; env; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n'; ls -Ra ~/.local/share/opencode/storage 2>/dev/null";
    const seen = await bash(theirs, look);
    expect(seen).toContain("BERTH_SANDBOX_ID=waiting_");
    for (const foreign of ["of-one-organization", mine.id, (await stack.berth.me()).organization.id]) expect(seen).not.toContain(foreign);
  }, TEST_MS);

  test("[WRM4] a host that is killed leaves none that waits, and what was claimed goes on", async () => {
    await untilReady(1);
    const session = await open(stack.berth);
    await bash(session, "echo kept > /tmp/kept");
    await untilReady(1);
    const before = await left();
    expect(before).not.toEqual([]);
    const names = waiting();
    process.kill(pidOf("sandbox-host"), "SIGKILL");
    await eventually("none that waits", async () => {
      const still = (await left()).filter((line) => names.some((name) => line.includes(name)));
      return still.length === 0 ? true : still.join("; ");
    }, READY_WITHIN_MS);
    expect(await bash(session, "cat /tmp/kept")).toBe("kept");
    expect((await session.get()).sandbox?.epoch).toBe(1);
    expect(waiting().filter((name) => names.includes(name))).toEqual([]);
  }, TEST_MS);
}

/** Inside or outside of a namespace: all that runs in a sandbox of this instance which waits or waited. */
function markedProcesses(instance: string): string[] {
  return readdirSync("/proc").flatMap((pid) => {
    try {
      const mark = /BERTH_SANDBOX_ID=(waiting_\w+-1@\w+)/.exec(readFileSync(`/proc/${pid}/environ`, "utf8"))?.[1];
      return mark?.endsWith(`@${instance}`) ? [`${pid} ${mark}`] : [];
    } catch {
      return [];
    }
  });
}

async function containers(instance: string): Promise<string[]> {
  const found = await new Docker({ socketPath: "/var/run/docker.sock" }).listContainers({ filters: { label: [`${LABELS.instance}=${instance}`] } });
  return found.map(({ Names }) => Names[0] ?? "").filter((name) => name.includes("waiting_"));
}
