/** Real git in a sandbox's home, through the broker, against a real `git http-backend` behind a password. */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Repository, Session } from "@berth/protocol";
import { startGitServer, type GitServer } from "@berth/testkit/git-server";
import { needs } from "@berth/testkit/needs";
import { afterAll, beforeAll, expect, onTestFinished } from "vitest";
import { giveGitAccess } from "../../packages/sandbox-runtime/src/repository/git-access.ts";
import { createPlainGit } from "../../src/adapters/source-control/plain-git.ts";
import { MODEL } from "./support/memory-berth.ts";
import { MemoryApi } from "../disruption/support/memory-api.ts";
import { serveApp, type ServedApp } from "./support/served-app.ts";

const test = needs("git");
const TIMEOUT_MS = 60_000;

let server: GitServer;
let api: MemoryApi;
let served: ServedApp;
let scratch: string;

beforeAll(async () => {
  server = await startGitServer();
  api = await MemoryApi.start();
  Object.assign(api.instance.services, { sourceControl: createPlainGit({ fetch: (url, init) => fetch(url, init) }), operatorOrigins: [server.origin] });
  served = await serveApp((request) => api.fetch(request));
  scratch = mkdtempSync(join(tmpdir(), "berth-git-broker-"));
});

afterAll(async () => {
  await served?.close();
  await server?.close();
  if (scratch) rmSync(scratch, { recursive: true, force: true });
});

interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A repository of the organization and a sandbox of a session on it. */
class Sandboxed {
  readonly url: string;
  readonly session: Session;
  readonly home: string;
  readonly folder: string;

  private constructor(url: string, session: Session) {
    this.url = url;
    this.session = session;
    this.home = mkdtempSync(join(scratch, "home-"));
    this.folder = join(this.home, "work");
    mkdirSync(this.folder);
    onTestFinished(() => rmSync(this.home, { recursive: true, force: true }));
  }

  static async open(path: string, files?: Readonly<Record<string, string>>): Promise<Sandboxed> {
    const url = await server.makeRepository(path, files);
    await api.json<Repository>("POST /v1/repos", { body: { url, credential: { username: server.username, password: server.password } } });
    const session = await api.json<Session>("POST /v1/sessions", { body: { model: MODEL, workspace: { kind: "repo", url } } });
    await api.berth.until(() => api.berth.tokens.has(`${session.id}-1`));
    const sandbox = new Sandboxed(url, session);
    sandbox.giveAccess();
    return sandbox;
  }

  get token(): string {
    return api.berth.tokens.get(`${this.session.id}-1`) ?? "";
  }

  giveAccess(): void {
    const runtimeFolder = join(this.home, "runtime");
    giveGitAccess({ home: this.home, runtimeFolder, stateFolder: join(runtimeFolder, "1"), linkUrl: served.origin.replace(/^http/, "ws"), token: this.token, repositoryUrl: this.url });
  }

  git(...args: readonly string[]): Promise<Ran> {
    return this.#run(args);
  }

  async manyCommits(count: number): Promise<void> {
    const commits = Array.from({ length: count }, (_, i) => `commit refs/heads/many\ncommitter Agent <agent@example.com> ${1_700_000_000 + i} +0000\ndata 4\nmany\n`);
    const { exitCode, stderr } = await this.#run(["fast-import", "--quiet"], commits.join("\n"));
    if (exitCode !== 0) throw new Error(stderr);
  }

  #run(args: readonly string[], input = ""): Promise<Ran> {
    const env = { PATH: process.env["PATH"] ?? "", HOME: this.home, GIT_CONFIG_NOSYSTEM: "1", GIT_TERMINAL_PROMPT: "0", LC_ALL: "C", GIT_AUTHOR_NAME: "Agent", GIT_AUTHOR_EMAIL: "agent@example.com", GIT_COMMITTER_NAME: "Agent", GIT_COMMITTER_EMAIL: "agent@example.com" };
    return new Promise((resolve) => {
      const running = execFile("git", [...args], { cwd: this.folder, env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => resolve({ exitCode: error ? Number(error.code) : 0, stdout, stderr }));
      // One that ends early takes no input.
      running.stdin?.on("error", () => undefined);
      running.stdin?.end(input);
    });
  }

