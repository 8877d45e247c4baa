/** Sessions in containers of a real engine: work, the way out, what is measured, and a host that is killed. */
import { createServer, type Server } from "node:net";
import type { AddressInfo } from "node:net";
import { suiteNeeds } from "@berth/testkit/needs";
import type { SessionClient } from "@berth/sdk";
import Docker from "dockerode";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LABELS } from "../../src/adapters/sandbox/docker/container.ts";
import { DEFAULT_HOSTS } from "../../src/core/egress/default-hosts.ts";
import { bash as agentBash } from "./support/bash.ts";
import { logOf, startTestStack, untilStatus, type TestStack } from "./support/stack.ts";
import { eventually } from "./support/waiting.ts";

suiteNeeds("docker", "sandbox-image")("sessions in containers", () => {
  const engine = new Docker({ socketPath: "/var/run/docker.sock" });
  let stack: TestStack;
  let session: SessionClient;
  let open: Server;
  /** Once the stack is gone, its containers are known by it. */
  let instance = "";

  const containers = (): Promise<Docker.ContainerInfo[]> => engine.listContainers({ all: true, filters: { label: [`${LABELS.instance}=${instance}`] } });

  beforeAll(async () => {
    // On all addresses, as a careless program of the machine listens.
    open = createServer((socket) => socket.end("of the machine\n"));
    await new Promise<void>((resolve) => open.listen(0, "0.0.0.0", resolve));
    stack = await startTestStack({ sandboxBackends: ["docker"] });
    session = await stack.idleSession();
    const [mine] = await engine.listContainers({ filters: { label: [`${LABELS.session}=${session.id}`] } });
    instance = mine?.Labels[LABELS.instance] ?? "";
  });

  afterAll(async () => {
    await stack?.end();
    open.close();
    expect(await containers()).toEqual([]);
  });

  const bash = (script: string): Promise<string> => agentBash(session, script);

  test("[DKR1] the agent works in a container: not root, in the work folder, with the tools of the image", async () => {
    expect(await bash("echo $(id -u) $(pwd) $(hostname)")).toBe("1000 /workspace berth");
    expect(await bash("git --version && rg --version | head -1 && python3 --version && gh --version | head -1 && npm --version && cc --version | head -1")).toMatch(/git version[\s\S]*ripgrep[\s\S]*Python 3[\s\S]*gh version[\s\S]*\d+\.\d+\.\d+[\s\S]*cc/);
    const [only, ...others] = await containers();
    expect([only?.Image, others]).toEqual(["berth-sandbox:latest", []]);
  });

  test("[DKR2] nothing else can be reached, and what is measured is what is declared", async () => {
    const { port } = open.address() as AddressInfo;
    const tried = [`127.0.0.1:${port}`, `172.17.0.1:${port}`, "169.254.169.254:80", `127.0.0.1:${new URL(stack.url).port}`];
    for (const address of tried) expect(await bash(`curl -sS -m 2 --noproxy '*' http://${address}/ 2>&1 | head -c 200`), address).toMatch(/Failed to connect|Could not connect|Couldn't connect|unreachable/i);
    // The agent's own way: its broker is there, and the control plane's other routes are not.
    expect(await bash('curl -s -o /dev/null -w "%{http_code}" "${BERTH_HTTP_BROKER%/v1/*}/v1/sessions"')).toBe("403");
    expect(await bash('curl -s -o /dev/null -w "%{http_code}" -H "Authorization: Bearer $(cat $BERTH_TOKEN_FILE)" "${BERTH_HTTP_BROKER%/v1/*}/v1/sandbox/checkpoint-blobs"')).toBe("200");
    await eventually("a measurement", async () => {
      const { epoch, measuring } = await session.policy();
      return epoch !== null && !measuring ? true : "measuring";
    }, 20_000);
    const { facts, verdict } = await session.policy();
    console.log(facts.map(({ name, declared, measured, by }) => `${name} | ${declared} | ${measured} | ${by}`).join("\n"));
    expect([verdict, facts.flatMap(({ differences }) => differences)]).toEqual(["match", []]);
    expect(facts.filter(({ name }) => name === "egress").map(({ measured }) => measured)).toEqual([`own network; let through to: ${DEFAULT_HOSTS.join(", ")}`, "interfaces: lo; no route to other networks; reached of what was tried: none"]);
  });

  test("[DKR3] a host that is killed answers the same container again, and the session goes on in it", async () => {
    const [before] = await containers();
    await bash("echo kept > /tmp/kept");
    process.kill(stack.pids()["sandbox-host"] ?? 0, "SIGKILL");
    expect(await bash("cat /tmp/kept")).toBe("kept");
    expect((await containers()).map(({ Id, State }) => [Id, State])).toEqual([[before?.Id, "running"]]);
    expect((await session.get()).sandbox?.epoch).toBe(1);
  });

  test("[DKR4] a session that sleeps has no container, and wakes in another one with its files", async () => {
    await bash("echo half > done.txt");
    const before = (await logOf(session)).at(-1)?.seq ?? 0;
    await session.hibernate();
    await untilStatus(session, ["hibernated"], before);
    await eventually("no container", async () => ((await containers()).length === 0 ? true : "there is one"), 20_000);
    expect(await bash("cat done.txt")).toBe("half");
    expect((await session.get()).sandbox?.epoch).toBe(2);
    expect(await containers()).toHaveLength(1);
  });
});

suiteNeeds("docker")("an engine without the image", () => {
  test("[DKR5] the session is ready on the next backend, and one event says why and what builds the image", async () => {
    const stack = await startTestStack({ sandboxBackends: ["docker", "process"] }, { hostVars: { SANDBOX_IMAGE: "berth-sandbox:no-such-tag" } });
    try {
      const session = await stack.idleSession();
      expect((await session.get()).sandbox).toMatchObject({ backend: "process" });
      const instead = (await logOf(session)).flatMap((event) => (event.type === "sandbox.status" && event.data.insteadOf ? [event.data.insteadOf] : []));
      expect(instead).toEqual([{ backend: "docker", failure: expect.objectContaining({ fix: "Build it with `npm run image`." }) }]);
    } finally {
      await stack.end();
    }
  });
});
