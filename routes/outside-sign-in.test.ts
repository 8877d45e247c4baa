/** Signing in with an account elsewhere, on the pages, with the provider's own side of it. */
import type { CreatedInvitation } from "@berth/protocol";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createGithubSignIn } from "../src/adapters/outside-sign-in/github.ts";
import { createGoogleSignIn } from "../src/adapters/outside-sign-in/google.ts";
import { CLIENT, startStandIn, type StandIn } from "../src/adapters/outside-sign-in/stand-in.testkit.ts";
import { parseSignUpAllow } from "../src/core/access/sign-up.ts";
import { Edge, ORIGIN } from "./testing/edge.ts";
import { alertOf, cookieOf, pageText, postForm } from "./testing/forms.ts";

const ADA = { id: 7, name: "Ada", emails: [{ email: "ada@example.com", primary: true, verified: true }] };
let standIn: StandIn;

beforeAll(async () => {
  standIn = await startStandIn();
});
beforeEach(() => {
  standIn.failing = null;
  standIn.person = ADA;
});
afterAll(() => standIn.close());

async function edgeOf({ allow = "", claimed = true } = {}): Promise<Edge> {
  const edge = new Edge();
  edge.signUpAllow = parseSignUpAllow(allow);
  const client = { fetch, ...CLIENT };
  edge.outsideSignIns = [createGithubSignIn({ ...client, baseUrl: standIn.url, readsOrganizations: edge.signUpAllow.githubOrgs.length > 0 }), createGoogleSignIn({ ...client, issuer: standIn.url })];
  if (claimed) await edge.keyOf("org-a");
  return edge;
}

const setCookie = (answer: Response) => answer.headers.getSetCookie().find((each) => each.startsWith("berth.trip")) ?? "";

/** Out to the provider and back, up to the answer of our own callback. */
async function signIn(edge: Edge, provider = "github", next?: string): Promise<Response> {
  const out = await edge.ask(`GET /sign-in/${provider}${next === undefined ? "" : `?next=${encodeURIComponent(next)}`}`, { key: null });
  expect(out.status).toBe(303);
  const back = await fetch(out.headers.get("location") ?? "", { redirect: "manual" });
  const { pathname, search } = new URL(back.headers.get("location") ?? "");
  return edge.ask(`GET ${pathname}${search}`, { key: null, headers: { cookie: setCookie(out).split(";")[0] ?? "" } });
}

const me = (edge: Edge, response: Response) => edge.json("GET /v1/me", { key: null, headers: cookieOf(response) });

test("the pages offer what the operator set up, and nothing else", async () => {
  expect(await pageText(await edgeOf(), "/sign-in")).toMatch(/href="\/sign-in\/github">Go on with GitHub.*\n.*href="\/sign-in\/google">Go on with Google/);
  const bare = new Edge();
  expect(await pageText(bare, "/sign-in")).not.toContain("Go on with");
  expect((await bare.ask("GET /sign-in/github", { key: null })).status).toBe(404);
});

test.each(["github", "google"])("the first who comes from %s owns the first organization, and comes back as the same", async (provider) => {
  const edge = await edgeOf({ claimed: false });
  const first = await signIn(edge, provider);
  expect([first.status, first.headers.get("location"), setCookie(first)]).toEqual([303, "/", expect.stringContaining("Max-Age=0")]);
  const who = { user: { name: "Ada", email: "ada@example.com" }, organization: { name: "Ada's organization" }, role: "owner" };
  expect(await me(edge, first)).toMatchObject(who);
  expect(await me(edge, await signIn(edge, provider))).toMatchObject(who);
  expect(await me(edge, await signIn(edge, provider === "github" ? "google" : "github"))).toMatchObject(who);
});

