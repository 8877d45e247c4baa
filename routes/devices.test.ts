import { SCOPES, type ApiKey, type AuditEntry, type CollectedDevice, type Role, type StartedDevice } from "@berth/protocol";
import { describe, expect, test } from "vitest";
import { createRateLimiter } from "../src/app/http/rate-limit.ts";
import { Edge, NOW_MS, ORIGIN } from "./testing/edge.ts";
import { limitsOf } from "./testing/limits.ts";
import { alertOf, pageText, postForm } from "./testing/forms.ts";

const ask = (edge: Edge, body: object = { clientName: "berth on laptop" }) => edge.json<StartedDevice>("POST /device/start", { key: null, body });
const collect = (edge: Edge, { deviceCode }: StartedDevice) => edge.json<CollectedDevice>("POST /device/collect", { key: null, body: { deviceCode } });

/** Somebody of that role at a browser. */
async function personOf(edge: Edge, role: Role) {
  const { userId } = edge.identity.addMember({ orgId: "org-a", userName: "Bo", role });
  const redeemed = await edge.identity.redeemSignInToken(await edge.identity.createSignInToken(userId));
  return { userId, cookie: redeemed?.setCookies[0]?.split(";")[0] ?? "" };
}

const decide = (edge: Edge, { userCode }: StartedDevice, cookie: string, decision: string) => postForm(edge, "/device", { code: userCode, decision }, { cookie });

test("a person lets a program have a key, which the program takes once", async () => {
  const edge = new Edge();
  const { userId, cookie } = await personOf(edge, "member");
  const started = await ask(edge);
  expect(started).toMatchObject({ url: `${ORIGIN}/device`, urlWithCode: `${ORIGIN}/device?code=${started.userCode}`, intervalS: 5 });
  expect(await collect(edge, started)).toEqual({ state: "pending" });
  const page = await pageText(edge, `/device?code=${started.userCode.toLowerCase()}`, { cookie });
  for (const shown of ["<b>berth on laptop</b>", started.userCode, "<code>sessions:write</code>"]) expect(page).toContain(shown);
  expect(await (await decide(edge, started, cookie, "allow")).text()).toContain("go back to it");
  const collected = await collect(edge, started);
  expect(collected).toMatchObject({ state: "approved", apiKey: { name: "berth on laptop", scopes: ["sessions:read", "sessions:write", "runs:read"], expiresAt: new Date(NOW_MS + 90 * 86_400_000).toISOString() } });
  expect(await edge.json("GET /v1/me", { key: collected.apiKey?.key ?? "" })).toMatchObject({ organization: { id: "org-a" }, role: "member" });
  expect(await edge.problem("POST /device/collect", { key: null, body: { deviceCode: started.deviceCode } })).toMatchObject({ status: 404, fix: "Ask again with POST /device/start." });
  expect((await edge.json<{ data: ApiKey[] }>("GET /v1/api-keys")).data.map(({ name }) => name)).toContain("berth on laptop");
  const entries = (await edge.json<{ data: AuditEntry[] }>("GET /v1/audit")).data;
  expect(entries.find(({ action }) => action === "POST /device allow")).toMatchObject({ actor: { kind: "user", id: userId }, outcome: "done" });
});

test("the page says when and from where the program asked, and has the code typed for a key that may do more than work", async () => {
  const edge = new Edge();
  const { cookie } = await personOf(edge, "owner");
  const start = (scopes?: readonly string[]) => edge.json<StartedDevice>("POST /device/start", { key: null, body: { clientName: "cli", ...(scopes && { scopes }) }, headers: { "cf-connecting-ip": "192.0.2.1" } });
  const shown = async ({ userCode }: StartedDevice) => pageText(edge, `/device?code=${userCode}`, { cookie });
  const plain = await start();
  expect(await shown(plain)).toContain("less than a minute ago, from the network address <b>192.0.2.1</b>");
  expect(await shown(plain)).toContain(`<input type="hidden" name="code" value="${plain.userCode}">`);
  for (const scope of ["admin", "keys:write", "secrets:write"]) {
    const asked = await start(["sessions:read", scope]);
    const page = await shown(asked);
    const [typed = "", refusing = ""] = page.split("</form>");
    expect(typed).not.toContain(asked.userCode);
    expect(typed).toContain(`<input id="code" name="code"`);
    expect(refusing).not.toContain("allow");
    expect((await decide(edge, { ...asked, userCode: "" }, cookie, "allow")).status).toBe(404);
    expect((await decide(edge, asked, cookie, "allow")).status).toBe(200);
  }
});

