/** Clones made by real git, and the access to the broker as real git reads it. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DownMessage } from "@berth/protocol";
import { needs } from "@berth/testkit/needs";
import { expect, onTestFinished } from "vitest";
import { giveGitAccess } from "../src/repository/git-access.ts";
import { createRepository, RepositoryError } from "../src/repository/prepare.ts";
import { CONFIGURE, launch, newWorld, until } from "./runtime-world.ts";

const test = needs("git");

interface Rig {
  readonly source: string;
  readonly workFolder: string;
  readonly home: string;
  readonly marker: string;
  /** Git in the source, without the machine's own configuration. */
  git(...args: readonly string[]): string;
  inWork(...args: readonly string[]): string;
}

function makeRig({ commits = true } = {}): Rig {
  const root = mkdtempSync(join(tmpdir(), "berth-clone-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const [source, workFolder, home] = ["source", "work", "home"].map((name) => join(root, name)) as [string, string, string];
  for (const folder of [source, workFolder, home]) mkdirSync(folder);
  const env = { PATH: process.env["PATH"] ?? "", HOME: home, GIT_CONFIG_NOSYSTEM: "1", GIT_AUTHOR_NAME: "A", GIT_AUTHOR_EMAIL: "a@example.com", GIT_COMMITTER_NAME: "A", GIT_COMMITTER_EMAIL: "a@example.com" };
  const run = (folder: string) => (...args: readonly string[]): string => execFileSync("git", args, { cwd: folder, env, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  const git = run(source);
  git("init", "--quiet", "--initial-branch=trunk");
  git("config", "uploadpack.allowAnySHA1InWant", "true");
  if (commits) {
    writeFileSync(join(source, "one.txt"), "one\n");
    git("add", ".");
    git("commit", "--quiet", "-m", "one");
    git("tag", "v1");
    git("commit", "--quiet", "--allow-empty", "-m", "two");
    git("branch", "side", "v1");
  }
  return { source, workFolder, home, marker: join(home, "runtime", "repository"), git, inWork: run(workFolder) };
}

const BRANCH = "berth/ses_1/work";
const configure = (url: string, more: { ref?: string; restore?: { checkpoint: string } } = {}): Extract<DownMessage, { type: "configure" }> => {
  const { restore, ref } = more;
  return { ...CONFIGURE, repo: { url, branch: BRANCH, ...(ref === undefined ? {} : { ref }) }, ...(restore ? { restore } : {}) };
};
const prepare = (rig: Rig, timeoutMs?: number) => createRepository({ workFolder: rig.workFolder, environment: { PATH: process.env["PATH"] ?? "", HOME: rig.home, GIT_CONFIG_NOSYSTEM: "1" }, marker: rig.marker, giveAccess: () => undefined, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
const never = () => new AbortController().signal;

test.for([
  [undefined, "trunk"],
  ["side", "side"],
  ["v1", "v1"],
  ["commit", "v1"],
] as const)("[CLN1] the work begins at %s on the session's branch", async ([asked, expected]) => {
  const rig = makeRig();
  const ref = asked === "commit" ? rig.git("rev-parse", "v1") : asked;
  await prepare(rig)(configure(rig.source, ref === undefined ? {} : { ref }), never());
  expect([rig.inWork("symbolic-ref", "--short", "HEAD"), rig.inWork("rev-parse", "HEAD")]).toEqual([BRANCH, rig.git("rev-parse", `${expected}^{commit}`)]);
  expect([rig.inWork("status", "--porcelain"), rig.inWork("config", "user.name"), rig.inWork("remote", "get-url", "origin")]).toEqual(["", "Berth", rig.source]);
});

test("[CLN1] a commit on no branch is asked for by its name, and a repository without commits begins empty", async () => {
  const rig = makeRig();
  const lost = rig.git("commit-tree", "-m", "lost", "v1^{tree}");
  await prepare(rig)(configure(rig.source, { ref: lost }), never());
  expect(rig.inWork("rev-parse", "HEAD")).toBe(lost);
  const empty = makeRig({ commits: false });
  await prepare(empty)(configure(empty.source), never());
  expect(empty.inWork("symbolic-ref", "--short", "HEAD")).toBe(BRANCH);
});

test("[CLN1][CLN2] no agent is opened before the clone is there, and one that cannot be made fails the work folder", async () => {
  const failure = { code: "clone-failed", message: "There is no such branch.", fix: "Choose another." };
  const world = newWorld();
  const { agent } = launch(world, undefined, undefined, () => Promise.reject(new RepositoryError(failure)));
  let opened = 0;
  agent.open = async () => ((opened += 1), { name: "late", version: "1" });
  world.session.tell(configure("https://git.example/team/app"));
  await until(world, () => world.session.all("workspace-failed").length === 1);
  expect([world.session.all("workspace-failed"), opened]).toEqual([[{ type: "workspace-failed", failure }], 0]);
});

test("[CLN2] an address where nothing is and a clone that takes too long are told apart", async () => {
  const rig = makeRig();
  const failure = async (url: string, timeoutMs?: number) => prepare(rig, timeoutMs)(configure(url), never()).then(() => null, (error: RepositoryError) => error.failure.message);
  expect(await failure(join(rig.source, "nowhere"))).toMatch(/could not be cloned: .*does not exist/);
  expect(await failure(rig.source, 0)).toContain("was not cloned within 0 s");
  const unknown = await prepare(rig)(configure(rig.source, { ref: "nowhere" }), never()).then(() => null, (error: RepositoryError) => error.failure);
  expect([unknown, existsSync(rig.marker)]).toEqual([{ code: "clone-failed", message: `The repository ${rig.source} has no branch, tag or commit nowhere.`, fix: expect.any(String) }, false]);
});

test("[CLN3] a clone that was cut is made anew, one that was completed stays, and what was restored too", async () => {
  const rig = makeRig();
  mkdirSync(join(rig.workFolder, ".git"));
  writeFileSync(join(rig.workFolder, ".git", "half"), "");
  await prepare(rig)(configure(rig.source), never());
  writeFileSync(join(rig.workFolder, "made.txt"), "by the agent");
  await prepare(rig)(configure(rig.source, { ref: "side" }), never());
  expect([readdirSync(rig.workFolder).includes("made.txt"), rig.inWork("rev-parse", "HEAD")]).toEqual([true, rig.git("rev-parse", "trunk")]);
  const restored = makeRig();
  writeFileSync(join(restored.workFolder, "made.txt"), "restored");
  await prepare(restored)(configure(restored.source, { restore: { checkpoint: "cp_1" } }), never());
  await prepare(restored)(configure(restored.source), never());
  expect(readdirSync(restored.workFolder)).toEqual(["made.txt"]);
});

test("[CLN4] git gets each epoch's token from a file, rewrites the address, and keeps what the agent configured", () => {
  const rig = makeRig();
  const runtimeFolder = join(rig.home, "it's a folder");
  const url = "https://git.example/team/app";
  const give = (epoch: number): void =>
    giveGitAccess({ home: rig.home, runtimeFolder, stateFolder: join(runtimeFolder, String(epoch)), linkUrl: "wss://berth.example:8443/v1/sandbox/link", token: `example-token-${epoch}`, repositoryUrl: url });
  const fill = (): string => execFileSync("git", ["credential", "fill"], { cwd: rig.workFolder, env: { PATH: process.env["PATH"] ?? "", HOME: rig.home, GIT_CONFIG_NOSYSTEM: "1", GIT_TERMINAL_PROMPT: "0" }, input: "protocol=https\nhost=berth.example:8443\n\n", encoding: "utf8" });
  give(1);
  rig.inWork("config", "--global", "user.name", "Agent");
  rig.inWork("config", "--global", "push.default", "nothing");
  expect(fill()).toContain("password=example-token-1\n");
  give(2);
  give(2);
  expect(fill()).toContain("password=example-token-2\n");
  expect(statSync(join(runtimeFolder, "2", "git-credential")).mode & 0o777).toBe(0o600);
  rig.inWork("init", "--quiet");
  for (const spelled of [url, `${url}.git`]) {
    expect(rig.inWork("ls-remote", "--get-url", spelled)).toBe("https://berth.example:8443/v1/broker/git/git.example/team/app");
  }
  expect([rig.inWork("config", "user.name"), rig.inWork("config", "push.default")]).toEqual(["Agent", "nothing"]);
  const configs = [readFileSync(join(rig.home, ".gitconfig"), "utf8"), readFileSync(join(runtimeFolder, "gitconfig"), "utf8")];
  expect(configs.join("")).not.toContain("example-token");
  expect(configs[0]?.match(/\[include\]/g)).toHaveLength(1);
});
