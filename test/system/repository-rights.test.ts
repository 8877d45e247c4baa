/** What a person may do at a repository's host, asked before their sessions fetch and push. */
import type { Repository, Session } from "@berth/protocol";
import { beforeEach, expect, test } from "vitest";
import { branchPrefixOf } from "../../src/core/git/branch-prefix.ts";
import { FLUSH, joined, pkt } from "../../src/core/git/pkt-line.ts";
import { MemoryApi, type Asked } from "../disruption/support/memory-api.ts";
import { MODEL } from "./support/memory-berth.ts";
import { githubSignIn, joinFromGithub } from "./support/people.ts";

const URL_OF_APP = "https://git.example/team/app.git";
const PASSWORD = "example-git-password";
const BODY = { url: URL_OF_APP, credential: { username: "ada", password: PASSWORD } };
const [ZERO, COMMIT] = ["0".repeat(40), "2".repeat(40)];

let api: MemoryApi;
let ada: Asked & { readonly userId: string };
let bo: Asked & { readonly userId: string };
let repository: Repository;

beforeEach(async () => {
  api = await MemoryApi.start();
  Object.assign(api.instance.services, { outsideSignIns: [githubSignIn] });
  api.instance.sourceControl.host.add(URL_OF_APP, { credential: `ada:${PASSWORD}` });
  [ada, bo] = [await joinFromGithub(api, "Ada", "7"), await joinFromGithub(api, "Bo", "8")];
  repository = await api.json<Repository>("POST /v1/repos", { body: { ...BODY, rights: "person" } });
});

const may = (account: string, permission: string) => void api.instance.sourceControl.host.repositories.get(URL_OF_APP)?.people.set(account, permission);
/** How often the host was asked about people. */
const asked = () => api.instance.sourceControl.calls.filter(({ url }) => url.includes("/collaborators/")).length;
const stateOf = ({ id }: Session) => api.berth.session(id, api.owner.orgId).actor.state;

async function open(who: Asked): Promise<Session> {
  const session = await api.json<Session>("POST /v1/sessions", { ...who, body: { model: MODEL, workspace: { kind: "repo", url: URL_OF_APP } } });
  await api.berth.until(() => api.berth.tokens.has(`${session.id}-1`) && stateOf(session)?.status === "idle");
  return session;
}

async function begin(session: Session, who: Asked): Promise<void> {
  await api.json(`POST /v1/sessions/${session.id}/messages`, { ...who, body: { text: "!ask Wait?" } });
  await api.berth.until(() => stateOf(session)?.waitingFor === "question");
}

async function git(session: Session, method: string, path: string, body: Uint8Array<ArrayBuffer> | null = null): Promise<string> {
  const authorization = `Bearer ${api.berth.tokens.get(`${session.id}-1`) ?? ""}`;
  const response = await api.fetch(new Request(`http://berth.memory/v1/broker/git/git.example/team/app${path}`, { method, body, headers: { authorization } }));
  const text = await response.text();
  expect([response.status, text.includes(PASSWORD)]).toEqual([200, false]);
  return text;
}

const list = (session: Session) => git(session, "GET", "/info/refs?service=git-upload-pack");
const push = (session: Session) => {
  const ref = `refs/heads/${branchPrefixOf(session.id)}work`;
  return git(session, "POST", "/git-receive-pack", joined(pkt(`${ZERO} ${COMMIT} ${ref}\0report-status`), FLUSH));
};

test("[GIT9] who may read fetches between turns and in their own, and who may write pushes in their own", async () => {
  may("7", "read");
  const session = await open(ada);
  expect(await list(session)).toContain("refs/heads/main");
  expect(await push(session)).toContain("Between turns nothing is pushed");
  await begin(session, ada);
  expect(await list(session)).toContain("refs/heads/main");
  expect(await push(session)).toMatch(/ng .*Ada may only read git\.example\/team\/app, says git\.example\. Ask for access at git\.example/);
  expect(await git(session, "GET", "/info/refs?service=git-receive-pack")).toMatch(/^[0-9a-f]{4}ERR Ada may only read/);
  may("7", "maintain");
  await api.pass(61_000);
  expect(await push(session)).toContain("ok refs/heads/");
});

