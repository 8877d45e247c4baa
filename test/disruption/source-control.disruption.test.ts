/** The host of a repository broken behind the git broker: git prints what happened, nothing is repeated for it, and the next try goes through. */
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { MemoryApi } from "./support/memory-api.ts";
import { githubSignIn, joinFromGithub } from "../system/support/people.ts";
import { branchPrefixOf } from "../../src/core/git/branch-prefix.ts";
import { FLUSH, joined, pkt } from "../../src/core/git/pkt-line.ts";

const URL_OF_APP = "https://git.example/team/app.git";
const BROKER = "/v1/broker/git/git.example/team/app";
const PASSWORD = "example-git-password";
const BODY = { url: URL_OF_APP, credential: { username: "ada", password: PASSWORD } };
/** Lists that the host is asked for before a repository is kept. */
const INSPECTED = 2;
const COMMIT = "2".repeat(40);

class Git {
  readonly api: MemoryApi;
  readonly token: string;
  readonly ref: string;

  private constructor(api: MemoryApi, token: string, sessionId: string) {
    this.api = api;
    this.token = token;
    this.ref = `refs/heads/${branchPrefixOf(sessionId)}work`;
  }

  /** An organization with a repository, and a sandbox of a session on it. @param ofPerson a person's, whose rights count there */
  static async open({ ofPerson = false } = {}): Promise<Git> {
    const api = await MemoryApi.start();
    const { people } = api.instance.sourceControl.host.add(URL_OF_APP, { credential: `ada:${PASSWORD}` });
    const { id: repository } = await api.json<{ id: string }>("POST /v1/repos", { body: BODY });
    const { cookie } = ofPerson ? await joinFromGithub(api, "Bo", "8") : {};
    const { id } = await api.json<{ id: string }>("POST /v1/sessions", { ...(cookie === undefined ? {} : { cookie }), body: { model: "demo/demo", workspace: { kind: "repo", url: URL_OF_APP } } });
    await api.berth.until(() => api.berth.tokens.has(`${id}-1`));
    people.set("8", "write");
    if (ofPerson) {
      Object.assign(api.instance.services, { outsideSignIns: [githubSignIn] });
      await api.json(`PATCH /v1/repos/${repository}`, { body: { rights: "person" } });
    }
    return new Git(api, api.berth.tokens.get(`${id}-1`) ?? "", id);
  }

  get calls(): number {
    return this.api.instance.sourceControl.calls.length;
  }

  get refs(): ReadonlyMap<string, string> {
    return this.api.instance.sourceControl.host.repositories.get(URL_OF_APP)?.refs ?? new Map();
  }

