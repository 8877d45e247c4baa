import type { ApiKey, CreatedApiKey, CreatedInvitation, Member, ServiceAccount, Team } from "@berth/protocol";
import { describe, expect, test } from "vitest";
import { Edge, MODEL, ORIGIN } from "./testing/edge.ts";
import { cookieOf, postForm } from "./testing/forms.ts";

interface Page<T> {
  readonly data: readonly T[];
}

async function withPeople() {
  const edge = new Edge();
  const keys = { owner: await edge.keyOf("org-a"), admin: await edge.keyOf("org-a", "admin"), member: await edge.keyOf("org-a", "member") };
  const { data } = await edge.json<Page<Member>>("GET /v1/members");
  const idOf = (role: Member["role"]): string => data.find((each) => each.role === role)?.userId ?? "";
  return { edge, keys, idOf };
}

describe("names", () => {
  test("who administers renames the organization, and everybody in it sees that, at once and in the record", async () => {
    const { edge, keys } = await withPeople();
    expect(await edge.json("PATCH /v1/organization", { key: keys.admin, body: { name: "  Builders of Ada  " } })).toEqual({ id: "org-a", name: "Builders of Ada" });
    for (const key of Object.values(keys)) expect(await edge.json("GET /v1/me", { key })).toMatchObject({ organization: { id: "org-a", name: "Builders of Ada" } });
    expect(await edge.json("GET /v1/me", { key: await edge.keyOf("org-b") })).not.toMatchObject({ organization: { name: "Builders of Ada" } });
    expect((await edge.ask("PATCH /v1/organization", { key: keys.member, body: { name: "Mine" } })).status).toBe(403);
    for (const name of ["", " ", "x".repeat(101)]) expect(await edge.problem("PATCH /v1/organization", { body: { name } })).toMatchObject({ status: 422, errors: [{ pointer: "/name" }] });
    const { data } = await edge.json<Page<{ action: string; status: number }>>("GET /v1/audit");
    expect(data.filter(({ action }) => action === "PATCH /v1/organization").map(({ status }) => status).sort()).toEqual([200, 403, 422, 422, 422]);
  });

  test("a person renames themselves by their sign-in, whatever their role, and a key renames nobody", async () => {
    const { edge, keys } = await withPeople();
    const { url } = await edge.json<CreatedInvitation>("POST /v1/invitations", { body: { email: "bo@example.com", role: "viewer" } });
    const bo = cookieOf(await postForm(edge, `/invitation/account${new URL(url ?? "").search}`, { name: "Bo", password: "example-password-1" }));
    const own = { key: null, headers: { ...bo, origin: ORIGIN, "sec-fetch-site": "same-origin" } };
    expect(await edge.json("PATCH /v1/me", { ...own, body: { name: "Bo the Builder" } })).toMatchObject({ user: { name: "Bo the Builder", email: "bo@example.com" }, role: "viewer" });
    expect(await edge.json("GET /v1/me", own)).toMatchObject({ user: { name: "Bo the Builder" } });
    const { data } = await edge.json<Page<Member>>("GET /v1/members");
    expect(data.find(({ email }) => email === "bo@example.com")?.name).toBe("Bo the Builder");
    expect((await edge.ask("PATCH /v1/me", { key: null, headers: { ...bo, origin: "https://elsewhere.example" }, body: { name: "Mine" } })).status).toBe(403);
    expect(await edge.problem("PATCH /v1/me", { key: keys.owner, body: { name: "Mine" } })).toMatchObject({ status: 403, detail: expect.stringContaining("a key") });
    expect((await edge.ask("PATCH /v1/me", { ...own, body: { name: " " } })).status).toBe(422);
    expect(await (await edge.ask("GET /v1/audit")).text()).toContain("PATCH /v1/me");
  });
});

