/** Sharing a session through the API: with members, teams, by link and by client token, and how each of them ends. */
import type { ClientToken, CreatedApiKey, CreatedShareLink, Problem, Session, Share, Team, UsageSum } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { MemoryApi } from "../disruption/support/memory-api.ts";
import type { Author } from "../../src/app/session-handle.ts";
import { unchanged } from "../../src/app/session/not-committed.ts";
import { MODEL } from "./support/memory-berth.ts";
import { join } from "./support/people.ts";

async function start() {
  const api = await MemoryApi.start();
  const [ada, bo, cy] = [await join(api, "Ada"), await join(api, "Bo"), await join(api, "Cy", "viewer")];
  const session = await api.json<Session>("POST /v1/sessions", { key: ada.key, body: { model: MODEL, visibility: "private" } });
  const path = `/v1/sessions/${session.id}`;
  const status = async (line: string, key: string, body?: object) => (await api.ask(line, { key, ...(body ? { body } : {}) })).status;
  /** What they may do: read, write, share. */
  const may = async (key: string) => [await status(`GET ${path}`, key), await status(`POST ${path}/stop`, key), await status(`POST ${path}/share-links`, key, { role: "viewer" })];
  const listed = async (key: string) => (await api.json<{ data: Session[] }>("GET /v1/sessions", { key })).data.map(({ id }) => id);
  return { api, ada, bo, cy, session, path, status, may, listed };
}

verifies("TEN3", "a private session is for its owner, for whom it is shared with as far as it is, and for who administers", async () => {
  const { api, ada, bo, cy, session, path, may, listed } = await start();
  expect(session.visibility).toBe("private");
  expect([await may(ada.key), await may(api.key)]).toEqual([[200, 200, 201], [200, 200, 201]]);
  expect([await may(bo.key), await listed(bo.key), await listed(ada.key)]).toEqual([[404, 404, 404], [], [session.id]]);

  const share = (id: string, role: string, kind = "member") => api.json<Share>(`POST ${path}/shares`, { key: ada.key, body: { with: kind, id, role } });
  await share(bo.userId, "viewer");
  expect([await may(bo.key), await listed(bo.key)]).toEqual([[200, 403, 403], [session.id]]);
  await share(bo.userId, "collaborator");
  expect(await may(bo.key)).toEqual([200, 200, 403]);
  const owning = await share(bo.userId, "owner");
  expect(await may(bo.key)).toEqual([200, 200, 201]);
  await share(cy.userId, "owner");
  expect(await may(cy.key)).toEqual([200, 403, 403]);
  expect((await api.ask(`DELETE ${path}/shares/${owning.id}`, { key: ada.key })).status).toBe(204);
  expect([await may(bo.key), await listed(bo.key)]).toEqual([[404, 404, 404], []]);

  const team = await api.json<Team>("POST /v1/teams", { body: { name: "Reds" } });
  await api.ask(`PUT /v1/teams/${team.id}/members/${bo.userId}`);
  await share(team.id, "collaborator", "team");
  expect([await may(bo.key), await listed(bo.key)]).toEqual([[200, 200, 403], [session.id]]);
  await api.ask(`DELETE /v1/teams/${team.id}/members/${bo.userId}`);
  expect(await may(bo.key)).toEqual([404, 404, 404]);
  expect((await api.ask(`POST ${path}/shares`, { key: ada.key, body: { with: "member", id: "nobody", role: "viewer" } })).status).toBe(404);

  await api.json(`PATCH ${path}`, { key: ada.key, body: { visibility: "org" } });
  expect([await may(bo.key), await listed(bo.key)]).toEqual([[200, 200, 403], [session.id]]);
  expect((await api.ask(`PATCH ${path}`, { key: bo.key, body: { visibility: "private" } })).status).toBe(403);
  expect((await api.ask(`DELETE ${path}`, { key: bo.key })).status).toBe(403);
  expect((await api.ask(`DELETE ${path}`, { key: ada.key })).status).toBe(204);
});

