/**
 * A session on a repository behind a password: the running instance, the real agent, real git and a real git server. The
 * work arrives on the session's branch, and nothing that the sandbox or a log holds is the password.
 */
import { randomBytes } from "node:crypto";
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startGitServer, type GitServer } from "@berth/testkit/git-server";
import { BerthError, type SessionClient } from "@berth/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { mask, search, type Needle, type Plan, type Report } from "./support/secret-search.ts";
import { logOf, MODEL, startTestStack, turn, untilStatus, workFile, type TestStack } from "./support/stack.ts";

const PASSWORD = `git-example/+=&${randomBytes(16).toString("base64")}`;
const CANARY = `canary/+=&${randomBytes(16).toString("base64")}`;
const TIMEOUT_MS = 240_000;
const NOT_ENTERED = ["/proc", "/sys", "/dev", "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix"];

let server: GitServer;
let stack: TestStack;
let session: SessionClient;
let url: string;
const branch = (): string => `berth/${session.id}/work`;
const REPOSITORY = "team/app.git";

beforeAll(async () => {
  server = await startGitServer({ password: PASSWORD });
  url = await server.makeRepository(REPOSITORY, { "README.md": "hello\n", "large.txt": randomBytes(200_000).toString("base64") });
  stack = await startTestStack({ allowOrigins: [server.origin] });
});

afterAll(async () => {
  await stack?.end();
  await server?.close();
});

test("[GIT2][SRC7] a repository is added with the right password only, and a session needs one that was added", { timeout: TIMEOUT_MS }, async () => {
  const { berth } = stack;
  const workspace = { kind: "repo", url } as const;
  const refused = async (call: Promise<unknown>): Promise<unknown> => call.then(() => null, (error: unknown) => BerthError.is(error) && [error.status, error.errors[0]?.pointer]);
  expect(await refused(berth.sessions.create({ model: MODEL, workspace }))).toEqual([422, "/workspace/url"]);
  expect(await refused(berth.repos.create({ url, credential: { username: server.username, password: "wrong" } }))).toEqual([422, "/credential"]);
  const added = await berth.repos.create({ url, credential: { username: server.username, password: PASSWORD } });
  expect(added).toMatchObject({ url, hasCredential: true, canPush: true, defaultBranch: "main" });
  session = berth.session((await berth.sessions.create({ model: MODEL, workspace: { ...workspace, url: url.replace(/\.git$/, "") } })).id);
  await untilStatus(session, ["idle"]);
  const ready = (await logOf(session)).find((event) => event.type === "workspace.status" && event.data.phase === "ready");
  expect(ready?.data).toEqual({ phase: "ready", branch: branch(), base: await server.git(REPOSITORY, "rev-parse", "main") });
});

test("[GIT4][GIT5][CLN1] the agent commits and pushes to the session's branch, and main stays with the reason in the tool's output", { timeout: TIMEOUT_MS }, async () => {
  const main = await server.git(REPOSITORY, "rev-parse", "main");
  // Past what git sends in one piece, so that the Worker streams it.
  await turn(session, "!bash head -c 3000000 /dev/urandom > made.bin && cat README.md && git add -A && git commit -qm 'By the agent' && git push 2>&1\n!bash git push origin HEAD:main 2>&1 || true\n!bash git fetch origin 2>&1; git status --short --branch");
  expect(await server.git(REPOSITORY, "log", "-1", "--format=%s", branch())).toBe("By the agent");
  expect(await server.git(REPOSITORY, "rev-parse", "main", `${branch()}~1`)).toBe(`${main}\n${main}`);
  expect(await server.git(REPOSITORY, "cat-file", "-s", `${branch()}:made.bin`)).toBe("3000000");
  const outputs = JSON.stringify((await logOf(session)).filter(({ type }) => type === "part.ended"));
  expect(outputs).toContain(`[remote rejected] HEAD -> main (this session pushes only branches below berth/${session.id}/)`);
  expect(server.seen.filter((line) => /^POST .*git-receive-pack 200$/.test(line)).length).toBeGreaterThan(0);
  expect(server.headers.join("\n")).not.toContain("berth_sbx_");
});

test("[CLN4] neither the sandbox, while it pushes, nor a log or an object holds the password", { timeout: TIMEOUT_MS }, async () => {
  const needles: Needle[] = [
    { name: "canary", masked: mask(CANARY) },
    { name: "password", masked: mask(PASSWORD) },
    { name: "sandbox token", masked: mask(`.${session.id}.`) },
  ];
  const plan: Plan = { needles, roots: ["/"], skip: NOT_ENTERED, plant: (["environ", "cmdline"] as const).map((place) => ({ place, needle: "canary" })), processes: true };
  copyFileSync(join(import.meta.dirname, "support", "secret-search.ts"), workFile(stack, session.id, "secret-search.ts"));
  writeFileSync(workFile(stack, session.id, "plan.json"), JSON.stringify(plan));
  // Git pushes and fetches for as long as the search goes on.
  await turn(session, "!bash (while [ ! -f plan.json.found ]; do git commit -q --allow-empty -m again; git push -q; git fetch -q; git remote -v; git config --list; done > git.log 2>&1) & node secret-search.ts plan.json; wait", 200_000);
  const report = JSON.parse(readFileSync(workFile(stack, session.id, "plan.json.found"), "utf8")) as Report;
  const places = (name: string): string[] => report.found.filter(({ needle }) => needle === name).map(({ place }) => place);
  expect(places("canary")).toEqual(expect.arrayContaining(["environ", "cmdline"]));
  expect(places("password")).toEqual([]);
  expect([...new Set(places("sandbox token").map((place) => place.replace(/^file .*\//, "")))].toSorted(), "the session's own token, in files of its user").toEqual(["broker-token", "git-credential"]);
  expect(await server.git(REPOSITORY, "log", "-1", "--format=%s", branch())).toBe("again");

  const outside = search({ needles, roots: ["logs", "worker", "sandboxes"].map((name) => join(stack.dataDir, name)), skip: [], plant: [], processes: false });
  expect(outside.found.filter(({ needle }) => needle === "password")).toEqual([]);
});

test("[CLN3][GIT1][GIT11] the next sandbox finds the work, with all that changed since it began, and pushes with its own token", { timeout: TIMEOUT_MS }, async () => {
  await turn(session, "!write kept.txt not committed");
  const before = await session.diff();
  expect(before.files).toContainEqual({ path: "made.bin", status: "added", added: null, removed: null });
  await session.hibernate();
  const seq = await untilStatus(session, ["hibernated"]);
  await session.resume();
  await untilStatus(session, ["idle"], seq);
  expect((await session.get()).sandbox?.epoch).toBe(2);
  expect((await session.diff()).files).toEqual(before.files);
  await turn(session, "!bash cat kept.txt && git add kept.txt && git commit -qm 'After the night' && git push 2>&1");
  expect(await server.git(REPOSITORY, "log", "-1", "--format=%s", branch())).toBe("After the night");
  expect(existsSync(workFile(stack, session.id, "kept.txt"))).toBe(true);
});
