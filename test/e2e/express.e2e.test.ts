/** A real project as somebody works on it: cloned, installed, its own tests run, one broken and mended; on each backend. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { lookup } from "node:dns/promises";
import { join } from "node:path";
import type { SessionClient } from "@berth/sdk";
import { startGitServer, type GitServer } from "@berth/testkit/git-server";
import { EXPRESS_SOURCE } from "@berth/testkit/machine";
import { suiteNeeds } from "@berth/testkit/needs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readAllowlist } from "../../src/core/egress/allowlist.ts";
import { startDockerHost, type DockerHost } from "./support/docker-host.ts";
import { logOf, makeDataDir, MODEL, startTestStack, turn, untilStatus, type TestStack } from "./support/stack.ts";

const TIMEOUT_MS = 600_000;
/** Where this machine trusts more than Node does by itself, for a registry within. */
const CA_FILE = process.env["NODE_EXTRA_CA_CERTS"] ?? npmSetting("cafile");
const INSTALL = `${CA_FILE === undefined ? "" : "NODE_EXTRA_CA_CERTS=$PWD/.trusted.pem "}npm install --no-audit --no-fund`;
/** Hundreds of packages, on a machine that does other things too. */
const INSTALL_MS = 300_000;
/** What its own reporter sums up, after a count of its lines by another program; the agent keeps no more of an output than 2,000 lines. */
const TESTS = "npx mocha --require test/support/env --reporter spec --timeout 60000 --check-leaks test/ test/acceptance/ > /tmp/tests 2>&1; grep -cE '^ +(✔|✓) ' /tmp/tests; grep -A 60 -E '^ +[0-9]+ passing' /tmp/tests";
/** In `app.path()`, whose one test wants no slash for an application that is mounted nowhere. */
const BREAK = `sed -i "s|    : '';|    : '/';|" lib/application.js && git diff --stat`;
const MEND = `sed -i "s|    : '/';|    : ''; // mounted nowhere|" lib/application.js && git diff --stat`;
const BROKEN = /\d+\) app\.path\(\)\s+should return the canonical:/;

/** Undefined where it is not set. */
function npmSetting(name: string): string | undefined {
  const value = execFileSync("npm", ["config", "get", name], { encoding: "utf8" }).trim();
  return value === "null" || value === "undefined" || value === "" ? undefined : value;
}

let server: GitServer;
let url: string;

beforeAll(async () => {
  server = await startGitServer();
  url = await server.makeRepository("team/express.git", sourceFiles());
});

afterAll(() => server?.close());

function sourceFiles(): Record<string, string> {
  const names = readdirSync(EXPRESS_SOURCE, { recursive: true, encoding: "utf8" }).filter((name) => statSync(join(EXPRESS_SOURCE, name)).isFile());
  const files = names.map((name) => [name, join(EXPRESS_SOURCE, name)] as const);
  const all = CA_FILE === undefined ? files : [...files, [".trusted.pem", CA_FILE] as const];
  return Object.fromEntries(all.map(([name, path]) => [`"${name}"`, readFileSync(path, "utf8")]));
}

interface Ran {
  readonly passed: number;
  readonly failed: number;
  readonly told: string;
}

async function runTests(session: SessionClient): Promise<Ran> {
  const { lastSeq } = await session.get();
  await turn(session, `!bash ${TESTS}`);
  const [told = ""] = (await logOf(session, lastSeq)).flatMap((event) => (event.type === "part.ended" && event.data.part.tool ? [event.data.part.tool.output ?? ""] : []));
  const sum = (word: string): number => Number(new RegExp(`^ +(\\d+) ${word}`, "m").exec(told)?.[1] ?? 0);
  const passed = sum("passing");
  expect(told.split("\n")[0]).toBe(String(passed));
  return { passed, failed: sum("failing"), told };
}

async function journey(stack: TestStack): Promise<void> {
  const { berth } = stack;
  await berth.repos.create({ url, credential: { username: server.username, password: server.password } });
  const session = berth.session((await berth.sessions.create({ model: MODEL, workspace: { kind: "repo", url } })).id);
  await untilStatus(session, ["idle"]);
  await turn(session, `!bash ${INSTALL}`, INSTALL_MS);

  const first = await runTests(session);
  expect(first.passed).toBeGreaterThan(1_000);
  expect(first.told).not.toMatch(BROKEN);
  await turn(session, `!bash ${BREAK}`);
  const broken = await runTests(session);
  expect([broken.passed, broken.failed]).toEqual([first.passed - 1, first.failed + 1]);
  expect(broken.told).toMatch(BROKEN);
  await turn(session, `!bash ${MEND}`);
  const mended = await runTests(session);
  expect([mended.passed, mended.failed]).toEqual([first.passed, first.failed]);

  const { files, patch } = await session.diff();
  expect(files).toEqual([{ path: "lib/application.js", status: "modified", added: 1, removed: 1 }]);
  expect(patch.split("\n").filter((line) => /^[-+] /.test(line))).toEqual(["-    : '';", "+    : ''; // mounted nowhere"]);
}

async function removeAll({ berth }: TestStack): Promise<void> {
  for (const { id } of await berth.sessions.list().all()) await berth.session(id).remove();
}

suiteNeeds("express", "bubblewrap")("Express in a process sandbox", () => {
  let stack: TestStack;

  beforeAll(async () => {
    stack = await startTestStack({ allowOrigins: [server.origin] });
  });

  afterAll(() => stack?.end());

  test("[EXP1] is cloned, installed, tested, broken, mended and compared", () => journey(stack), TIMEOUT_MS);
});

suiteNeeds("express", "docker", "sandbox-image")("Express in a container", () => {
  let stack: TestStack;
  let host: DockerHost | undefined;

  beforeAll(async () => {
    const registry = new URL(npmSetting("registry") ?? "");
    const dataDir = makeDataDir();
    host = await startDockerHost(dataDir, {
      allowlist: readAllowlist(registry.host),
      log: () => undefined,
      // As this machine finds it, which may be by a mirror within.
      resolve: async (name) => (await lookup(name, { all: true })).map(({ address }) => address),
      mayConnect: () => true,
    });
    stack = await startTestStack({ dataDir, sandboxBackends: ["docker"], allowOrigins: [server.origin] }, { sandboxHostUrl: host.url });
  });

  afterAll(async () => {
    await removeAll(stack);
    await host?.untilEmpty();
    await stack?.end();
    await host?.close();
  });

  test("[EXP1] is cloned, installed, tested, broken, mended and compared", () => journey(stack), TIMEOUT_MS);
});