verifies("TEN3", "what a private session cost is told to those who see it and to who administers, in every sum", async () => {
  const { api, ada, bo, session, path } = await start();
  const open = await api.json<Session>("POST /v1/sessions", { key: ada.key, body: { model: MODEL } });
  await api.instance.settled();
  const ledger = api.instance.services.ledgerOf(api.owner.orgId);
  const nowMs = api.instance.services.now();
  const spend = async (sessionId: string, costMicros: number) => {
    await ledger.reserve({ id: `call ${sessionId}`, sessionId, userId: ada.userId, model: MODEL, costMicros, tokens: 5, nowMs, expiresAtMs: nowMs + 1_000 });
    await ledger.settle(`call ${sessionId}`, { costMicros, tokens: 5 });
  };
  await spend(session.id, 30);
  await spend(open.id, 4);
  const costs = async (query: string, key: string) => (await api.json<{ data: UsageSum[] }>(`GET /v1/usage?${query}`, { key })).data.map((sum) => sum.costMicros);
  for (const by of ["day", "user", "model"]) {
    expect([await costs(`by=${by}`, api.key), await costs(`by=${by}`, ada.key), await costs(`by=${by}`, bo.key)], by).toEqual([[34], [34], [4]]);
    expect([await costs(`by=${by}&sessionId=${session.id}`, api.key), await costs(`by=${by}&sessionId=${session.id}`, bo.key)], by).toEqual([[30], []]);
  }
  expect([await costs("by=session", api.key), await costs("by=session", bo.key), await costs("by=session&limit=1", bo.key)]).toEqual([[30, 4], [4], [4]]);
  await api.json(`POST ${path}/shares`, { key: ada.key, body: { with: "member", id: bo.userId, role: "viewer" } });
  await api.instance.settled();
  expect(await costs(`by=user&userId=${ada.userId}`, bo.key)).toEqual([34]);
});

verifies("TEN4", "a link gives client tokens as often as it says, which end with it", async () => {
  const { api, ada, path, status } = await start();
  const link = await api.json<CreatedShareLink>(`POST ${path}/share-links`, { key: ada.key, body: { role: "viewer", usesMax: 2, expiresInHours: 1 } });
  expect(JSON.stringify(await api.json(`GET ${path}/shares`, { key: ada.key }))).not.toContain(link.token);
  const redeem = () => api.ask("POST /v1/share-links/redeem", { key: link.token });
  const token = (await (await redeem()).json()) as ClientToken;
  expect(token).toMatchObject({ access: "read", sessionId: path.split("/").at(-1) });
  expect([(await redeem()).status, (await redeem()).status, await status("POST /v1/share-links/redeem", `${link.token.slice(0, -1)}x`)]).toEqual([201, 409, 401]);
  expect([await status(`GET ${path}/events`, token.token), await status(`POST ${path}/stop`, token.token), await status("GET /v1/sessions", token.token)]).toEqual([200, 403, 403]);
  expect((await api.ask(`DELETE ${path}/shares/${link.id}`, { key: ada.key })).status).toBe(204);
  expect([await status(`GET ${path}/events`, token.token), (await redeem()).status]).toEqual([401, 404]);

  const short = await api.json<CreatedShareLink>(`POST ${path}/share-links`, { key: ada.key, body: { role: "viewer", expiresInHours: 1 } });
  await api.pass(3_600_000);
  const over = await api.ask("POST /v1/share-links/redeem", { key: short.token });
  expect([over.status, ((await over.json()) as Problem).detail]).toEqual([409, "This link has expired."]);
});

verifies("TEN10", "who reads a session is told what they may do in it", async () => {
  const { api, ada, bo, cy, path } = await start();
  const told = async (key: string) => (await api.json<Session>(`GET ${path}`, { key })).access;
  const narrow = await api.json<CreatedApiKey>("POST /v1/api-keys", { body: { name: "reads", scopes: ["sessions:read"] } });
  expect([await told(api.key), await told(ada.key), await told(narrow.key)]).toEqual(["manage", "manage", "read"]);
  for (const role of ["viewer", "collaborator", "owner"]) {
    for (const { userId } of [bo, cy]) await api.json(`POST ${path}/shares`, { key: ada.key, body: { with: "member", id: userId, role } });
    expect([await told(bo.key), await told(cy.key)]).toEqual([{ viewer: "read", collaborator: "write", owner: "manage" }[role], "read"]);
  }
  const mint = async (access: "read" | "write") => told((await api.json<ClientToken>(`POST ${path}/client-tokens`, { key: ada.key, body: { access } })).token);
  expect([await mint("read"), await mint("write")]).toEqual(["read", "write"]);
});

