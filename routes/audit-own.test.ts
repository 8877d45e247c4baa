/** Deeds of whom nobody knows before they are done, and refusals: each is in the list of the organization it concerns. */
import type { AuditEntry, CreatedShareLink, StartedDevice } from "@berth/protocol";
import { describe, expect, test } from "vitest";
import type { OutsideSignIn } from "../src/core/access/outside-sign-in.ts";
import { listRoutes } from "./route.ts";
import { createRateLimiter } from "../src/app/http/rate-limit.ts";
import { limitsOf } from "./testing/limits.ts";
import { Edge, MODEL, NOW_MS, OPERATOR_TOKEN } from "./testing/edge.ts";
import { cookieOf, HERE, postForm } from "./testing/forms.ts";

const PASSWORD = "example-password-1";
const EMAIL = "cy@example.com";
const JSON_HERE = { ...HERE, "content-type": "application/json" };

const GITHUB: OutsideSignIn = {
  id: "github",
  name: "GitHub",
  begin: async ({ state }) => new URL(`https://git.example/authorize?state=${state}`),
  finish: async () => ({ profile: { provider: "github", accountId: "7", name: "Cy", email: EMAIL }, isMemberOf: async () => false }),
};

async function entries(edge: Edge, key?: string): Promise<readonly AuditEntry[]> {
  await edge.settled();
  return (await edge.json<{ data: readonly AuditEntry[] }>("GET /v1/audit", key === undefined ? {} : { key })).data;
}

async function invite(edge: Edge, email = EMAIL): Promise<string> {
  return (await edge.json<{ token: string }>("POST /v1/invitations", { body: { email, role: "member" } })).token;
}

/** Cy has an account, a password and a sign-in in `org-a`. */
async function withCy(edge: Edge) {
  const answer = await postForm(edge, `/invitation/account?token=${await invite(edge)}`, { name: "Cy", password: PASSWORD });
  expect(answer.status).toBe(303);
  return cookieOf(answer);
}

/** One of org-a's own people at a browser. */
const owner = async (edge: Edge) => ({ cookie: await edge.cookie() });

