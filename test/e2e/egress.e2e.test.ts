/**
 * What a container reaches, tried from inside by an agent's own commands. The sandbox host is in this process, so that two
 * names can lead to stand-ins on the loopback address, which no configuration allows.
 */
import { createServer as createHttpServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { SessionClient } from "@berth/sdk";
import { suiteNeeds } from "@berth/testkit/needs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isOutside } from "../../src/adapters/sandbox/docker/outside.ts";
import { readAllowlist } from "../../src/core/egress/allowlist.ts";
import { bash } from "./support/bash.ts";
import { startDockerHost, type DockerHost } from "./support/docker-host.ts";
import { PACKAGE, startRegistry, type StandInRegistry } from "./support/stand-in-registry.ts";
import { makeDataDir, startTestStack, type TestStack } from "./support/stack.ts";
import { eventually } from "./support/waiting.ts";

const STAND_INS = "127.0.0.1";
/** By which the container knows the machine, where it has a network of the engine's. */
const BRIDGE = "172.17.0.1";

suiteNeeds("docker", "sandbox-image")("the way out of a container", () => {
  let stack: TestStack;
  let session: SessionClient;
  let registry: StandInRegistry;
  let host: DockerHost | undefined;
  /** Listens on all addresses, as a careless program of the machine does. */
  let careless: Server;
  let carelessPort = 0;
  const heard: string[] = [];
  const resolved: string[] = [];
  const logged: string[] = [];

  beforeAll(async () => {
    registry = await startRegistry("registry.example");
    careless = createHttpServer((request, response) => {
      heard.push(request.url ?? "");
      response.end("of the machine\n");
    });
    await new Promise<void>((resolve) => careless.listen(0, "0.0.0.0", resolve));
    carelessPort = (careless.address() as AddressInfo).port;
    const dataDir = makeDataDir();
    const log = (entry: object): void => void logged.push(JSON.stringify(entry));
    host = await startDockerHost(dataDir, {
      allowlist: readAllowlist(`registry.example:${registry.port},rebound.example,*.below.example`),
      log,
      resolve: (name) => {
        resolved.push(name);
        return Promise.resolve([name === "rebound.example" ? "169.254.169.254" : STAND_INS]);
      },
      mayConnect: (address) => address === STAND_INS || isOutside(address),
    });
    stack = await startTestStack({ dataDir, sandboxBackends: ["docker"] }, { sandboxHostUrl: host.url });
    session = await stack.idleSession();
  });

  afterAll(async () => {
    await session?.remove();
    await host?.untilEmpty();
    await stack?.end();
    await host?.close();
    await new Promise((resolve) => careless?.close(resolve) ?? resolve(null));
    await registry?.close();
  });

  /** The status that curl was answered with, by the proxy or by the host behind it; else what it said. */
  const asked = (options: string): Promise<string> => bash(session, `curl -sS -m 5 -o /tmp/answer -w '%{http_code} %{http_connect}' ${options} 2>&1; true`);

  test("[DKR6] the brokers and what is allowed are reached, by pages and by tunnels", async () => {
    expect(await asked('-H "Authorization: Bearer $(cat $BERTH_TOKEN_FILE)" "${BERTH_HTTP_BROKER%/v1/*}/v1/sandbox/checkpoint-blobs"')).toBe("200 000");
    expect(await asked(`http://registry.example:${registry.port}/`)).toBe("200 000");
    expect(await asked(`--proxytunnel http://registry.example:${registry.port}/`)).toBe("200 200");
    expect(await bash(session, "cat /tmp/answer")).toBe("the registry's page");
    expect(await bash(session, `node -e "fetch('http://registry.example:${registry.port}/').then((a) => a.text()).then(console.log)" 2>&1`)).toBe("the registry's page");
    expect(await bash(session, `python3 -c "import urllib.request as r; print(r.urlopen('http://registry.example:${registry.port}/').read())"`)).toBe("b\"the registry's page\\n\"");
  });

  test("[DKR6] by the proxy nothing else is reached: no other host, no other port, nothing of the machine, no metadata, by no spelling", async () => {
    const refused = ["evil.example", "registry.example", `registry.example:${carelessPort}`, "below.example", "rebound.example", "localhost.", "127.1", "2130706433", "0x7f000001", `${BRIDGE}:${carelessPort}`, "169.254.169.254", "[::ffff:169.254.169.254]", "[fd00:ec2::254]", "metadata.google.internal"];
    for (const name of refused) {
      expect(await asked(`--noproxy '' http://${name}/`), name).toBe("403 000");
      expect(await asked(`--noproxy '' --proxytunnel http://${name}/`), name).toMatch(/ 403$/);
    }
    expect(await asked("http://evil.example/path")).toBe("403 000");
    expect(await bash(session, "cat /tmp/answer")).toBe("evil.example:80 is not on this instance's list of hosts. Whoever runs it can allow it: SANDBOX_EGRESS=default,evil.example");
    expect(heard).toEqual([]);
    expect(new Set(resolved)).toEqual(new Set(["registry.example", "rebound.example"]));
    expect(logged.filter((line) => line.includes("evil.example"))).toHaveLength(1);
    expect(logged.join()).not.toContain("/path");
  });

  test("[DKR6] past the proxy there is no network and no name", async () => {
    for (const address of [`127.0.0.1:${carelessPort}`, `${BRIDGE}:${carelessPort}`, "169.254.169.254", "1.1.1.1", "[2606:4700:4700::1111]"]) expect(await asked(`--noproxy '*' http://${address}/`), address).toMatch(/connect|unreachable/i);
    expect(await bash(session, "getent ahosts registry.example; getent ahosts localhost.example; echo $?")).toBe("2");
    expect(heard).toEqual([]);
  });

  test("[DKR6] the policy shows the list, and what is measured is what is declared", async () => {
    await session.measurePolicy();
    await eventually("a measurement", async () => ((await session.policy()).measuring ? "measuring" : true), 20_000);
    const { facts, verdict } = await session.policy();
    expect([verdict, facts.flatMap(({ differences }) => differences)]).toEqual(["match", []]);
    const list = `registry.example:${registry.port}, rebound.example, *.below.example`;
    expect(facts.filter(({ name }) => name === "egress").map(({ declared, measured }) => ({ declared, measured }))).toEqual([
      { declared: `only the control plane and the allowlist: ${list}`, measured: `own network; let through to: ${list}` },
      { declared: `only the control plane and the allowlist: ${list}`, measured: "interfaces: lo; no route to other networks; reached of what was tried: none" },
    ]);
  });

  test("[DKR7] npm installs a package from an allowed registry, and says why it cannot from another", async () => {
    const install = (name: string): Promise<string> => bash(session, `mkdir -p /tmp/at-${name} && cd /tmp/at-${name} && npm install ${PACKAGE.name} --registry http://${name}:${registry.port} --fetch-retries 0 --cache /tmp/npm-${name} 2>&1 && node -p "require('${PACKAGE.name}')"`);
    expect(await install("registry.example")).toMatch(new RegExp(`added 1 package[\\s\\S]*${PACKAGE.says}$`));
    expect(registry.heard).toContain(`/${PACKAGE.name}.tgz`);
    expect(await install("evil.example")).toMatch(/403[\s\S]*evil\.example/);
  });
});
