/**
 * `npm start` where an engine answers and there is no image yet. What builds it is the real command with a small recipe: the
 * usual image with a file that comes by the engine itself from here, so that a test holds the build for as long as it wants.
 * The usual recipe, which takes minutes and the distribution's archive, is built by `npm run image` before the suites run.
 */
import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SANDBOX_IMAGE } from "@berth/sandbox-runtime/image-name";
import { Berth, type SessionClient } from "@berth/sdk";
import { suiteNeeds } from "@berth/testkit/needs";
import Docker from "dockerode";
import { afterEach, beforeEach, expect, test } from "vitest";
import { bash } from "../../../test/e2e/support/bash.ts";
import { logOf, MODEL, untilStatus } from "../../../test/e2e/support/stack.ts";
import { eventually } from "../../../test/e2e/support/waiting.ts";
import { LocalState } from "../src/local-state.ts";
import { IMAGE_BUILD } from "../src/paths.ts";
import { processesOf } from "../src/processes-left.ts";
import { endProcess, startTimeOf } from "../src/process-table.ts";
import { startInstance, type Instance } from "./instance.ts";
import { runLauncher } from "./run-launcher.ts";

/** Packing, sending and storing a small layer, while other suites run. */
const BUILT_WITHIN_MS = 120_000;

suiteNeeds("docker", "sandbox-image")("npm start with an engine and without the image", () => {
  const engine = new Docker({ socketPath: "/var/run/docker.sock" });
  const image = `berth-first-start:${randomBytes(6).toString("hex")}`;
  let dir = "";
  let held: Promise<ServerResponse>;
  let gate: Server;
  let env: Readonly<Record<string, string>> = {};

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), "berth-first-start-"));
    chmodSync(dir, 0o711);
    const { promise, resolve } = Promise.withResolvers<ServerResponse>();
    held = promise;
    gate = createServer((_, response) => resolve(response));
    await new Promise<void>((done) => gate.listen(0, "127.0.0.1", done));
    const dockerfile = join(dir, "Dockerfile");
    const { port } = gate.address() as AddressInfo;
    writeFileSync(dockerfile, `ARG BASE_IMAGE\nFROM \${BASE_IMAGE}\nADD http://127.0.0.1:${port}/part /opt/berth/part\nCOPY runtime.mjs /opt/berth/runtime.mjs\n`);
    env = { SANDBOX_IMAGE: image, SANDBOX_DOCKERFILE: dockerfile, BASE_IMAGE: SANDBOX_IMAGE };
  });

  afterEach(async () => {
    for (const { pid } of processesOf(dir)) await endProcess(pid, 0, false);
    gate.closeAllConnections();
    gate.close();
    for (const { Id } of await engine.listContainers({ all: true, filters: { ancestor: [image] } })) await engine.getContainer(Id).remove({ force: true });
    await engine.getImage(image).remove({ force: true }).catch(() => undefined);
    rmSync(IMAGE_BUILD, { force: true });
    rmSync(dir, { recursive: true, force: true });
  });

  async function newSession({ url }: Instance): Promise<SessionClient> {
    const berth = new Berth({ baseUrl: url, apiKey: new LocalState(dir).secrets().apiKey ?? "" });
    const { id } = await berth.sessions.create({ model: MODEL });
    const session = berth.session(id);
    await untilStatus(session, ["idle"]);
    return session;
  }

  /** The backend it got, and why not the first one. */
  async function gotten(session: SessionClient): Promise<{ readonly backend: string | undefined; readonly because: string | undefined }> {
    const instead = (await logOf(session)).flatMap((event) => (event.type === "sandbox.status" && event.data.insteadOf ? [event.data.insteadOf] : []));
    return { backend: (await session.get()).sandbox?.backend, because: instead[0]?.failure.message };
  }

  async function stop(instance: Instance): Promise<void> {
    const tree = instance.tree();
    instance.kill("SIGINT");
    expect(await instance.ended, instance.output()).toBe(0);
    await eventually("everything it started is gone", () => (processesOf(dir).length === 0 && tree.every((pid) => startTimeOf(pid) === null) ? true : "something is left"), 20_000);
  }

  test("[DKR8] [DKR9] sessions are ready in processes while it is built, and in containers after that, with no restart", async () => {
    const instance = await startInstance(dir, { env });
    expect(instance.output()).toMatch(/Sandboxes docker, then process; the image of containers is being built/);
    const first = await newSession(instance);
    expect(await gotten(first)).toEqual({ backend: "process", because: expect.stringMatching(/^The image of sandboxes is being built \(.+\); sessions that begin after that run in containers\.$/) });
    const response = await held;
    expect((await runLauncher(["doctor", "--data-dir", dir], env)).stdout).toContain(`the image of sandboxes is being built: Building ${image} from ${SANDBOX_IMAGE}`);
    expect((await runLauncher(["image"], env)).stderr).toContain(`${image} is being built already, by pid `);

    response.end("part");
    await eventually("the image", () => engine.getImage(image).inspect().then(() => true as const, () => "there is none"), BUILT_WITHIN_MS);
    const second = await newSession(instance);
    expect(await gotten(second)).toEqual({ backend: "docker", because: undefined });
    expect(await bash(second, "test -e /opt/berth/part && echo of the image")).toBe("of the image");
    expect(await bash(first, "test -e /opt/berth/part || echo still a process")).toBe("still a process");
    // Nobody watches a terminal here.
    expect(instance.output()).not.toMatch(/^ {2}image /m);
    await stop(instance);
    expect(await engine.listContainers({ all: true, filters: { ancestor: [image] } })).toEqual([]);
  });

  test("[DKR10] a build that fails says why and what tries again; sessions go on in processes until that succeeded", async () => {
    const instance = await startInstance(dir, { env });
    (await held).writeHead(404).end();
    await eventually("word of the failure", () => instance.output().includes("could not be built") || instance.output(), BUILT_WITHIN_MS);
    expect(instance.output()).toMatch(/The image of sandboxes could not be built: docker build failed\. .*\n +Sessions go on in processes\. To try again: {2}npm run image/);
    expect(readFileSync(join(dir, "logs", "image.log"), "utf8")).toContain("docker build failed.");
    expect(await gotten(await newSession(instance))).toEqual({ backend: "process", because: expect.stringMatching(/^The image of sandboxes could not be built: docker build failed\./) });

    const dockerfile = env["SANDBOX_DOCKERFILE"] ?? "";
    writeFileSync(dockerfile, readFileSync(dockerfile, "utf8").replace(/^ADD .*\n/m, ""));
    const again = await runLauncher(["image"], env);
    expect([again.code, existsSync(IMAGE_BUILD)], again.stderr).toEqual([0, false]);
    expect((await gotten(await newSession(instance))).backend).toBe("docker");
    await stop(instance);
  });

  test("[DKR10] Ctrl-C ends the build with everything else", async () => {
    const instance = await startInstance(dir, { env });
    const response = await held;
    const builders = instance.tree().filter((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("docker\0build"));
    expect(builders).not.toEqual([]);
    await stop(instance);
    expect(existsSync(IMAGE_BUILD)).toBe(false);
    response.destroy();
    await expect(engine.getImage(image).inspect()).rejects.toMatchObject({ statusCode: 404 });
  });
});
