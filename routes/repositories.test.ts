/** Repositories over the API, and the session that is made on one. */
import type { Repository, Session } from "@berth/protocol";
import { describe, expect, test } from "vitest";
import { Edge, MODEL } from "./testing/edge.ts";

const URL_OF_APP = "https://git.example/team/app.git";
const PASSWORD = "example-git-password";
const BODY = { url: URL_OF_APP, credential: { username: "ada", password: PASSWORD } };

function edgeWithHost(): Edge {
  const edge = new Edge();
  edge.sourceControl.host.add(URL_OF_APP, { credential: `ada:${PASSWORD}`, defaultBranch: "trunk", refs: { "refs/heads/trunk": "1".repeat(40) } });
  edge.sourceControl.host.add("https://git.example/open/lib");
  return edge;
}

describe("repositories", () => {
  test("one is added, listed without its credential, and removed with it", async () => {
    const edge = edgeWithHost();
    const response = await edge.ask("POST /v1/repos", { body: BODY });
    const text = await response.text();
    expect([response.status, JSON.parse(text)]).toMatchObject([201, { name: "git.example/team/app", url: URL_OF_APP, hasCredential: true, canPush: true, defaultBranch: "trunk" }]);
    expect(text).not.toContain(PASSWORD);
    const listed = await edge.json<{ data: Repository[] }>("GET /v1/repos", { key: await edge.keyOf("org-a", "viewer") });
    expect(listed.data).toEqual([JSON.parse(text)]);
    expect(await edge.vault.use("org-a", `repository/${listed.data[0]?.id ?? ""}`)).toContain(PASSWORD);
    expect((await edge.ask(`DELETE /v1/repos/${listed.data[0]?.id ?? ""}`)).status).toBe(204);
    expect([await edge.vault.list("org-a"), await edge.catalog.listRepositories("org-a")]).toEqual([[], []]);
    expect((await edge.ask(`DELETE /v1/repos/${listed.data[0]?.id ?? ""}`)).status).toBe(404);
  });

  test("one that anyone may read needs no credential, and says that it takes no push", async () => {
    const edge = edgeWithHost();
    expect(await edge.json("POST /v1/repos", { body: { url: "https://git.example/open/lib/" } })).toMatchObject({ hasCredential: false, canPush: false, defaultBranch: "main" });
    expect(await edge.vault.list("org-a")).toEqual([]);
  });

  test("a token goes out as a password", async () => {
    const edge = edgeWithHost();
    edge.sourceControl.host.add("https://git.example/team/token", { credential: "x-access-token:example-token" });
    expect(await edge.json("POST /v1/repos", { body: { url: "https://git.example/team/token", credential: { password: "example-token" } } })).toMatchObject({ canPush: true });
  });

  test.each([
    ["another address of the same repository", { ...BODY, url: "https://GIT.example/team/app" }, 409, "/url"],
    ["a wrong credential", { ...BODY, url: "https://git.example/team/other", credential: { username: "ada", password: "wrong" } }, 422, "/credential"],
    ["no repository", { url: "https://git.example/team/none" }, 422, "/url"],
    ["a password in the address", { url: "https://ada:example@git.example/team/app" }, 422, "/url"],
    ["plain http", { url: "http://git.example/team/app" }, 422, "/url"],
    ["an address inside", { url: "https://127.1/team/app" }, 422, "/url"],
    ["a query", { url: "https://git.example/team/app?x=1" }, 422, "/url"],
    ["an address without a path", { url: "https://git.example" }, 422, "/url"],
    ["another protocol", { url: "ssh://git@git.example/team/app" }, 422, "/url"],
    ["a line break in a password", { ...BODY, credential: { password: "a\nb" } }, 422, "/credential/password"],
    ["a colon in a user name", { ...BODY, credential: { username: "a:b", password: "x" } }, 422, "/credential/username"],
  ])("%s is refused at its field", async (_, body, status, pointer) => {
    const edge = edgeWithHost();
    edge.sourceControl.host.add("https://git.example/team/other", { credential: `ada:${PASSWORD}` });
    await edge.json("POST /v1/repos", { body: BODY });
    const problem = await edge.problem("POST /v1/repos", { body });
    expect([problem.status, problem.errors?.[0]?.pointer]).toEqual([status, pointer]);
    expect(await edge.catalog.listRepositories("org-a")).toHaveLength(1);
    expect(await edge.vault.list("org-a")).toHaveLength(1);
  });

  test("members and viewers may read and not write, and another organization sees nothing", async () => {
    const edge = edgeWithHost();
    const { id } = await edge.json<Repository>("POST /v1/repos", { body: BODY });
    for (const role of ["member", "viewer"] as const) {
      const key = await edge.keyOf("org-a", role);
      expect((await edge.ask("POST /v1/repos", { body: BODY, key })).status).toBe(403);
      expect((await edge.ask(`DELETE /v1/repos/${id}`, { key })).status).toBe(403);
      expect((await edge.json<{ data: Repository[] }>("GET /v1/repos", { key })).data).toHaveLength(1);
    }
    const other = await edge.keyOf("org-b");
    expect((await edge.json<{ data: Repository[] }>("GET /v1/repos", { key: other })).data).toEqual([]);
    expect((await edge.ask(`DELETE /v1/repos/${id}`, { key: other })).status).toBe(404);
  });
});

describe("sessions on a repository", () => {
  const create = { model: MODEL, workspace: { kind: "repo", url: "https://git.example/team/app", ref: "trunk" } } as const;

  test("one is made by any spelling of its address, and carries the address that is known", async () => {
    const edge = edgeWithHost();
    await edge.json("POST /v1/repos", { body: BODY });
    expect((await edge.json<Session>("POST /v1/sessions", { body: create })).workspace).toEqual({ kind: "repo", url: URL_OF_APP, ref: "trunk" });
  });

  test("a repository that the organization does not have is refused at the field, whoever else has it", async () => {
    const edge = edgeWithHost();
    await edge.json("POST /v1/repos", { body: BODY, key: await edge.keyOf("org-b") });
    const problem = await edge.problem("POST /v1/sessions", { body: create });
    expect([problem.status, problem.errors?.[0]?.pointer]).toEqual([422, "/workspace/url"]);
  });
});
