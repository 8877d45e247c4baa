/** What a repository needs, looked at on a real git server by way of the API. */
import type { DetectedEnvironment, Repository } from "@berth/protocol";
import { startGitServer, type GitServer } from "@berth/testkit/git-server";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createPlainGit } from "../../src/adapters/source-control/plain-git.ts";
import { MemoryApi } from "../disruption/support/memory-api.ts";
import { join } from "./support/people.ts";

let server: GitServer;
let api: MemoryApi;

beforeAll(async () => {
  server = await startGitServer();
});

afterAll(() => server.close());

beforeEach(async () => {
  api = await MemoryApi.start();
  Object.assign(api.instance.services, { sourceControl: createPlainGit({ fetch: (url, init) => fetch(url, init) }), operatorOrigins: [server.origin] });
});

async function added(path: string, files: Readonly<Record<string, string>>): Promise<Repository> {
  const url = await server.makeRepository(path, files);
  return api.json<Repository>("POST /v1/repos", { body: { url, credential: { username: server.username, password: server.password } } });
}

test("[ENV10][ENV9] a repository is looked at by its id or its name, and no sandbox is made", async () => {
  const files = { "package.json": '{"scripts":{"test":"vitest run"}}', "package-lock.json": "{}", ".env.example": "PORT=4000\n", "src/index.js": "", "compose.yaml": "services:\n  db:\n    image: postgres:17\n" };
  const { id, name } = await added("detect.git", files);
  const found = await api.json<DetectedEnvironment>("POST /v1/environments/detect", { body: { repository: id } });
  expect(found).toEqual({
    repository: { id, name },
    commit: await server.git("detect.git", "rev-parse", "HEAD"),
    fileCount: 5,
    packageManagers: ["npm"],
    install: ["npm ci"],
    test: ["npm test"],
    dev: [],
    services: ["postgres"],
    ports: [4000],
    variables: ["PORT"],
    setupScript: "npm ci\n",
  });
  expect(await api.json("POST /v1/environments/detect", { body: { repository: name } })).toEqual(found);
  expect([api.berth.tokens.size, await api.json("GET /v1/environments")]).toMatchObject([0, { data: [] }]);
});

test("[ENV10] what cannot be looked at is refused at its field, and who does not administer is refused", async () => {
  const { id } = await added("gone.git", { "README.md": "" });
  const { cookie } = await join(api, "Bo");
  expect((await api.refusal("POST /v1/environments/detect", { cookie, body: { repository: id } })).status).toBe(403);
  const pointerOf = async (repository: string) => {
    const { status, text } = await api.refusal("POST /v1/environments/detect", { body: { repository } });
    return [status, (JSON.parse(text) as { errors?: { pointer: string }[] }).errors?.[0]?.pointer];
  };
  expect(await pointerOf("rep_none")).toEqual([422, "/repository"]);
  await server.git("gone.git", "update-ref", "-d", "refs/heads/main");
  expect(await pointerOf(id)).toEqual([422, "/repository"]);
  await api.instance.vault.put(api.owner.orgId, `repository/${id}`, JSON.stringify({ kind: "basic", username: "ada", password: "wrong" }));
  expect(await pointerOf(id)).toEqual([422, "/repository"]);
  await api.instance.vault.delete(api.owner.orgId, `repository/${id}`);
  expect(await pointerOf(id)).toEqual([503, undefined]);
});