verifies("TEN5", "a client token is for its one session, for its time, and for as long as who made it is somebody", async () => {
  const { api, ada, bo, path, status } = await start();
  const mint = (key: string, body: object) => api.json<ClientToken>(`POST ${path}/client-tokens`, { key, body });
  const reading = await mint(ada.key, { access: "read" });
  const writing = await mint(ada.key, { access: "write", expiresInSeconds: 60 });
  const other = await api.json<Session>("POST /v1/sessions", { key: ada.key, body: { model: MODEL } });
  expect([await status(`GET ${path}`, reading.token), await status(`POST ${path}/messages`, reading.token, { text: "hi" })]).toEqual([200, 403]);
  expect([await status(`GET ${path}/messages`, writing.token), await status(`POST ${path}/messages`, writing.token, { text: "hi" })]).toEqual([200, 201]);
  for (const { token } of [reading, writing]) {
    expect([await status(`GET /v1/sessions/${other.id}`, token), await status("GET /v1/me", token), await status(`DELETE ${path}`, token), await status(`POST ${path}/client-tokens`, token, { access: "read" })].map((each) => each >= 400)).toEqual([true, true, true, true]);
  }
  expect(await status(`POST ${path}/client-tokens`, bo.key, { access: "read" })).toBe(404);
  await api.pass(60_000);
  expect([await status(`GET ${path}`, writing.token), await status(`GET ${path}`, reading.token)]).toEqual([401, 200]);
  expect((await api.ask(`DELETE ${path}/client-tokens/${reading.id}`, { key: ada.key })).status).toBe(204);
  expect(await status(`GET ${path}`, reading.token)).toBe(401);

  const last = await mint(ada.key, { access: "read" });
  expect(await status(`GET ${path}`, last.token)).toBe(200);
  expect((await api.ask(`DELETE /v1/members/${ada.userId}`)).status).toBe(204);
  await api.pass(30_000);
  expect(await status(`GET ${path}`, last.token)).toBe(401);
});

verifies("TEN4", "a link ends with its maker: with their key, their place in the organization and their right to share, as do its tokens and what is open by them", async () => {
  const { api, ada, session, path, status } = await start();
  const hosted = api.berth.session(session.id, api.owner.orgId);
  const redeem = (link: CreatedShareLink) => api.ask("POST /v1/share-links/redeem", { key: link.token });
  const linked = async (key: string) => {
    const link = await api.json<CreatedShareLink>(`POST ${path}/share-links`, { key, body: { role: "collaborator" } });
    const { token } = (await (await redeem(link)).json()) as ClientToken;
    const closed: number[] = [];
    const granted = await hosted.sharing({ do: "authorize", token }, null);
    if (!granted.ok) throw new Error(granted.problem.detail);
    const { id, by } = granted.value;
    const author: Author = { actor: { kind: "api-key", id }, apiKeyId: by.keyId, role: "member", userId: by.userId, teamIds: [], clientTokenId: id };
    hosted.openViewer(author, 0, { frame: () => undefined, closed: (code) => void closed.push(code) });
    const over = async () => [(await redeem(link)).status, await status(`GET ${path}`, token), closed.length];
    expect(await over()).toEqual([201, 200, 0]);
    return { link, over };
  };
  const shown = async () => (await api.json<{ data: Share[] }>(`GET ${path}/shares`)).data.map(({ id }) => id);

  const dead = await join(api, "Dee", "admin");
  const [byDee, byKey] = [await linked(dead.key), await linked(ada.key)];
  expect((await api.ask(`DELETE /v1/api-keys/${ada.keyId}`)).status).toBe(204);
  expect([await byKey.over(), await byDee.over()]).toEqual([[404, 401, 1], [201, 200, 0]]);
  expect(await shown()).toEqual([byDee.link.id]);

  // Told by nobody: the next one who comes by the link, and the socket by itself, ask who its maker is.
  await api.ask(`PATCH /v1/members/${dead.userId}`, { body: { role: "member" } });
  await api.pass(61_000);
  expect(await byDee.over()).toEqual([404, 401, 1]);
  await api.ask(`PATCH /v1/members/${dead.userId}`, { body: { role: "admin" } });
  await api.pass(31_000);
  const again = await linked(dead.key);
  expect((await api.ask(`DELETE /v1/members/${dead.userId}`)).status).toBe(204);
  expect(await again.over()).toEqual([404, 401, 1]);
  expect(await shown()).toEqual([]);
});