describe("members", () => {
  test("an owner changes roles, and what a key may do changes with its maker's", async () => {
    const { edge, keys, idOf } = await withPeople();
    expect((await edge.ask("POST /v1/sessions", { key: keys.member, body: { model: MODEL } })).status).toBe(201);
    expect(await edge.json(`PATCH /v1/members/${idOf("member")}`, { body: { role: "viewer" } })).toMatchObject({ role: "viewer" });
    expect((await edge.ask("POST /v1/sessions", { key: keys.member, body: { model: MODEL } })).status).toBe(403);
    expect((await edge.ask("GET /v1/sessions", { key: keys.member })).status).toBe(200);
  });

  test("an admin makes and touches no owner, and the last owner stays", async () => {
    const { edge, keys, idOf } = await withPeople();
    const byAdmin = async (line: string, body?: object) => (await edge.ask(line, { key: keys.admin, ...(body ? { body } : {}) })).status;
    expect(await byAdmin(`PATCH /v1/members/${idOf("member")}`, { role: "owner" })).toBe(403);
    expect(await byAdmin(`PATCH /v1/members/${idOf("owner")}`, { role: "member" })).toBe(403);
    expect(await byAdmin(`DELETE /v1/members/${idOf("owner")}`)).toBe(403);
    expect(await byAdmin("POST /v1/invitations", { email: "x@example.com", role: "owner" })).toBe(403);
    expect(await byAdmin(`PATCH /v1/members/${idOf("member")}`, { role: "admin" })).toBe(200);
    for (const line of [`PATCH /v1/members/${idOf("owner")}`, `DELETE /v1/members/${idOf("owner")}`]) {
      const problem = await edge.problem(line, line.startsWith("PATCH") ? { body: { role: "member" } } : {});
      expect(problem).toMatchObject({ status: 409, fix: "Make somebody else an owner first." });
    }
  });

  test("who is removed is nobody at once, and the organization's others are not", async () => {
    const { edge, keys, idOf } = await withPeople();
    expect((await edge.ask(`DELETE /v1/members/${idOf("member")}`)).status).toBe(204);
    expect((await edge.ask("GET /v1/me", { key: keys.member })).status).toBe(401);
    expect((await edge.ask("GET /v1/me", { key: keys.admin })).status).toBe(200);
    expect((await edge.ask(`DELETE /v1/members/${idOf("member")}`)).status).toBe(404);
  });
});

test("a service account's key has the account's role, is named as its own, and outlives its maker", async () => {
  const { edge, keys, idOf } = await withPeople();
  const account = await edge.json<ServiceAccount>("POST /v1/service-accounts", { key: keys.admin, body: { name: "CI", role: "member" } });
  const made = await edge.json<CreatedApiKey>("POST /v1/api-keys", { key: keys.admin, body: { name: "ci", scopes: ["admin"], serviceAccountId: account.id } });
  expect(made.serviceAccountId).toBe(account.id);
  await edge.json<unknown>(`PATCH /v1/members/${idOf("admin")}`, { body: { role: "viewer" } });
  await edge.ask(`DELETE /v1/members/${idOf("admin")}`);
  expect(await edge.json("GET /v1/me", { key: made.key })).toMatchObject({ user: null, role: "member", scopes: ["sessions:read", "sessions:write", "runs:read", "secrets:write", "keys:write"] });
  expect((await edge.ask("POST /v1/sessions", { key: made.key, body: { model: MODEL } })).status).toBe(201);
  expect((await edge.json<Page<ApiKey>>("GET /v1/api-keys")).data.find(({ id }) => id === made.id)?.serviceAccountId).toBe(account.id);
  expect((await edge.ask("POST /v1/api-keys", { body: { name: "x", serviceAccountId: "sva_unknown" } })).status).toBe(404);
  expect((await edge.ask("POST /v1/service-accounts", { body: { name: "x", role: "owner" } })).status).toBe(422);
  expect((await edge.ask(`DELETE /v1/service-accounts/${account.id}`)).status).toBe(204);
  expect((await edge.ask("GET /v1/me", { key: made.key })).status).toBe(401);
});

test("teams have members and service accounts of the organization, and no others", async () => {
  const { edge, idOf } = await withPeople();
  const team = await edge.json<Team>("POST /v1/teams", { body: { name: "Reds" } });
  expect((await edge.ask("POST /v1/teams", { body: { name: "Reds" } })).status).toBe(409);
  const blues = await edge.json<Team>("POST /v1/teams", { body: { name: "Blues" } });
  expect((await edge.ask(`PATCH /v1/teams/${blues.id}`, { body: { name: "Reds" } })).status).toBe(409);
  expect((await edge.ask(`PATCH /v1/teams/${blues.id}`, { body: { name: "" } })).status).toBe(422);
  expect(await edge.json(`PATCH /v1/teams/${blues.id}`, { body: { name: "Greens" } })).toEqual({ ...blues, name: "Greens" });
  const account = await edge.json<ServiceAccount>("POST /v1/service-accounts", { body: { name: "CI", role: "viewer" } });
  for (const id of [idOf("member"), account.id, account.id]) expect((await edge.ask(`PUT /v1/teams/${team.id}/members/${id}`)).status).toBe(204);
  await edge.keyOf("org-b");
  const stranger = edge.identity.directory.members.find(({ orgId }) => orgId === "org-b")?.userId ?? "";
  expect((await edge.ask(`PUT /v1/teams/${team.id}/members/${stranger}`)).status).toBe(404);
  const listed = await edge.json<Page<{ principalId: string }>>(`GET /v1/teams/${team.id}/members`);
  expect(listed.data.map(({ principalId }) => principalId)).toEqual([idOf("member"), account.id]);
  expect((await edge.ask(`DELETE /v1/teams/${team.id}/members/${account.id}`)).status).toBe(204);
  expect((await edge.ask(`DELETE /v1/teams/${team.id}/members/${account.id}`)).status).toBe(404);
  expect((await edge.ask(`DELETE /v1/teams/${team.id}`)).status).toBe(204);
  expect((await edge.ask(`GET /v1/teams/${team.id}/members`)).status).toBe(404);
});