test("the key has no scope that the person does not have, and the page says so", async () => {
  const edge = new Edge();
  const { cookie } = await personOf(edge, "viewer");
  const started = await ask(edge, { clientName: "cli", scopes: SCOPES });
  expect(await pageText(edge, `/device?code=${started.userCode}`, { cookie })).toMatch(/It also asked for .*<code>admin<\/code>, which your role does not have/);
  await decide(edge, started, cookie, "allow");
  const { apiKey } = await collect(edge, started);
  expect(apiKey?.scopes).toEqual(["sessions:read", "runs:read"]);
  expect((await edge.ask("GET /v1/api-keys", { key: apiKey?.key ?? "" })).status).toBe(403);
});

test("who lost their role or left meanwhile gives no more than they have", async () => {
  const edge = new Edge();
  const { userId, cookie } = await personOf(edge, "admin");
  const [one, two] = [await ask(edge, { clientName: "one", scopes: ["admin"] }), await ask(edge)];
  for (const started of [one, two]) await decide(edge, started, cookie, "allow");
  await edge.identity.directory.setRole("org-a", userId, "viewer");
  expect((await collect(edge, one)).apiKey?.scopes).toEqual([]);
  await edge.identity.directory.removeMember("org-a", userId);
  expect((await edge.ask("POST /device/collect", { key: null, body: { deviceCode: two.deviceCode } })).status).toBe(403);
});

test("a refusal is told to the program, and nothing is made", async () => {
  const edge = new Edge();
  const { cookie } = await personOf(edge, "owner");
  const started = await ask(edge, { clientName: "<b>evil</b>" });
  expect(await pageText(edge, `/device?code=${started.userCode}`, { cookie })).not.toContain("<b>evil</b>");
  expect((await decide(edge, started, cookie, "refuse")).status).toBe(200);
  expect(await collect(edge, started)).toEqual({ state: "denied" });
  expect((await edge.json<{ data: ApiKey[] }>("GET /v1/api-keys")).data.map(({ name }) => name)).not.toContain("<b>evil</b>");
});

describe("nobody decides", () => {
  test("without a sign-in: they come back after it", async () => {
    const edge = new Edge();
    const { userCode } = await ask(edge);
    const answer = await edge.ask(`GET /device?code=${userCode}`, { key: null });
    expect([answer.status, answer.headers.get("location")]).toEqual([303, `/sign-in?next=${encodeURIComponent(`/device?code=${userCode}`)}`]);
    expect(await pageText(edge, answer.headers.get("location") ?? "")).toContain(`value="/device?code=${userCode}"`);
    expect((await postForm(edge, "/device", { code: userCode, decision: "allow" })).status).toBe(401);
  });

  test("with an API key, or by a form of another site", async () => {
    const edge = new Edge();
    const { cookie } = await personOf(edge, "owner");
    const started = await ask(edge);
    const raw = new URLSearchParams({ code: started.userCode, decision: "allow" }).toString();
    expect((await edge.ask("POST /device", { raw, headers: { "content-type": "application/x-www-form-urlencoded" } })).status).toBe(401);
    expect((await postForm(edge, "/device", { code: started.userCode, decision: "allow" }, { cookie, origin: "https://evil.example" })).status).toBe(403);
    expect(await collect(edge, started)).toEqual({ state: "pending" });
  });

  test("by a code that nothing waits with, and is told what to do", async () => {
    const edge = new Edge();
    const { cookie } = await personOf(edge, "owner");
    for (const code of ["BCDF-GHJK", "nonsense"]) {
      const answer = await edge.ask(`GET /device?code=${code}`, { key: null, headers: { cookie } });
      expect([answer.status, alertOf(await answer.text())]).toEqual([404, expect.stringContaining("No program waits with this code")]);
    }
    expect((await postForm(edge, "/device", { code: "BCDF-GHJK", decision: "allow" }, { cookie })).status).toBe(404);
  });
});

test("a program that asks too often is told to wait, and so is who tries codes", async () => {
  const edge = new Edge();
  const { cookie } = await personOf(edge, "owner");
  const started = await ask(edge);
  const [many, two] = [{ limit: 100, windowS: 60 }, { limit: 2, windowS: 60 }];
  edge.rateLimiter = createRateLimiter(limitsOf(many, { device: two, place: two }), () => NOW_MS);
  const statuses: number[] = [];
  for (let i = 0; i < 3; i++) statuses.push((await edge.ask("POST /device/collect", { key: null, body: { deviceCode: started.deviceCode } })).status);
  for (let i = 0; i < 3; i++) statuses.push((await edge.ask("GET /device?code=BCDF-GHJK", { key: null, headers: { cookie } })).status);
  expect(statuses).toEqual([200, 200, 429, 404, 404, 429]);
});