verifies("TEN5", "a client token gives no more than its maker may do now, and while that cannot be asked it is said so", async () => {
  const { api, ada, bo, path, status } = await start();
  const share = await api.json<Share>(`POST ${path}/shares`, { key: ada.key, body: { with: "member", id: bo.userId, role: "collaborator" } });
  const { token } = await api.json<ClientToken>(`POST ${path}/client-tokens`, { key: bo.key, body: { access: "write" } });
  const may = async () => [await status(`GET ${path}`, token), await status(`POST ${path}/stop`, token)];
  expect(await may()).toEqual([200, 200]);
  await api.json(`POST ${path}/shares`, { key: ada.key, body: { with: "member", id: bo.userId, role: "viewer" } });
  expect(await may()).toEqual([200, 403]);
  const link = await api.json<CreatedShareLink>(`POST ${path}/share-links`, { key: ada.key, body: { role: "viewer" } });
  api.faults.identity.arm("identity:authenticate:down");
  expect(await status("POST /v1/share-links/redeem", link.token)).toBe(503);
  api.faults.identity.disarm();
  expect(await status("POST /v1/share-links/redeem", link.token)).toBe(201);
  await api.ask(`DELETE ${path}/shares/${share.id}`, { key: ada.key });
  for (const { id } of (await api.json<{ data: Share[] }>(`GET ${path}/shares`, { key: ada.key })).data) await api.ask(`DELETE ${path}/shares/${id}`, { key: ada.key });
  expect(await may()).toEqual([401, 401]);
});

verifies("TEN5", "a link that is used by many leaves its owner and other links their tokens", async () => {
  const { api, ada, path } = await start();
  const make = () => api.json<CreatedShareLink>(`POST ${path}/share-links`, { key: ada.key, body: { role: "viewer", usesMax: 1_000, expiresInHours: 1 } });
  const [busy, other] = [await make(), await make()];
  const redeem = async (link: CreatedShareLink) => (await api.fetch(new Request("http://berth.memory/v1/share-links/redeem", { method: "POST", headers: { authorization: `Bearer ${link.token}` } }))).status;
  const statuses: number[] = [];
  for (let n = 0; n < 101; n++) statuses.push(await redeem(busy));
  expect([statuses.slice(0, 100).every((each) => each === 201), statuses[100], await redeem(other)]).toEqual([true, 409, 201]);
  expect((await api.ask(`POST ${path}/client-tokens`, { key: ada.key, body: { access: "write" } })).status).toBe(201);
  // What was refused is no use of the link.
  expect((await api.json<{ data: Share[] }>(`GET ${path}/shares`, { key: ada.key })).data.map(({ uses }) => uses)).toEqual([100, 1]);
});

verifies("TEN8", "a change that is refused leaves who sees the session as it was", async () => {
  const { api, ada, bo, path, may, session, listed } = await start();
  const refused = await api.ask(`PATCH ${path}`, { key: ada.key, body: { visibility: "org", model: "demo/none" } });
  expect([refused.status >= 400, await may(bo.key), (await api.json<Session>(`GET ${path}`, { key: ada.key })).visibility]).toEqual([true, [404, 404, 404], "private"]);
  const hosted = api.berth.session(session.id, api.owner.orgId);
  const author = { actor: { kind: "user", id: ada.userId }, apiKeyId: null, role: "member", userId: ada.userId } as const;
  // Refused by the session's own rules, after it was asked who may see it.
  const apply = hosted.actor.apply.bind(hosted.actor);
  hosted.actor.apply = (input, answer, access) => (input.type === "session-updated" ? unchanged(hosted.actor.state, { problem: "unavailable", detail: "It could not be stored." }) : apply(input, answer, access));
  expect((await hosted.update({ visibility: "org", title: "New" }, author)).ok).toBe(false);
  hosted.actor.apply = apply;
  expect((await api.json<Session>(`GET ${path}`, { key: ada.key })).visibility).toBe("private");
  expect(await api.json<Session>(`PATCH ${path}`, { key: ada.key, body: { visibility: "org", title: "New" } })).toMatchObject({ visibility: "org", title: "New" });
  expect(await listed(bo.key)).toEqual([session.id]);
});