test("[GIT9] a turn that others have a say in, and one that a key asked for, is nobody's at the host", async () => {
  for (const account of ["7", "8"]) may(account, "admin");
  const session = await open(ada);
  await begin(session, ada);
  expect(await list(session)).toContain("refs/heads/main");
  await api.json(`POST /v1/sessions/${session.id}/messages`, { ...bo, body: { text: "!say push it", delivery: "steer" } });
  for (const answer of [await list(session), await push(session)]) expect(answer).toMatch(/Nobody's account at git\.example stands for this.*in a session of their own/);
  const keys = await open(ada);
  await begin(keys, {});
  expect(await push(keys)).toContain("Nobody's account at git.example stands for this");
});

test("[GIT9] after a turn of somebody else, which may have left a hook, nobody pushes", async () => {
  may("7", "admin");
  const session = await open(ada);
  await begin(session, bo);
  const requestId = stateOf(session)?.run?.requests[0]?.requestId;
  await api.json(`POST /v1/sessions/${session.id}/answer`, { ...bo, body: { requestId, answer: { kind: "question", answers: [["Yes"]] } } });
  await api.berth.until(() => stateOf(session)?.status === "idle");
  await begin(session, ada);
  expect(await push(session)).toContain("several people have worked in the session");
});

test("[GIT9] in another's turn it is that one whom the host is asked about", async () => {
  may("7", "admin");
  const session = await open(ada);
  await begin(session, bo);
  expect(await list(session)).toMatch(/ERR Bo may not see git\.example\/team\/app/);
  expect(await push(session)).toContain("Bo may not see");
});

test("[GIT9] somebody who is no member any more fetches nothing", async () => {
  may("7", "admin");
  const session = await open(ada);
  expect(await list(session)).toContain("refs/heads/main");
  expect((await api.ask(`DELETE /v1/members/${ada.userId}`)).status).toBe(204);
  await api.pass(31_000);
  expect(await list(session)).toMatch(/ERR .*does not belong to the organization any more/);
});

test("[GIT9] where the credential's rights count the host is asked nothing, also from the next call on", async () => {
  may("7", "read");
  const session = await open(ada);
  await begin(session, ada);
  expect(await push(session)).toContain("ng ");
  const before = asked();
  expect(await api.json<Repository>(`PATCH /v1/repos/${repository.id}`, { body: { rights: "organization" } })).toMatchObject({ rights: "organization" });
  expect(await push(session)).toContain("ok refs/heads/");
  expect(asked()).toBe(before);
});

test("[GIT10] an answer of the host is believed for a minute, for its person and repository alone", async () => {
  may("7", "write");
  const session = await open(ada);
  const before = asked();
  for (let times = 0; times < 3; times++) await list(session);
  expect(asked()).toBe(before);
  may("7", "none");
  await api.pass(30_000);
  expect(await list(session)).toContain("refs/heads/main");
  await api.pass(31_000);
  expect(await list(session)).toMatch(/ERR Ada may not see/);
  expect(asked()).toBe(before + 1);
});

test("[GIT10] a session is not made on what its maker may not read, and what to do is said", async () => {
  const body = { model: MODEL, workspace: { kind: "repo", url: URL_OF_APP } };
  const refusal = (who: Asked) => api.refusal("POST /v1/sessions", { ...who, body });
  expect(await refusal(ada)).toMatchObject({ status: 403, text: expect.stringMatching(/Ada may not see.*\/workspace\/url/) });
  expect(await refusal({})).toMatchObject({ status: 403, text: expect.stringContaining("Nobody's account") });
  const signIn = await api.instance.identity.redeemSignInToken(await api.instance.identity.createSignInToken(api.owner.userId));
  expect(await refusal({ cookie: signIn?.setCookies[0]?.split(";")[0] ?? "" })).toMatchObject({ status: 403, text: expect.stringMatching(/has no account of git\.example here.*Link it: sign in to Berth with git\.example once/) });
  api.faults.sourceControl.arm("source-control:rightOf:unreachable");
  expect((await refusal(bo)).status).toBe(502);
  may("8", "read");
  expect((await refusal(bo)).status).toBe(201);
});

test.each([
  ["a host that knows nobody", { url: "https://elsewhere.example/team/app", rights: "person", credential: BODY.credential }, "elsewhere.example cannot be asked"],
  ["a repository without a credential", { url: "https://git.example/open/lib", rights: "person" }, "only to a credential"],
])("[GIT9] persons' rights are refused at their field for %s", async (_, body, says) => {
  for (const url of ["https://elsewhere.example/team/app", "https://git.example/open/lib"]) api.instance.sourceControl.host.add(url, { credential: url.includes("open") ? null : `ada:${PASSWORD}` });
  const refused = await api.refusal("POST /v1/repos", { body });
  expect(refused).toMatchObject({ status: 422, text: expect.stringContaining(says) });
  expect(refused.text).toContain("/rights");
  const { id } = await api.json<Repository>("POST /v1/repos", { body: { ...body, rights: "organization" } });
  expect(await api.refusal(`PATCH /v1/repos/${id}`, { body: { rights: "person" } })).toMatchObject({ status: 422, text: expect.stringContaining(says) });
});

test("[GIT9] nor where nobody can sign in with an account of the host, and nothing is stored then", async () => {
  Object.assign(api.instance.services, { outsideSignIns: [] });
  expect((await api.ask(`DELETE /v1/repos/${repository.id}`)).status).toBe(204);
  expect(await api.refusal("POST /v1/repos", { body: { ...BODY, rights: "person" } })).toMatchObject({ status: 422, text: expect.stringContaining("GITHUB_CLIENT_ID") });
  expect([await api.instance.catalog.listRepositories(api.owner.orgId), await api.instance.vault.list(api.owner.orgId)]).toEqual([[], []]);
  expect((await api.refusal("PATCH /v1/repos/rep_unknown", { body: { rights: "person" } })).status).toBe(404);
});
