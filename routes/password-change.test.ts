import { expect, test } from "vitest";
import { Edge } from "./testing/edge.ts";
import { alertOf, cookieOf, postForm as post } from "./testing/forms.ts";

const [OLD, NEW] = ["example-password-1", "example-password-2"];
const ADA = { name: "Ada", email: "ada@example.com", password: OLD, organization: "Ada's team" };

async function signedIn(): Promise<{ edge: Edge; cookie: { readonly cookie: string } }> {
  const edge = new Edge();
  return { edge, cookie: cookieOf(await post(edge, "/sign-up", ADA)) };
}

const statusOf = async (edge: Edge, cookie: { readonly cookie: string }) => (await edge.ask("GET /v1/me", { key: null, headers: cookie })).status;

test("who knows the current password sets another, which ends every other sign-in and signs in anew", async () => {
  const { edge, cookie } = await signedIn();
  const elsewhere = cookieOf(await post(edge, "/sign-in", ADA));
  const page = await edge.ask("GET /password", { key: null, headers: cookie });
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('autocomplete="current-password"')]);
  const changed = await post(edge, "/password", { current: OLD, password: NEW }, cookie);
  expect([changed.status, changed.headers.get("location")]).toEqual([303, "/"]);
  expect([await statusOf(edge, cookieOf(changed)), await statusOf(edge, elsewhere), await statusOf(edge, cookie)]).toEqual([200, 401, 401]);
  const tries = [OLD, NEW].map(async (password) => (await post(edge, "/sign-in", { ...ADA, password })).status);
  expect(await Promise.all(tries)).toEqual([401, 303]);
});

test.each([
  [{ current: "wrong-password", password: NEW }, 422, "That is not your current password. If you never set one, ask who runs this Berth: with MAIL_FROM and SMTP_URL set, it sends a link."],
  [{ current: OLD, password: "short" }, 422, "A password needs 10 to 128 characters. Take a longer one, for example four random words."],
])("%j changes nothing and is told in words, without either password", async (fields, status, words) => {
  const { edge, cookie } = await signedIn();
  const refused = await post(edge, "/password", fields, cookie);
  const html = await refused.text();
  expect([refused.status, alertOf(html), refused.headers.getSetCookie()]).toEqual([status, words, []]);
  for (const password of Object.values(fields)) expect(html).not.toContain(`"${password}"`);
  expect([await statusOf(edge, cookie), (await post(edge, "/sign-in", ADA)).status]).toEqual([200, 303]);
});

test("who is not signed in is sent to sign in and back, and another site's form changes nothing", async () => {
  const { edge, cookie } = await signedIn();
  const away = await edge.ask("GET /password", { key: null });
  expect([away.status, away.headers.get("location")]).toEqual([303, "/sign-in?next=%2Fpassword"]);
  expect((await post(edge, "/sign-in", { ...ADA, next: "/password" })).headers.get("location")).toBe("/password");
  expect((await post(edge, "/password", { current: OLD, password: NEW })).status).toBe(401);
  expect((await post(edge, "/password", { current: OLD, password: NEW }, { ...cookie, "sec-fetch-site": "cross-site" })).status).toBe(403);
  expect((await post(edge, "/sign-in", ADA)).status).toBe(303);
});
