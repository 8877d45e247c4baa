/**
 * Environments on the running instance, with the real agent, real git and a real git server: one is proposed from the
 * repository, sets a session's sandbox up before its first prompt, and is kept until the next sandbox when it is removed.
 */
import type { SessionClient, SessionEvent } from "@berth/sdk";
import { verifies } from "@berth/testkit";
import { startGitServer, type GitServer } from "@berth/testkit/git-server";
import { afterAll, beforeAll, expect, test } from "vitest";
import { logOf, MODEL, startTestStack, turn, untilStatus, type TestStack } from "./support/stack.ts";
import { eventually } from "./support/waiting.ts";

const TIMEOUT_MS = 240_000;
const SECRET = "example-value-of-an-environment-secret";

let server: GitServer;
let stack: TestStack;
let url: string;

beforeAll(async () => {
  server = await startGitServer();
  url = await server.makeRepository("team/app.git", { "package.json": '{"scripts":{"test":"node --test"}}', "README.md": "hello\n" });
  stack = await startTestStack({ allowOrigins: [server.origin] });
});

afterAll(async () => {
  await stack?.end();
  await server?.close();
});

const phases = (log: readonly SessionEvent[]) => log.flatMap((event) => (event.type === "environment.status" ? [event.data.phase] : []));
const printed = (log: readonly SessionEvent[]) => log.flatMap((event) => (event.type === "environment.output" ? [event.data.text] : [])).join("");

async function lastOutput(session: SessionClient): Promise<string> {
  const parts = (await logOf(session)).flatMap((event) => (event.type === "part.ended" && event.data.part.tool ? [event.data.part.tool.output ?? ""] : []));
  return parts.at(-1) ?? "";
}

async function sleep(session: SessionClient): Promise<void> {
  const { lastSeq } = await session.get();
  await session.hibernate();
  await untilStatus(session, ["hibernated"], lastSeq);
}

test("[ENV10][ENV2][ENV3][ENV6][ENV7] a session on a repository is set up by its environment before its first prompt", { timeout: TIMEOUT_MS }, async () => {
  const { berth } = stack;
  const repository = await berth.repos.create({ url, credential: { username: server.username, password: server.password } });
  const found = await berth.environments.detect(repository.id);
  expect(found).toMatchObject({ fileCount: 2, packageManagers: ["npm"], install: ["npm install"], test: ["npm test"] });

  const setupScript = 'echo "setting up $(cat README.md) in $MODE with $TOKEN"\nsleep 3\necho "$MODE" > made\n';
  const tests = await berth.environments.create({ name: "Tests", repositories: [repository.id], variables: { MODE: "test" }, setupScript });
  await berth.secrets.create({ name: "TOKEN", value: SECRET, readableByAgent: true, scope: { kind: "environment", environment: tests.id } });
  const created = await berth.sessions.create({ model: MODEL, workspace: { kind: "repo", url }, prompt: `!bash cat made; echo "$MODE"; test "$TOKEN" = ${SECRET} && echo had` });
  expect(created.environment).toEqual({ id: tests.id, name: "Tests" });
  const session = berth.session(created.id);
  await untilStatus(session, ["idle"], await untilStatus(session, ["running"]));
  const log = await logOf(session);
  expect([phases(log), printed(log)]).toEqual([["setting-up", "ready"], `setting up hello in test with ${"•".repeat(SECRET.length)}\n`]);
  expect(await lastOutput(session)).toBe("test\ntest\nhad\n");
  const isReady = (event: SessionEvent) => event.type === "environment.status" && event.data.phase === "ready";
  expect(log.findIndex(isReady)).toBeLessThan(log.findIndex(({ type }) => type === "part.started"));
  expect(JSON.stringify(log.filter(({ type }) => type.startsWith("environment.")))).not.toContain(SECRET);

  // A checkpoint has what the script made: it does not run again.
  await sleep(session);
  await turn(session, "!bash cat made; echo $MODE");
  expect([phases(await logOf(session)), await lastOutput(session)]).toEqual([["setting-up", "ready"], "test\ntest\n"]);

  // What the sandbox began with stays; the next one says that there is none.
  await berth.environments.remove(tests.id);
  expect((await berth.secrets.list().all()).map(({ name }) => name)).toEqual([]);
  await turn(session, "!bash echo still $MODE");
  expect(await lastOutput(session)).toBe("still test\n");
  await sleep(session);
  await turn(session, "!bash echo now ${MODE:-none}");
  expect([phases(await logOf(session)), await lastOutput(session), (await session.get()).environment]).toEqual([["setting-up", "ready", "removed"], "now none\n", undefined]);
});

verifies(["ENV14", "ENV16"], "an environment asks for no more than this instance gives, and a sandbox says where nothing is bounded", async () => {
  const { berth } = stack;
  await expect(berth.environments.create({ name: "Huge", resources: { memoryMb: 1_000_000 } })).rejects.toMatchObject({ errors: [{ pointer: "/resources/memoryMb", message: expect.stringContaining("MB of memory at most") as string }] });
  const { resources } = await berth.environments.create({ name: "Small", resources: { memoryMb: 512 } });
  expect(resources).toEqual({ memoryMb: 512 });
  const session = await stack.idleSession({ environment: "Small" });
  await eventually("its policy says so", async () => JSON.stringify(await session.policy()).includes("bounds neither memory nor processors") || "not yet", 60_000);
});

test("[ENV8] a script that fails is a warning, and the session goes on", { timeout: TIMEOUT_MS }, async () => {
  const { berth } = stack;
  await berth.environments.create({ name: "Broken", setupScript: "echo before\nno-such-program-anywhere\necho never\n" });
  const session = berth.session((await berth.sessions.create({ model: MODEL, environment: "Broken", prompt: "!bash echo it goes on" })).id);
  await untilStatus(session, ["idle"], await untilStatus(session, ["running"]));
  const log = await logOf(session);
  const failed = log.find((event) => event.type === "environment.status" && event.data.phase === "failed");
  expect([phases(log), failed?.data]).toMatchObject([["setting-up", "failed"], { failure: { code: "setup-failed", message: expect.stringContaining("code 127") as string } }]);
  expect(printed(log)).toMatch(/^before\n.*no-such-program-anywhere/);
  expect(await lastOutput(session)).toBe("it goes on\n");
});
