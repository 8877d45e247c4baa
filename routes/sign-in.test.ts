import { existsSync } from "node:fs";
import type { CreatedInvitation } from "@berth/protocol";
import { describe, expect, test } from "vitest";
import { createRateLimiter } from "../src/app/http/rate-limit.ts";
import { parseSignUpAllow } from "../src/core/access/sign-up.ts";
import { limitsOf } from "./testing/limits.ts";
import { Edge, NOW_MS, ORIGIN } from "./testing/edge.ts";
import { alertOf, cookieOf, pageText as page, postForm as post } from "./testing/forms.ts";

const PASSWORD = "example-password-1";
const ADA = { name: "Ada", email: "Ada@example.com", password: PASSWORD, organization: "Ada's team" };

const me = (edge: Edge, response: Response) => edge.json("GET /v1/me", { key: null, headers: cookieOf(response) });

async function claimed(): Promise<Edge> {
  const edge = new Edge();
  expect((await post(edge, "/sign-up", ADA)).status).toBe(303);
  return edge;
}

describe("the first account", () => {
  test("owns the first organization, and signs in with its password from then on", async () => {
    const edge = new Edge();
    expect(await page(edge, "/sign-in")).toContain('<a href="/sign-up">Make the first one</a>');
    expect(await page(edge, "/sign-up")).toContain('<form class="card" method="post" action="/sign-up">');
    const made = await post(edge, "/sign-up", ADA);
    expect([made.status, made.headers.get("location")]).toEqual([303, "/"]);
    const who = { user: { name: "Ada", email: "ada@example.com" }, organization: { name: "Ada's team" }, role: "owner" };
    expect(await me(edge, made)).toMatchObject(who);
    const signedIn = await post(edge, "/sign-in", { email: " ADA@example.com ", password: PASSWORD });
    expect([signedIn.status, signedIn.headers.get("location")]).toEqual([303, "/"]);
    expect(await me(edge, signedIn)).toMatchObject(who);
  });

  test.each([
    [{ ...ADA, email: "ada" }, "That is no e-mail address. Write it like ada@example.com."],
    [{ ...ADA, password: "short" }, "A password needs 10 to 128 characters. Take a longer one, for example four random words."],
    [{ ...ADA, name: " " }, "Your name needs 1 to 100 characters."],
    [{ ...ADA, organization: "x".repeat(101) }, "The organization&#39;s name needs 1 to 100 characters."],
  ])("what is wrong with %j is said above the form, which keeps all but the password", async (fields, words) => {
    const edge = new Edge();
    const refused = await post(edge, "/sign-up", fields);
    const html = await refused.text();
    expect([refused.status, alertOf(html)]).toEqual([422, words]);
    expect(html).toContain(`value="${fields.email}"`);
    expect(html).not.toContain(fields.password);
    expect(await edge.identity.accounts.isClaimed()).toBe(false);
  });
});

test("pages of the server's own name the chat page's icon, so that no browser asks for another", async () => {
  const answer = await new Edge().ask("GET /sign-in", { key: null });
  expect(await answer.text()).toContain('<link rel="icon" href="/berth.svg" type="image/svg+xml">');
  expect(existsSync(new URL("../packages/chat/public/berth.svg", import.meta.url))).toBe(true);
  expect(answer.headers.get("content-security-policy")).toContain("img-src 'self'");
});

