/** A tree read from a real git server, by way of the adapter that sessions fetch through. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { startGitServer, type GitServer } from "@berth/testkit/git-server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPlainGit } from "../../adapters/source-control/plain-git.ts";
import type { Host } from "./fetch-objects.ts";
import { readPack } from "./pack.ts";
import { readFiles } from "./read-files.ts";
import { TreeError } from "./tree-error.ts";

let server: GitServer;
const FILES = {
  "package.json": '{"name":"app"}\n',
  "README.md": "hello\n",
  "src/a.ts": `${"export const line = 1;\n".repeat(200)}// a\n`,
  "src/b.ts": `${"export const line = 1;\n".repeat(200)}// b\n`,
  "src/deep/er/c.ts": "",
  "äöü name.txt": "x\n",
};

beforeAll(async () => {
  server = await startGitServer();
});

afterAll(() => server.close());

function hostOf(url: string, credential = { kind: "basic" as const, username: server.username, password: server.password }): Host {
  return { sourceControl: createPlainGit({ fetch: (address, init) => fetch(address, init) }), remote: { url, credential }, signal: AbortSignal.timeout(30_000) };
}

describe("a repository's files at its host", () => {
  test.each([["a host that leaves files out", "true"], ["a host that does not", "false"]])("[ENV10] are named, and read where asked for, from %s", async (_, canFilter) => {
    const path = `filter-${canFilter}.git`;
    const url = await server.makeRepository(path, FILES);
    await server.git(path, "config", "uploadpack.allowFilter", canFilter);
    await server.git(path, "repack", "-a", "-d", "-f", "--depth=50");
    const read = await readFiles(hostOf(url), ["package.json", "src/a.ts", "none.txt"]);
    expect(read.commit).toBe(await server.git(path, "rev-parse", "HEAD"));
    expect([...read.paths].sort()).toEqual(Object.keys(FILES).sort());
    expect(Object.fromEntries(read.texts)).toEqual({ "package.json": FILES["package.json"], "src/a.ts": FILES["src/a.ts"] });
  });

  test("[ENV10] a repository without commits, a wrong credential and what is no git are told apart", async () => {
    const url = await server.makeRepository("empty.git", {});
    await server.git("empty.git", "update-ref", "-d", "refs/heads/main");
    await expect(readFiles(hostOf(url), [])).rejects.toMatchObject({ reason: "empty" });
    await expect(readFiles(hostOf(url, { kind: "basic", username: "ada", password: "wrong" }), [])).rejects.toMatchObject({ code: "permission-denied" });
    await expect(readFiles(hostOf(`${server.origin}/none.git`), [])).rejects.toMatchObject({ code: "not-found" });
  });

  test("[ENV10] a tree that holds itself a million times over is not walked to its end", async () => {
    const path = "bomb.git";
    const url = await server.makeRepository(path, { "a.txt": "a\n" });
    let tree = await server.git(path, "rev-parse", "HEAD^{tree}");
    const file = join(mkdtempSync(join(tmpdir(), "berth-tree-")), "tree");
    for (let level = 0; level < 7; level++) {
      writeFileSync(file, Buffer.concat(Array.from({ length: 10 }, (_, n) => Buffer.concat([Buffer.from(`40000 f${n}\0`), Buffer.from(tree, "hex")]))));
      tree = await server.git(path, "hash-object", "-t", "tree", "-w", file);
    }
    rmSync(dirname(file), { recursive: true });
    await server.git(path, "update-ref", "refs/heads/main", await server.git(path, "commit-tree", "-m", "bomb", tree));
    await expect(readFiles(hostOf(url), [])).rejects.toMatchObject({ reason: "too-large" });
  });

  test("[ENV10] a pack is what it says, or nothing of it is taken", async () => {
    const url = await server.makeRepository("pack.git", FILES);
    const sent: Uint8Array[] = [];
    const real = hostOf(url);
    const watching: Host = {
      ...real,
      sourceControl: {
        forward: async (call) => {
          const bytes = new Uint8Array(await new Response(await real.sourceControl.forward(call)).arrayBuffer());
          sent.push(bytes);
          return new Response(bytes).body ?? new ReadableStream();
        },
      },
    };
    await readFiles(watching, []);
    const answer = sent.at(-1) ?? new Uint8Array();
    const from = Buffer.from(answer).indexOf("PACK");
    const pack = answer.slice(from);
    for (const bytes of [new Uint8Array(), pack.slice(0, 11), pack.slice(0, 40), pack.map((byte, at) => (at === 20 ? byte ^ 255 : byte))]) await expect(readPack(bytes)).rejects.toBeInstanceOf(TreeError);
    const lying = (answer_: Uint8Array): Host => ({ ...real, sourceControl: { forward: () => Promise.resolve(new Response(answer_.slice()).body ?? new ReadableStream()) } });
    for (const text of ["", "hello", "0004", "001eERR this is nothing for you\n"]) await expect(readFiles(lying(new TextEncoder().encode(text)), [])).rejects.toBeInstanceOf(TreeError);
  });
});
