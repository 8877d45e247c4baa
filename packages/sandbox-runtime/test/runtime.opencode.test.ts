/** The bundle as a sandbox runs it: one file, Node and the real OpenCode, joined to a session over a real socket. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { CLOSE_CODES, type DownMessage, type UpFrame } from "@berth/protocol";
import { startDemoModel, type DemoModel } from "@berth/demo-model";
import { buildRuntime } from "../build.mjs";
import { FakeSession } from "./fake-session.ts";

const TOKEN = "berth_sbx_example_token_of_a_test";
let bundle = "";
let folder = "";
let model: DemoModel;
let session: FakeSession;
let server: WebSocketServer;
let http: Server;
/** What `/v1/sandbox/secrets` answers. */
let secrets: { status: number; body: object };
/** What `/v1/sandbox/environment` answers. */
let environment: typeof secrets;
const runtimes: ReturnType<typeof spawn>[] = [];

beforeAll(async () => {
  bundle = await buildRuntime();
});

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "berth-runtime-"));
  for (const name of ["work", "home", "run", "app"]) mkdirSync(join(folder, name));
  // Nothing of the repository is beside it.
  writeFileSync(join(folder, "app", "runtime.mjs"), readFileSync(bundle));
  model = await startDemoModel({ chunkDelayMs: 1 });
  session = new FakeSession();
  secrets = { status: 200, body: { environment: {} } };
  environment = { status: 200, body: { environment: null } };
  http = createServer((request, response) => {
    const known = request.headers.authorization === `Bearer ${TOKEN}` ? { "/v1/sandbox/secrets": secrets, "/v1/sandbox/environment": environment }[request.url ?? ""] : undefined;
    response.writeHead(known?.status ?? 404, { "content-type": "application/json" }).end(JSON.stringify(known?.body ?? {}));
  });
  server = new WebSocketServer({ server: http });
  server.on("connection", (socket, request) => {
    if (request.headers.authorization !== `Bearer ${TOKEN}`) return socket.close(CLOSE_CODES.unauthorized);
    const side = session.attach({
      send: (frame) => socket.send(JSON.stringify(frame)),
      close: (code) => (code === 1006 ? socket.terminate() : socket.close(code)),
    });
    socket.on("message", (data) => String(data) === "ping" || side.frame(JSON.parse(String(data)) as UpFrame));
    socket.on("close", () => side.closed());
  });
  await new Promise<void>((listening) => http.listen(0, "127.0.0.1", listening));
});

afterEach(async () => {
  for (const child of runtimes.splice(0)) await ended(child, "SIGTERM");
  for (const socket of server.clients) socket.terminate();
  await new Promise((closed) => server.close(closed));
  http.closeAllConnections();
  await new Promise((closed) => http.close(closed));
  await model.close();
  rmSync(folder, { recursive: true, force: true });
});

function launch(): ReturnType<typeof spawn> {
  const linkFile = join(folder, "run", "link.json");
  const { port } = http.address() as AddressInfo;
  const link = {
    url: `ws://127.0.0.1:${port}/v1/sandbox/link`,
    token: TOKEN,
    epoch: 1,
    sessionId: "ses_example",
    orgId: "org",
    workFolder: join(folder, "work"),
    home: join(folder, "home"),
    opencodePath: join(process.cwd(), "node_modules/.bin/opencode"),
  };
  writeFileSync(linkFile, JSON.stringify(link));
  const child = spawn(process.execPath, [join(folder, "app", "runtime.mjs"), linkFile], {
    cwd: folder,
    env: { PATH: process.env["PATH"] ?? "" },
    stdio: ["ignore", "inherit", "inherit"],
  });
  runtimes.push(child);
  return child;
}

async function ended(child: ReturnType<typeof spawn>, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  await exited;
}

function configure(more: Partial<Extract<DownMessage, { type: "configure" }>> = {}): void {
  const models = [{ id: "demo", name: "Demo model", contextTokens: 200_000 }];
  session.tell({
    type: "configure",
    providers: [{ id: "demo", kind: "openai-compatible", baseUrl: `${model.url}/v1`, models }],
    permissions: {},
    git: { name: "A Person", email: "person@example.com" },
    ...more,
  });
}

const prompt = (messageId: string, text: string): void => session.tell({ type: "prompt", messageId, text, model: "demo/demo" });
const endOf = (messageId: string) => session.first("turn-ended", (up) => up.messageId === messageId);
const outputOf = (messageId: string) => session.all("part-ended").find((up) => up.messageId === messageId && up.part.kind === "tool")?.part.tool?.output;

/** Empty for a file that is gone by now: the agent tidies up while it is looked at. */
function contentOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return Buffer.alloc(0);
    throw error;
  }
}