const DEEDS: Readonly<Record<string, (edge: Edge) => Promise<Partial<AuditEntry> | void>>> = {
  "POST /internal/bootstrap": async (edge) => {
    await edge.keyOf("org-a");
    await edge.json("POST /internal/bootstrap", { key: OPERATOR_TOKEN, body: {} });
    return { actor: { kind: "system", id: "operator", name: "operator" }, target: { userId: expect.any(String), keyId: expect.any(String) } };
  },
  "POST /internal/secrets/renewal": async (edge) => {
    await edge.keyOf("org-a");
    await edge.vault.put("org-a", "one", "example");
    edge.vault.masterKeys = [1, 2];
    await edge.json("POST /internal/secrets/renewal", { key: OPERATOR_TOKEN, body: {} });
    return { actor: { kind: "system", id: "operator", name: "operator" }, target: { renewed: "1" } };
  },
  "GET /sign-in": async (edge) => {
    await edge.keyOf("org-a");
    const { signInUrl } = await edge.json<{ signInUrl: string }>("POST /internal/bootstrap", { key: OPERATOR_TOKEN, body: {} });
    await edge.ask(`GET ${signInUrl.slice(new URL(signInUrl).origin.length)}`, { key: null });
  },
  "POST /sign-in": async (edge) => {
    await withCy(edge);
    expect((await postForm(edge, "/sign-in", { email: EMAIL, password: PASSWORD })).status).toBe(303);
  },
  "GET /sign-in/:provider/callback": async (edge) => {
    await edge.keyOf("org-a");
    edge.outsideSignIns = [GITHUB];
    const out = await edge.ask(`GET /sign-in/github?next=${encodeURIComponent(`/invitation?token=${await invite(edge)}`)}`, { key: null });
    const { search } = new URL(out.headers.get("location") ?? "");
    expect((await edge.ask(`GET /sign-in/github/callback${search}&code=example`, { key: null, headers: cookieOf(out) })).status).toBe(303);
  },
  "POST /sign-up": async (edge) => {
    expect((await postForm(edge, "/sign-up", { name: "Cy", email: EMAIL, password: PASSWORD, organization: "Cy's" })).status).toBe(303);
  },
  "POST /sign-up/confirm": async (edge) => {
    await edge.keyOf("org-a");
    const token = (await edge.identity.accounts.request({ name: "Cy", email: EMAIL, password: PASSWORD, orgName: "Cy's" })) ?? "";
    expect((await postForm(edge, `/sign-up/confirm?token=${token}`, {})).status).toBe(303);
  },
  "POST /password-reset/new": async (edge) => {
    await withCy(edge);
    const token = (await edge.identity.accounts.requestPassword(EMAIL)) ?? "";
    expect((await postForm(edge, `/password-reset/new?token=${token}`, { password: `${PASSWORD}x` })).status).toBe(303);
  },
  "POST /password": async (edge) => {
    const answer = await postForm(edge, "/password", { current: PASSWORD, password: `${PASSWORD}x` }, await withCy(edge));
    expect(answer.status).toBe(303);
  },
  "POST /sign-out": async (edge) => {
    expect((await edge.ask("POST /sign-out", { key: null, headers: { ...JSON_HERE, ...(await owner(edge)) } })).status).toBe(204);
  },
  "POST /v1/me/organization": async (edge) => {
    const asked = { key: null, body: { organizationId: "org-a" }, headers: { ...JSON_HERE, ...(await owner(edge)) } };
    expect((await edge.ask("POST /v1/me/organization", asked)).status).toBe(204);
    return { target: { organizationId: "org-a" } };
  },
  "POST /device/collect": async (edge) => {
    const started = await edge.json<StartedDevice>("POST /device/start", { key: null, body: { clientName: "berth on laptop" } });
    await postForm(edge, "/device", { code: started.userCode, decision: "allow" }, await owner(edge));
    await edge.json("POST /device/collect", { key: null, body: { deviceCode: started.deviceCode } });
    return { target: { keyId: expect.any(String), clientName: "berth on laptop" } };
  },
  "POST /device": async (edge) => {
    const started = await edge.json<StartedDevice>("POST /device/start", { key: null, body: { clientName: "berth on laptop" } });
    await postForm(edge, "/device", { code: started.userCode, decision: "refuse" }, await owner(edge));
    return { action: "POST /device refuse", target: { clientName: "berth on laptop" } };
  },
  "POST /v1/invitations/accept": async (edge) => {
    const cookie = await withCy(edge);
    const token = await invite(edge);
    expect((await edge.ask("POST /v1/invitations/accept", { key: null, body: { token }, headers: { ...JSON_HERE, ...cookie } })).status).toBe(200);
    return { target: { role: "member" } };
  },
  "POST /invitation": async (edge) => {
    const cookie = await withCy(edge);
    expect((await postForm(edge, `/invitation?token=${await invite(edge)}`, {}, cookie)).status).toBe(303);
    return { target: { role: "member" } };
  },
  "POST /invitation/account": async (edge) => {
    await withCy(edge);
  },
  "POST /v1/share-links/redeem": async (edge) => {
    const { id } = await edge.json<{ id: string }>("POST /v1/sessions", { body: { model: MODEL } });
    const value = { id: "ctk_1", token: "bct_example", access: "read", expiresAtMs: 0, origins: [], by: null };
    Object.assign(edge.sessions.of("org-a", id), { sharing: async () => ({ ok: true, value }) });
    const link: CreatedShareLink["token"] = `shl_org-a.${id}.${"0".repeat(48)}`;
    expect((await edge.ask("POST /v1/share-links/redeem", { key: link })).status).toBe(201);
    return { actor: { kind: "api-key", id: "ctk_1", name: "share link" }, target: { sessionId: id, clientTokenId: "ctk_1" } };
  },
};