describe("invitations", () => {
  /** A person who owns another organization, signed in on Berth's own page. */
  async function guest(edge: Edge) {
    const { userId } = edge.identity.addMember({ orgId: "org-b", userName: "Bo", role: "owner", email: "bo@example.com" });
    const redeemed = await edge.identity.redeemSignInToken(await edge.identity.createSignInToken(userId));
    const cookie = redeemed?.setCookies[0]?.split(";")[0] ?? "";
    return { userId, headers: { cookie, origin: ORIGIN, "sec-fetch-site": "same-origin" } };
  }

  test("the person it was made for joins once, and their sign-in goes over", async () => {
    const edge = new Edge();
    const bo = await guest(edge);
    const invited = await edge.json<CreatedInvitation>("POST /v1/invitations", { body: { email: "Bo@example.com", role: "member" } });
    expect(invited.url).toBe(`${ORIGIN}/invitation?token=${invited.token}`);
    expect(JSON.stringify(await edge.json("GET /v1/invitations"))).not.toContain(invited.token);
    const page = await edge.ask(`GET ${invited.url?.slice(ORIGIN.length)}`, { key: null, headers: bo.headers });
    expect(await page.text()).toContain(`action="/invitation?token=${invited.token}"`);
    const accept = async (headers: Record<string, string>) => edge.ask("POST /v1/invitations/accept", { key: null, headers, body: { token: invited.token } });
    expect((await accept({})).status).toBe(401);
    expect((await edge.ask("POST /v1/invitations/accept", { body: { token: invited.token } })).status).toBe(401);
    expect((await accept({ ...bo.headers, origin: "https://evil.example" })).status).toBe(403);
    const joined = await accept(bo.headers);
    expect(await joined.json()).toEqual({ organization: { id: "org-a", name: "" }, role: "member" });
    expect(await edge.json("GET /v1/me", { key: null, headers: bo.headers })).toMatchObject({ organization: { id: "org-a" }, role: "member" });
    expect((await accept(bo.headers)).status).toBe(404);
    expect((await edge.json<Page<Member>>("GET /v1/members")).data).toContainEqual(expect.objectContaining({ userId: bo.userId, role: "member" }));
    expect((await edge.ask("POST /v1/me/organization", { key: null, headers: bo.headers, body: { organizationId: "org-b" } })).status).toBe(204);
    expect(await edge.json("GET /v1/me", { key: null, headers: bo.headers })).toMatchObject({ organization: { id: "org-b" }, role: "owner" });
    expect((await edge.ask("POST /v1/me/organization", { key: null, headers: bo.headers, body: { organizationId: "org-c" } })).status).toBe(404);
  });

  test("nobody joins by another's, a revoked or an unknown one", async () => {
    const edge = new Edge();
    const bo = await guest(edge);
    const theirs = await edge.json<CreatedInvitation>("POST /v1/invitations", { body: { email: "cy@example.com", role: "admin" } });
    const own = await edge.json<CreatedInvitation>("POST /v1/invitations", { body: { email: "bo@example.com", role: "admin" } });
    expect((await edge.ask(`DELETE /v1/invitations/${own.id}`)).status).toBe(204);
    expect((await edge.ask(`DELETE /v1/invitations/${own.id}`)).status).toBe(404);
    const statuses = await Promise.all(
      [theirs.token, own.token, "unknown"].map(async (token) => (await edge.ask(`POST /invitation?token=${token}`, { key: null, headers: bo.headers })).status),
    );
    expect(statuses).toEqual([403, 404, 404]);
    expect((await edge.json<Page<Member>>("GET /v1/members")).data.map(({ userId }) => userId)).not.toContain(bo.userId);
  });
});