describe("runtime bundle with the real OpenCode", () => {
  test("takes a prompt, runs a real command and streams the answer", async () => {
    spawnSync("git", ["init", "-q", "-b", "trunk", join(folder, "work")]);
    launch();
    configure();
    await session.first("ready");
    expect(existsSync(join(folder, "run", "link.json"))).toBe(false);
    expect(session.all("workspace-ready")).toEqual([{ type: "workspace-ready", branch: "trunk" }]);
    prompt("msg_1", "!say I will look\n!bash echo made by $(git config user.name || echo $GIT_AUTHOR_NAME) > note; cat note");
    await session.first("part-started");
    expect(await endOf("msg_1")).toMatchObject({ outcome: "completed" });
    expect(outputOf("msg_1")).toContain("made by A Person");
    expect(readFileSync(join(folder, "work", "note"), "utf8")).toBe("made by A Person\n");
    prompt("msg_2", "!stream 1000 500");
    await session.first("part-started", (up) => up.messageId === "msg_2");
    await endOf("msg_2");
    const frames = session.frames.filter((frame) => frame.type === "deltas");
    // 1,000 pieces in two seconds: merged by the tick, streamed all the same. How many frames depends on how busy the machine is.
    expect(frames.length).toBeGreaterThan(1);
    expect(frames.length).toBeLessThan(300);
    expect(await session.first("title")).toMatchObject({ title: expect.stringMatching(/./) });
  }, 120_000);

  test("[SCR7] has what the agent may read in its environment, and in no file, message or command line", async () => {
    const value = "example-readable-value-of-a-test";
    secrets.body = { environment: { API_TOKEN: value } };
    launch();
    configure();
    await session.first("ready");
    // A process may end between its listing and its reading.
    prompt("msg_1", `!bash test "$API_TOKEN" = ${value.replaceAll(/./g, '"$&"')} && echo there; cat /proc/*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -c "example-readable[-]value"; test -s "$BERTH_TOKEN_FILE" && echo "$BERTH_HTTP_BROKER"`);
    expect(await endOf("msg_1")).toMatchObject({ outcome: "completed" });
    expect(outputOf("msg_1")).toMatch(/^there\n0\nhttp:\/\/127\.0\.0\.1:\d+\/v1\/broker\/http\s*$/);
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    expect(files.length).toBeGreaterThan(3);
    expect(files.filter((file) => contentOf(file).includes(value))).toEqual([]);
    expect(JSON.stringify([session.ups, session.frames])).not.toContain(value);
  }, 120_000);

  test("[ENV3] has the variables of its environment, a secret of the same name before one, and shows what is no secret", async () => {
    secrets.body = { environment: { BOTH: "example-secret-of-a-test" } };
    environment.body = { environment: { variables: { MODE: "mode-of-a-test", BOTH: "variable-of-a-test" }, setupScript: "" } };
    launch();
    configure({ environment: { id: "env_1" } });
    await session.first("ready");
    prompt("msg_1", `!bash echo "$MODE"; test "$BOTH" = variable-of-a-test || echo another`);
    expect(await endOf("msg_1")).toMatchObject({ outcome: "completed" });
    expect(outputOf("msg_1")).toMatch(/^mode-of-a-test\nanother\s*$/);
  }, 120_000);

  test("[SCR7] does not start the agent without the secrets it should have, and says why", async () => {
    secrets = { status: 502, body: { detail: "A secret that the agent should have cannot be read." } };
    launch();
    configure();
    expect((await session.first("agent-failed")).failure.message).toBe("The session's secrets cannot be read: A secret that the agent should have cannot be read.");
    expect(session.all("ready")).toEqual([]);
  }, 120_000);

  test("goes on when the link is cut in the middle of a turn", async () => {
    launch();
    configure();
    await session.first("ready");
    prompt("msg_1", "!bash sleep 1; echo survived");
    await session.first("part-started", ({ part }) => part.kind === "tool");
    session.hangUp();
    expect(await endOf("msg_1")).toMatchObject({ outcome: "completed" });
    expect(outputOf("msg_1")).toContain("survived");
    expect(session.connections).toBe(2);
    expect(session.all("part-ended")).toHaveLength(session.all("part-started").length);
  }, 120_000);

  test("is killed in a turn, starts again and runs nothing twice", async () => {
    const first = launch();
    configure();
    await session.first("ready");
    prompt("msg_1", "!bash echo ran >> log; sleep 60");
    await session.first("part-started", ({ part }) => part.kind === "tool");
    await expect.poll(() => existsSync(join(folder, "work", "log")), { timeout: 20_000 }).toBe(true);
    await ended(first, "SIGKILL");
    launch();
    expect(await endOf("msg_1")).toMatchObject({ outcome: "interrupted" });
    prompt("msg_2", "!bash cat log");
    expect(await endOf("msg_2")).toMatchObject({ outcome: "completed" });
    expect(outputOf("msg_2")?.trim()).toBe("ran");
    expect(session.all("turn-started").map(({ messageId }) => messageId)).toEqual(["msg_1", "msg_2"]);
  }, 150_000);

  test("ends by itself when a newer epoch took over", async () => {
    const child = launch();
    const exited = new Promise((resolve) => child.once("exit", resolve));
    configure();
    await session.first("ready");
    session.hangUp(CLOSE_CODES.fenced);
    expect(await exited).toBe(0);
  }, 120_000);
});