describe("signing in", () => {
  test("a wrong password and an unknown address are refused with the same page, which signs nobody in", async () => {
    const edge = await claimed();
    const tries = [{ email: "ada@example.com", password: "wrong-password" }, { email: "bob@example.com", password: PASSWORD }, { email: "bob@example.com", password: "" }];
    const pages = await Promise.all(
      tries.map(async (fields) => {
        const answer = await post(edge, "/sign-in", fields);
        return [answer.status, answer.headers.getSetCookie(), (await answer.text()).replaceAll(fields.email, "")];
      }),
    );
    expect(pages[1]).toEqual(pages[0]);
    expect(pages[2]).toEqual(pages[0]);
    expect(pages[0]?.slice(0, 2)).toEqual([401, []]);
    expect(alertOf(String(pages[0]?.[2]))).toBe("This address and this password do not belong together. Check both and try again.");
  });

  test("a form of another site signs nobody in", async () => {
    const edge = await claimed();
    for (const headers of [{ origin: "https://evil.example" }, { "sec-fetch-site": "cross-site" }, { origin: "null", "sec-fetch-site": "cross-site" }]) {
      const answer = await post(edge, "/sign-in", { email: ADA.email, password: PASSWORD }, headers);
      expect([answer.status, answer.headers.getSetCookie()]).toEqual([403, []]);
    }
  });

  test("goes on to the page of ours that was open, and to no other address", async () => {
    const edge = await claimed();
    const on = async (next: string) => (await post(edge, "/sign-in", { email: ADA.email, password: PASSWORD, next })).headers.get("location");
    for (const ours of ["/invitation?token=abc", "/shared/ses_1-a", "/sessions/ses_1", "/settings/teams"]) expect(await on(ours)).toBe(ours);
    for (const elsewhere of ["//evil.example", "https://evil.example", "/\\evil.example", "/invitation@evil.example", "/v1/me", "/shared/..", "/sessions/a/../../v1", "/settings//evil.example", "/invitation?token=a\r\nx: y", "javascript:alert(1)"]) expect(await on(elsewhere)).toBe("/");
    expect(await page(edge, `/sign-in?next=${encodeURIComponent('/invitation?token="><script>')}`)).not.toContain("<script>");
  });

  test("is stopped after so many tries, by network address and by e-mail address, in words", async () => {
    const edge = await claimed();
    const policy = { limit: 2, windowS: 60 };
    edge.rateLimiter = createRateLimiter(limitsOf(policy), () => NOW_MS);
    const attempt = (email: string, from: string) => post(edge, "/sign-in", { email, password: "wrong-password" }, { "cf-connecting-ip": from });
    const statuses = async (...tries: readonly [string, string][]) => {
      const seen: number[] = [];
      for (const [email, from] of tries) seen.push((await attempt(email, from)).status);
      return seen;
    };
    expect(await statuses(["a@x.dev", "192.0.2.1"], ["b@x.dev", "192.0.2.1"], ["c@x.dev", "192.0.2.1"])).toEqual([401, 401, 429]);
    expect(await statuses(["d@x.dev", "192.0.2.2"], ["D@x.dev", "192.0.2.3"], ["d@x.dev ", "192.0.2.4"], ["e@x.dev", "192.0.2.4"])).toEqual([401, 401, 429, 401]);
    const last = await attempt("f@x.dev", "192.0.2.1");
    expect([last.status, last.headers.get("retry-after")]).toEqual([429, "30"]);
    expect(alertOf(await last.text())).toContain("asked more than 2 times in 60 s. Ask again in 30 s");
  });

  test("a form in another shape is refused as such", async () => {
    const edge = await claimed();
    expect((await edge.ask("POST /sign-in", { key: null, body: { email: "a", password: "b" }, headers: { origin: ORIGIN } })).status).toBe(415);
    expect((await post(edge, "/sign-in", {})).status).toBe(401);
    expect((await post(edge, "/sign-in", { email: "a\0", password: "x" })).status).toBe(422);
  });
});

describe("without an invitation", () => {
  test("nobody makes an account, and is told whom to ask", async () => {
    const edge = await claimed();
    const refused = await post(edge, "/sign-up", { ...ADA, email: "eve@example.com" });
    const html = await refused.text();
    expect([refused.status, refused.headers.getSetCookie()]).toEqual([403, []]);
    expect(alertOf(html)).toBe("Accounts are made by invitation here. Ask an admin of your organization for one. Who runs this Berth can let addresses in with SIGN_UP_ALLOW.");
    expect((await edge.ask("GET /sign-up", { key: null })).status).toBe(403);
    expect(await page(edge, "/sign-in")).not.toContain("/sign-up");
  });

  test("an address that is let in makes none either, while nothing can prove it", async () => {
    const edge = await claimed();
    edge.signUpAllow = parseSignUpAllow("example.com");
    const refused = await post(edge, "/sign-up", { ...ADA, email: "eve@example.com" });
    expect([refused.status, alertOf(await refused.text())]).toEqual([403, expect.stringContaining("an address must be proven by a mail")]);
    expect(await edge.identity.accounts.signIn("eve@example.com", PASSWORD)).toBeNull();
  });
});