  async done(...args: readonly string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.git(...args);
    if (exitCode !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
    return stdout.trim();
  }

  async commit(name: string, content: string | Uint8Array): Promise<string> {
    writeFileSync(join(this.folder, name), content);
    await this.done("add", name);
    await this.done("commit", "--quiet", "-m", name);
    return this.done("rev-parse", "HEAD");
  }
}

test("[GIT1][GIT4] a clone, a commit and a push to the session's branch arrive, with the credential added on the way", { timeout: TIMEOUT_MS }, async () => {
  const sandbox = await Sandboxed.open("team/app.git");
  await sandbox.done("clone", "--quiet", sandbox.url, ".");
  const branch = `berth/${sandbox.session.id}/work`;
  await sandbox.done("checkout", "--quiet", "-b", branch);
  const commit = await sandbox.commit("made.txt", "by the agent\n");
  await sandbox.done("push");
  expect(await server.git("team/app.git", "rev-parse", branch)).toBe(commit);
  expect(server.seen.filter((line) => line.startsWith("POST /team/app.git/git-receive-pack")).at(-1)).toMatch(/ 200$/);
  expect(server.headers.join("\n")).not.toMatch(/berth_sbx_/);
});

test("[GIT4] main, another's branch, a tag and a delete outside the prefix stay as they are, and git prints why", { timeout: TIMEOUT_MS }, async () => {
  const sandbox = await Sandboxed.open("team/guarded.git");
  await sandbox.done("clone", "--quiet", sandbox.url, ".");
  await sandbox.commit("made.txt", "by the agent\n");
  const prefix = `berth/${sandbox.session.id}/`;
  const before = await server.git("team/guarded.git", "for-each-ref");
  for (const refspec of ["main", "+main:main", ":main", "HEAD:refs/heads/berth/other/work", "HEAD:refs/tags/v1", `HEAD:refs/heads/${prefix.slice(0, -1)}`, "HEAD:refs/for/main"]) {
    const { exitCode, stderr } = await sandbox.git("push", "origin", refspec);
    expect(exitCode, refspec).not.toBe(0);
    expect(stderr, refspec).toContain("[remote rejected]");
    expect(stderr, refspec).toContain(`only branches below ${prefix}`);
  }
  // One that may move and one that may not: neither does.
  const both = await sandbox.git("push", "origin", `HEAD:refs/heads/${prefix}work`, "HEAD:refs/heads/main");
  expect([both.exitCode, both.stderr]).toEqual([1, expect.stringContaining("since another branch of this push was refused")]);
  expect(await server.git("team/guarded.git", "for-each-ref")).toBe(before);
  // Below the prefix it may rewrite and delete what it made.
  await sandbox.done("push", "origin", `HEAD:refs/heads/${prefix}work`);
  await sandbox.done("commit", "--quiet", "--amend", "-m", "again");
  await sandbox.done("push", "--force", "origin", `HEAD:refs/heads/${prefix}work`);
  expect(await server.git("team/guarded.git", "rev-parse", `${prefix}work`)).toBe(await sandbox.done("rev-parse", "HEAD"));
  await sandbox.done("push", "origin", `:refs/heads/${prefix}work`);
  expect(await server.git("team/guarded.git", "for-each-ref")).toBe(before);
});

test("[GIT2] a repository that is not the session's is not found, whether or not the organization has it", { timeout: TIMEOUT_MS }, async () => {
  const [one, other] = [await Sandboxed.open("team/one.git"), await Sandboxed.open("team/other.git")];
  const base = `${served.origin}/v1/broker/git/${new URL(server.origin).host}`;
  const refusals: string[] = [];
  for (const path of ["team/other", "team/nowhere", "elsewhere/one"]) {
    const { exitCode, stderr } = await one.git("ls-remote", `${base}/${path}.git`);
    expect(exitCode).toBe(128);
    refusals.push(stderr.replaceAll(path, "…"));
  }
  expect(new Set(refusals).size).toBe(1);
  expect(refusals[0]).toContain("remote: This session has no such repository.");
  expect(refusals[0]).toContain("not found");
  await other.done("ls-remote", other.url);
});

test("[GIT1] an ended session's token, no token and a wrong one are refused so that git prints it", { timeout: TIMEOUT_MS }, async () => {
  const sandbox = await Sandboxed.open("team/ended.git");
  await sandbox.done("clone", "--quiet", sandbox.url, ".");
  await sandbox.done("checkout", "--quiet", "-b", `berth/${sandbox.session.id}/work`);
  await sandbox.commit("late.txt", "late\n");
  const direct = `${served.origin}/v1/broker/git/${new URL(sandbox.url).host}/team/ended`;
  const none = await sandbox.git("-c", "credential.helper=", "-c", `credential.${served.origin}.helper=`, "ls-remote", direct);
  expect([none.exitCode, none.stderr]).toEqual([128, expect.stringContaining("could not read Username")]);
  await api.ask(`DELETE /v1/sessions/${sandbox.session.id}`);
  for (const args of [["fetch"], ["push"], ["-c", "protocol.version=0", "fetch"], ["ls-remote"]]) {
    const { exitCode, stderr } = await sandbox.git(...args);
    expect([exitCode, stderr], args.join(" ")).toEqual([128, expect.stringContaining("remote error: This sandbox's token is not valid any more")]);
  }
  const wrong = await sandbox.git("-c", `credential.${served.origin}.helper=`, "-c", `credential.${served.origin}.helper=!echo username=x; echo password=nonsense;:`, "ls-remote", direct);
  expect([wrong.exitCode, wrong.stderr]).toEqual([128, expect.stringContaining("Authentication failed")]);
});

test("[GIT5] every version of the protocol, shallow clones and pushes too large for one piece pass through", { timeout: TIMEOUT_MS }, async () => {
  const sandbox = await Sandboxed.open("team/large.git", { "README.md": "hello\n", "big.txt": randomBytes(300_000).toString("base64") });
  for (const version of [0, 1, 2]) {
    expect(await sandbox.done("-c", `protocol.version=${version}`, "ls-remote", "--heads", sandbox.url)).toContain("refs/heads/main");
  }
  await sandbox.done("clone", "--quiet", "--depth=1", "--no-single-branch", sandbox.url, ".");
  await sandbox.done("checkout", "--quiet", "-b", `berth/${sandbox.session.id}/work`);
  const commit = await sandbox.commit("large.bin", randomBytes(5 * 1024 * 1024));
  await sandbox.done("push");
  expect(await server.git("team/large.git", "rev-parse", `berth/${sandbox.session.id}/work`)).toBe(commit);
  // What the sandbox has and the host lacks is told when it fetches: so much that git compresses it.
  await sandbox.manyCommits(60);
  const moved = await server.git("team/large.git", "commit-tree", "-m", "moved", "-p", "main", "main^{tree}");
  await server.git("team/large.git", "update-ref", "refs/heads/moved", moved);
  await sandbox.done("fetch", "--quiet", "origin");
  expect(await sandbox.done("rev-parse", "origin/moved")).toBe(moved);
  expect(server.headers.filter((line) => line.includes('"content-encoding":"gzip"')).length).toBeGreaterThan(0);
  // A refused push of that size is heard to its end, so that git reads why.
  const refused = await sandbox.git("push", "origin", "HEAD:refs/heads/main2");
  expect(refused.stderr).toContain("[remote rejected]");
});

test("[GIT6] a credential that the host refuses now is told as that, and the host's own verdict on a push as its own", { timeout: TIMEOUT_MS }, async () => {
  const sandbox = await Sandboxed.open("team/changed.git");
  await sandbox.done("clone", "--quiet", sandbox.url, ".");
  await sandbox.done("checkout", "--quiet", "-b", `berth/${sandbox.session.id}/work`);
  await sandbox.commit("one.txt", "one\n");
  await server.git("team/changed.git", "config", "receive.denyCurrentBranch", "refuse");
  await server.git("team/changed.git", "config", "transfer.hideRefs", `refs/heads/berth/${sandbox.session.id}`);
  const hidden = await sandbox.git("push");
  expect(hidden.stderr).toContain("deny updating a hidden ref");
  const known = (await api.json<{ data: Repository[] }>("GET /v1/repos")).data.find(({ url }) => url === sandbox.url);
  await api.instance.vault.put(api.owner.orgId, `repository/${known?.id ?? ""}`, JSON.stringify({ kind: "basic", username: "ada", password: "changed" }));
  const refused = await sandbox.git("fetch");
  expect([refused.exitCode, refused.stderr]).toEqual([128, expect.stringContaining("refused the credential. An admin must add the repository again")]);
  expect(refused.stderr).not.toContain("changed\n");
});