describe("who was not invited", () => {
  test("gets no account, and is told by which address", async () => {
    const edge = await edgeOf();
    const refused = await signIn(edge);
    expect([refused.status, alertOf(await refused.text())]).toEqual([403, expect.stringContaining("Accounts are made by invitation here, and ada@example.com has none. Ask an admin")]);
    expect(cookieOf(refused).cookie).not.toContain("session_token=e");
  });

  test.each([
    ["example.com", "github", true],
    ["ada@example.com", "google", true],
    ["example.org", "google", false],
    ["github-org:acme", "github", true],
    ["github-org:other,github-org:ACME", "github", true],
    ["github-org:beta", "github", false],
    ["github-org:acme", "google", false],
  ])("with SIGN_UP_ALLOW=%s from %s gets one: %s", async (allow, provider, expected) => {
    standIn.person = { ...ADA, organizations: { acme: "active", beta: "pending" } };
    const edge = await edgeOf({ allow });
    const answer = await signIn(edge, provider);
    expect(answer.status).toBe(expected ? 303 : 403);
    if (expected) expect(await me(edge, answer)).toMatchObject({ organization: { name: "Ada's organization" }, role: "owner" });
  });

  test("gets none by an address that the provider has not proven", async () => {
    standIn.person = { ...ADA, emails: [{ email: "ada@example.com", primary: true, verified: false }] };
    const refused = await signIn(await edgeOf({ allow: "example.com" }));
    expect([refused.status, alertOf(await refused.text())]).toEqual([403, expect.stringContaining("no e-mail address that GitHub has confirmed")]);
  });
});

describe("an invitation", () => {
  const invite = async (edge: Edge, email: string) => (await edge.json<CreatedInvitation>("POST /v1/invitations", { body: { email, role: "member" } })).url?.slice(ORIGIN.length) ?? "";

  test("is taken with the account of its address", async () => {
    const edge = await edgeOf();
    const link = await invite(edge, "ada@example.com");
    expect(await pageText(edge, link)).toContain(`href="/sign-in/github?next=${encodeURIComponent(link)}"`);
    expect(await me(edge, await signIn(edge, "github", link))).toMatchObject({ organization: { id: "org-a" }, role: "member" });
  });

  test("of another address is refused by name, and so is one that is used up", async () => {
    const edge = await edgeOf();
    const theirs = await signIn(edge, "github", await invite(edge, "bo@example.com"));
    expect([theirs.status, alertOf(await theirs.text())]).toEqual([403, expect.stringContaining("another address than ada@example.com")]);
    expect((await signIn(edge, "github", "/invitation?token=unknown")).status).toBe(404);
  });

  test("an account that somebody else may have made with the address is not handed over", async () => {
    const edge = await edgeOf();
    const link = await invite(edge, "ada@example.com");
    await postForm(edge, link.replace("/invitation?", "/invitation/account?"), { name: "Eve", password: "example-password-1" });
    const refused = await signIn(edge);
    expect([refused.status, alertOf(await refused.text())]).toEqual([409, expect.stringContaining("nobody has proven yet that it is yours. Set a new password for it by mail")]);
  });
});

describe("what comes back", () => {
  test("signs nobody in without the browser's own trip", async () => {
    const edge = await edgeOf({ allow: "example.com" });
    const out = await edge.ask("GET /sign-in/github", { key: null });
    const mine = setCookie(out).split(";")[0] ?? "";
    const back = await fetch(out.headers.get("location") ?? "", { redirect: "manual" });
    const { pathname, search } = new URL(back.headers.get("location") ?? "");
    const other = setCookie(await edge.ask("GET /sign-in/github", { key: null })).split(";")[0] ?? "";
    const tries: readonly (readonly [string, string])[] = [[pathname, ""], [pathname, other], [pathname, "berth.trip=nonsense"], [pathname.replace("github", "google"), mine]];
    for (const [path, cookie] of tries) {
      const answer = await edge.ask(`GET ${path}${search}`, { key: null, headers: { cookie } });
      expect([answer.status, alertOf(await answer.text())]).toEqual([400, expect.stringContaining("began in another browser")]);
    }
    expect(setCookie(out)).toMatch(/^berth\.trip=[\w-]+; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax$/);
    expect((await edge.ask(`GET ${pathname}${search}`, { key: null, headers: { cookie: mine } })).status).toBe(303);
  });

  test("without agreement, and from a provider that is down, is said in words", async () => {
    const edge = await edgeOf();
    standIn.person = null;
    const declined = await signIn(edge);
    expect([declined.status, alertOf(await declined.text())]).toEqual([403, expect.stringContaining("You did not let GitHub tell Berth who you are.")]);
    standIn.person = ADA;
    standIn.failing = 500;
    const down = await signIn(edge);
    expect([down.status, alertOf(await down.text())]).toEqual([502, expect.stringContaining("GitHub answered 500. Try again in a minute")]);
  });
});