describe("what writes itself down", () => {
  const own = listRoutes(new Edge().app).filter(({ audit }) => audit === "itself").map(({ method, path }) => `${method} ${path}`);

  test("is all tried here", () => expect(Object.keys(DEEDS).toSorted()).toEqual(own.toSorted()));

  test.each(Object.entries(DEEDS))("%s", async (action, deed) => {
    const edge = new Edge();
    const expected = await deed(edge);
    await edge.settled();
    const [org] = [...edge.identity.directory.organizations.keys()].filter((id) => id !== "org-a");
    const found = [...(await edge.catalog.listAudit("org-a", { after: null, limit: 50 })).entries, ...(org === undefined ? [] : (await edge.catalog.listAudit(org, { after: null, limit: 50 })).entries)];
    expect(found.filter((entry) => entry.action === (expected?.action ?? action))).toMatchObject([{ actor: { kind: "user" }, outcome: "done", ...expected }]);
    expect(JSON.stringify(found)).not.toContain(PASSWORD);
  });
});

describe("what is refused", () => {
  test("to a role, to a key without the scope, and for a body that is wrong", async () => {
    const edge = new Edge();
    const viewer = await edge.keyOf("org-a", "viewer");
    expect((await edge.ask("DELETE /v1/api-keys/key_1", { key: viewer })).status).toBe(403);
    expect((await edge.ask("POST /v1/keys", { key: await edge.keyWith(["sessions:write"]), body: {} })).status).toBe(403);
    expect((await edge.ask("POST /v1/teams", { body: { name: "" } })).status).toBe(422);
    expect((await edge.ask("POST /v1/sessions/ses_1/messages", { key: viewer, body: { text: "hello" } })).status).toBe(403);
    const found = await entries(edge);
    expect(found.map(({ action, outcome, status, actor }) => [action, outcome, status, actor.kind]).toSorted()).toEqual([
      ["DELETE /v1/api-keys/:keyId", "refused", 403, "api-key"],
      ["POST /v1/keys", "refused", 403, "api-key"],
      ["POST /v1/sessions/:sessionId/messages", "refused", 403, "api-key"],
      ["POST /v1/teams", "refused", 422, "api-key"],
    ]);
    expect(found.find(({ action }) => action.startsWith("DELETE"))?.target).toEqual({ keyId: "key_1" });
  });

  test("with a wrong password, in the list of whose account it is, and nowhere for an address that nobody has", async () => {
    const edge = new Edge();
    await withCy(edge);
    for (const email of [EMAIL, "nobody@example.com"]) expect((await postForm(edge, "/sign-in", { email, password: "wrong-password-1" })).status).toBe(401);
    const refused = (await entries(edge)).filter(({ outcome }) => outcome === "refused");
    expect(refused).toMatchObject([{ action: "POST /sign-in", actor: { kind: "user" }, status: 401 }]);
  });

  test("for a password that is not the current one", async () => {
    const edge = new Edge();
    await postForm(edge, "/password", { current: "wrong-password-1", password: `${PASSWORD}x` }, await withCy(edge));
    expect((await entries(edge)).find(({ action }) => action === "POST /password")).toMatchObject({ outcome: "refused", status: 422 });
  });

  test("without a credential is in no list", async () => {
    const edge = new Edge();
    await edge.keyOf("org-a");
    expect((await edge.ask("POST /v1/teams", { key: null, body: { name: "mine" } })).status).toBe(401);
    expect((await edge.ask("POST /v1/teams", { key: "berth_unknown", body: { name: "mine" } })).status).toBe(401);
    expect(await entries(edge)).toEqual([]);
  });

  test("in a loop fills no list", async () => {
    const edge = new Edge();
    edge.rateLimiter = createRateLimiter(limitsOf({ limit: 1_000, windowS: 60 }, { refusal: { limit: 3, windowS: 60 } }), () => NOW_MS);
    for (let n = 0; n < 5; n++) await edge.ask("DELETE /v1/api-keys/key_nothing");
    await edge.json("POST /v1/api-keys", { body: { name: "one" } });
    expect((await entries(edge)).map(({ outcome }) => outcome).toSorted()).toEqual(["done", "refused", "refused", "refused"]);
  });
});