verifies("TEN7", "a page of another origin works with a client token, from the origins on the organization's list and no others", async () => {
  const { api, ada, path } = await start();
  const origin = "https://app.example.com";
  for (const odd of ["*", "https://app.example.com/", "app.example.com", "null", "javascript:alert(1)"]) {
    expect((await api.ask("PUT /v1/client-origins", { body: { origins: [odd] } })).status).toBe(422);
  }
  expect(await api.json("PUT /v1/client-origins", { body: { origins: [origin, origin] } })).toEqual({ origins: [origin] });
  const { token } = await api.json<ClientToken>(`POST ${path}/client-tokens`, { key: ada.key, body: { access: "write" } });
  const from = async (asked: string, key = token, line = `GET ${path}/events`) => {
    const { status, headers } = await api.ask(line, { key, headers: { origin: asked } });
    return [status, headers.get("access-control-allow-origin"), headers.get("access-control-allow-credentials")];
  };
  expect(await from(origin)).toEqual([200, origin, null]);
  expect(await from(origin, token, `POST ${path}/stream-ticket`)).toEqual([201, origin, null]);
  expect(await from(origin, token, `DELETE ${path}`)).toEqual([403, origin, null]);
  for (const other of ["https://app.example.com.evil.example", "http://app.example.com", "null"]) expect(await from(other)).toEqual([403, null, null]);
  expect(await from(origin, ada.key)).toEqual([200, null, null]);
  expect(await from("http://berth.memory")).toEqual([200, null, null]);

  const preflight = (line: string, headers: Record<string, string> = { origin, "access-control-request-method": "POST" }) => api.ask(line, { headers });
  const answer = await preflight(`OPTIONS ${path}/messages`);
  expect([answer.status, answer.headers.get("access-control-allow-origin"), answer.headers.get("access-control-allow-credentials"), answer.headers.get("vary")]).toEqual([204, origin, null, "origin"]);
  expect(answer.headers.get("access-control-allow-headers")).toContain("authorization");
  for (const line of ["OPTIONS /v1/me", "OPTIONS /v1/sessions", "OPTIONS /v1/api-keys"]) expect((await preflight(line)).headers.get("access-control-allow-origin")).toBeNull();
});

verifies("TEN4", "a link outlives signing out, and ends with a new password, unless a key made it", async () => {
  const { api, ada, path } = await start();
  const { accounts, directory } = api.instance.identity;
  const link = async (who: { readonly cookie: string } | { readonly key: string }) => (await api.json<CreatedShareLink>(`POST ${path}/share-links`, { ...who, body: { role: "viewer", usesMax: 5 } })).token;
  const redeem = async (token: string) => (await api.ask("POST /v1/share-links/redeem", { key: token })).status;
  const [bySignIn, byKey] = [await link({ cookie: ada.cookie }), await link({ key: ada.key })];
  const { token } = await api.json<ClientToken>(`POST ${path}/client-tokens`, { cookie: ada.cookie, body: { access: "read" } });
  const use = async () => (await api.ask(`GET ${path}`, { key: token })).status;
  expect([await use(), await redeem(bySignIn)]).toEqual([200, 201]);
  await api.instance.identity.signOut({ kind: "cookie", header: ada.cookie });
  await api.pass(31_000);
  expect([await use(), await redeem(bySignIn)]).toEqual([401, 201]);

  const { email } = await directory.member(api.owner.orgId, ada.userId);
  await accounts.setPassword((await accounts.requestPassword(email)) ?? "", "example-password-2");
  await api.pass(31_000);
  expect([await redeem(bySignIn), await redeem(byKey)]).toEqual([404, 201]);
});