describe("an invitation's page", () => {
  const invite = (edge: Edge, email: string) => edge.json<CreatedInvitation>("POST /v1/invitations", { body: { email, role: "admin" } });
  const pathOf = ({ url = "" }: CreatedInvitation) => url.slice(ORIGIN.length);

  test("makes an account for the invited address, whatever the form says, and a member of it", async () => {
    const edge = new Edge();
    const invited = await invite(edge, "Bo@example.com");
    const html = await page(edge, pathOf(invited));
    expect(html).toContain("invites <b>bo@example.com</b> to work with it here, as an admin");
    const action = `/invitation/account?token=${invited.token}`;
    expect(html).toContain(`action="${action}"`);
    const short = await post(edge, action, { name: "Bo", password: "short" });
    expect([short.status, alertOf(await short.text())]).toEqual([422, expect.stringContaining("10 to 128 characters")]);
    const joined = await post(edge, action, { name: "Bo", password: PASSWORD, email: "eve@example.com" });
    expect([joined.status, joined.headers.get("location")]).toEqual([303, "/"]);
    expect(await me(edge, joined)).toMatchObject({ user: { name: "Bo", email: "bo@example.com" }, organization: { id: "org-a" }, role: "admin" });
    const again = await post(edge, action, { name: "Bo", password: PASSWORD });
    expect([again.status, alertOf(await again.text())]).toEqual([404, "There is no such invitation: it was used, revoked, or is over seven days old. Ask for a new one."]);
    expect((await post(edge, "/invitation/account?token=x", { name: "Bo", password: PASSWORD }, { origin: "https://evil.example" })).status).toBe(403);
  });

  test("sends who has an account to sign in, and back; and lets them accept", async () => {
    const edge = await claimed();
    const invited = await invite(edge, "ada@example.com");
    const path = pathOf(invited);
    expect(await page(edge, path)).toContain(`<a href="/sign-in?next=${encodeURIComponent(path)}">Sign in</a>`);
    expect((await post(edge, `/invitation/account?token=${invited.token}`, { name: "Eve", password: PASSWORD })).status).toBe(409);
    const signedIn = await post(edge, "/sign-in", { email: ADA.email, password: PASSWORD, next: path });
    expect(signedIn.headers.get("location")).toBe(path);
    expect(await page(edge, path, cookieOf(signedIn))).toContain("Accept the invitation");
    const accepted = await edge.ask(`POST ${path}`, { key: null, headers: { ...cookieOf(signedIn), origin: ORIGIN } });
    expect([accepted.status, accepted.headers.get("location")]).toEqual([303, "/"]);
    expect(await me(edge, signedIn)).toMatchObject({ organization: { id: "org-a" }, role: "admin" });
  });

  test("says so to somebody who is signed in as another", async () => {
    const edge = await claimed();
    const signedIn = await post(edge, "/sign-in", { email: ADA.email, password: PASSWORD });
    expect(await page(edge, pathOf(await invite(edge, "bo@example.com")), cookieOf(signedIn))).toContain("You are signed in as ada@example.com.");
  });

  test("who belongs nowhere any more is told what to do, and stays signed in", async () => {
    const edge = new Edge();
    const joined = await post(edge, `/invitation/account?token=${(await invite(edge, "bo@example.com")).token}`, { name: "Bo", password: PASSWORD });
    const { user } = (await me(edge, joined)) as { user: { id: string } };
    await edge.identity.directory.removeMember("org-a", user.id);
    const alone = await post(edge, "/sign-in", { email: "bo@example.com", password: PASSWORD });
    expect([alone.status, await alone.text()]).toEqual([200, expect.stringContaining("Ask an admin of one for an invitation")]);
    const path = pathOf(await invite(edge, "bo@example.com"));
    expect((await edge.ask(`POST ${path}`, { key: null, headers: { ...cookieOf(alone), origin: ORIGIN } })).status).toBe(303);
    expect(await me(edge, alone)).toMatchObject({ role: "admin" });
  });
});