  async #ask(method: string, path: string, body: Uint8Array<ArrayBuffer> | null): Promise<Response> {
    const response = await this.api.fetch(new Request(`http://berth.memory${BROKER}${path}`, { method, body, headers: { authorization: `Basic ${btoa(`berth:${this.token}`)}` } }));
    expect(response.status).toBe(200);
    return response;
  }

  async list(service = "git-upload-pack"): Promise<string> {
    return (await this.#ask("GET", `/info/refs?service=${service}`, null)).text();
  }

  /** Pushes one commit to the session's own branch, as git does. */
  async push(): Promise<string> {
    const before = this.refs.get(this.ref) ?? "0".repeat(40);
    return (await this.#ask("POST", "/git-receive-pack", joined(pkt(`${before} ${COMMIT} ${this.ref}\0report-status`), FLUSH))).text();
  }
}

for (const { fault, says, applied } of [
  { fault: "source-control:forward:rate-limited", says: "Try again in 7 s", applied: false },
  { fault: "source-control:forward:credential-expired", says: "An admin must add the repository again", applied: false },
  { fault: "source-control:forward:gone", says: "source-control:forward:gone", applied: false },
  { fault: "source-control:forward:moved", says: "source-control:forward:moved", applied: false },
  { fault: "source-control:forward:unreachable", says: "Try again in 1 s", applied: false },
  { fault: "source-control:forward:no-answer", says: "The push may have arrived all the same", applied: true },
] as const) {
  verifies(fault, "git prints it beside the branch, the push is not repeated, and the next one goes through", async () => {
    const git = await Git.open();
    git.api.faults.sourceControl.arm(fault);
    const calls = git.calls;
    const refused = await git.push();
    expect(refused).toContain(`ng ${git.ref} `);
    expect(refused).toContain(says);
    expect(refused).not.toContain(PASSWORD);
    expect([git.calls - calls, git.refs.get(git.ref)]).toEqual(applied ? [1, COMMIT] : [0, undefined]);
    expect(await git.push()).toContain(`ok ${git.ref}`);
    git.api.faults.sourceControl.arm(fault);
    expect(await git.list()).toMatch(/^[0-9a-f]{4}ERR /);
    expect(await git.list()).toContain("refs/heads/main");
  });
}

verifies("source-control:forward:branch-moved", "the host's verdict is passed on as it is, and nothing is pushed again", async () => {
  const git = await Git.open();
  git.api.faults.sourceControl.arm("source-control:forward:branch-moved");
  const calls = git.calls;
  expect(await git.push()).toContain("failed to update ref");
  expect(git.calls - calls).toBe(1);
});

verifies("source-control:forward:cut", "git's answer breaks where the host's did, and the next one is whole", async () => {
  const git = await Git.open();
  git.api.faults.sourceControl.arm("source-control:forward:cut");
  await expect(git.list()).rejects.toThrow();
  expect(await git.list()).toContain("refs/heads/main");
});

verifies("source-control:forward:slow", "git waits for a slow host", async () => {
  const git = await Git.open();
  git.api.faults.sourceControl.arm("source-control:forward:slow");
  expect(await git.list()).toContain("refs/heads/main");
});

for (const { fault, says } of [
  { fault: "source-control:rightOf:not-told", says: "An admin adds the repository again with a credential that may read who has access" },
  { fault: "source-control:rightOf:rate-limited", says: "Try again in 7 s" },
  { fault: "source-control:rightOf:unreachable", says: "Try again in 1 s" },
] as const) {
  verifies(fault, "git prints it, nothing is fetched for who may not be asked about, and the next one goes through", async () => {
    const git = await Git.open({ ofPerson: true });
    git.api.faults.sourceControl.arm(fault);
    const refused = await git.list();
    expect(refused).toMatch(/^[0-9a-f]{4}ERR /);
    expect([refused, refused.includes(PASSWORD)]).toEqual([expect.stringContaining(says), false]);
    expect(git.api.instance.sourceControl.calls.filter(({ url }) => url.includes(".git/info/refs"))).toHaveLength(INSPECTED);
    expect(await git.list()).toContain("refs/heads/main");
  });
}

for (const { fault, field } of [
  { fault: "source-control:inspect:no-repository", field: "/url" },
  { fault: "source-control:inspect:wrong-credential", field: "/credential" },
  { fault: "source-control:inspect:not-git", field: "/url" },
] as const) {
  verifies(fault, `nothing is stored, ${field} is named, and what the person types then is taken`, async () => {
    const api = await MemoryApi.start();
    api.instance.sourceControl.host.add(URL_OF_APP, { credential: `ada:${PASSWORD}` });
    api.faults.sourceControl.arm(fault);
    const refused = await api.ask("POST /v1/repos", { body: BODY });
    const text = await refused.text();
    expect([refused.status, JSON.parse(text)]).toMatchObject([422, { errors: [{ pointer: field }] }]);
    expect(text).not.toContain(PASSWORD);
    expect([await api.instance.catalog.listRepositories(api.owner.orgId), await api.instance.vault.list(api.owner.orgId)]).toEqual([[], []]);
    expect((await api.ask("POST /v1/repos", { body: BODY })).status).toBe(201);
  });
}

for (const [fault, seam, says] of [
  ["secret-vault:use:down", "vault", "cannot look up"],
  ["secret-vault:use:unknown", "vault", "cannot be read"],
] as const) {
  verifies(fault, "git prints that the credential is not there, nothing goes to the host, and the next try goes through", async () => {
    const git = await Git.open();
    git.api.faults[seam].arm(fault);
    const calls = git.calls;
    expect(await git.list()).toContain(says);
    expect(git.calls).toBe(calls);
    expect(await git.list()).toContain("refs/heads/main");
  });
}
