/** What the pages send by mail, and what the links in it do. */
import type { CreatedInvitation, Problem } from "@berth/protocol";
import { describe, expect, test } from "vitest";
import { createRateLimiter } from "../src/app/http/rate-limit.ts";
import { parseSignUpAllow } from "../src/core/access/sign-up.ts";
import { PortError } from "../src/core/kernel/port-error.ts";
import type { Mail } from "../src/core/mail/mailer.ts";
import { limitsOf } from "./testing/limits.ts";
import { Edge, NOW_MS, ORIGIN } from "./testing/edge.ts";
import { alertOf, cookieOf, pageText, postForm } from "./testing/forms.ts";

const PASSWORD = "example-password-1";
const CY = { name: "Cy", email: "cy@example.com", password: PASSWORD, organization: "Cy's" };

async function mailing(allow = "example.com") {
  const edge = new Edge();
  const mails: Mail[] = [];
  edge.mailer = { send: async (mail) => void mails.push(mail) };
  edge.signUpAllow = parseSignUpAllow(allow);
  // Somebody owns the instance.
  await edge.keyOf("org-a");
  const linkTo = (to: string) => mails.findLast((mail) => mail.to === to)?.text.split("\n").find((line) => line.startsWith(ORIGIN))?.slice(ORIGIN.length) ?? "";
  return { edge, mails, linkTo };
}

const me = (edge: Edge, response: Response) => edge.json("GET /v1/me", { key: null, headers: cookieOf(response) });

describe("an account of an address that is let in", () => {
  test("is made by the link of the mail, and owns an organization of its own", async () => {
    const { edge, mails, linkTo } = await mailing();
    const asked = await postForm(edge, "/sign-up", CY);
    expect([asked.status, asked.headers.getSetCookie(), await asked.text()]).toEqual([200, [], expect.stringContaining("Look into your mail")]);
    expect(mails.map(({ to, subject }) => [to, subject])).toEqual([["cy@example.com", "Confirm your address for Berth"]]);
    expect(JSON.stringify(mails)).not.toContain(PASSWORD);
    const link = linkTo("cy@example.com");
    expect((await postForm(edge, "/sign-in", CY)).status).toBe(401);
    // A program that looks at mails opens the link, and makes nothing.
    expect(await pageText(edge, link)).toContain(`action="${link}"`);
    expect((await postForm(edge, "/sign-in", CY)).status).toBe(401);
    const made = await postForm(edge, link, {});
    expect([made.status, made.headers.get("location")]).toEqual([303, "/"]);
    expect(await me(edge, made)).toMatchObject({ user: { email: "cy@example.com" }, organization: { name: "Cy's" }, role: "owner" });
    expect((await postForm(edge, "/sign-in", CY)).status).toBe(303);
    const again = await postForm(edge, link, {});
    expect([again.status, alertOf(await again.text())]).toEqual([404, expect.stringContaining("This link is used up")]);
  });

  test("that exists already gets the same page, and a mail that says so", async () => {
    const { edge, mails, linkTo } = await mailing();
    const first = await (await postForm(edge, "/sign-up", CY)).text();
    await postForm(edge, linkTo("cy@example.com"), {});
    const second = await postForm(edge, "/sign-up", { ...CY, password: "another-password" });
    expect(await second.text()).toBe(first);
    expect(mails.at(-1)).toMatchObject({ subject: "You have an account on Berth", text: expect.stringContaining(`${ORIGIN}/sign-in`) });
    expect((await postForm(edge, "/sign-in", { ...CY, password: "another-password" })).status).toBe(401);
  });

  test("is not asked for by another address, in words, and no mail goes out", async () => {
    const { edge, mails } = await mailing("ada@example.com,acme.dev");
    const refused = await postForm(edge, "/sign-up", CY);
    expect([refused.status, alertOf(await refused.text())]).toEqual([403, expect.stringContaining("The address cy@example.com is not let in here. Ask an admin")]);
    expect(mails).toEqual([]);
  });

  test("is not made by a form of another site", async () => {
    const { edge, linkTo } = await mailing();
    await postForm(edge, "/sign-up", CY);
    expect((await postForm(edge, linkTo("cy@example.com"), {}, { origin: "https://evil.example" })).status).toBe(403);
    expect((await postForm(edge, "/sign-in", CY)).status).toBe(401);
  });
});

describe("a new password", () => {
  test("is set by the link of the mail, and ends what was signed in", async () => {
    const { edge, linkTo } = await mailing();
    await postForm(edge, "/sign-up", CY);
    const before = await postForm(edge, linkTo("cy@example.com"), {});
    expect(await pageText(edge, "/sign-in")).toContain('<a href="/password-reset">');
    expect((await postForm(edge, "/password-reset", { email: "CY@example.com" })).status).toBe(200);
    const link = linkTo("CY@example.com");
    const action = link.replace("/password-reset?", "/password-reset/new?");
    expect(await pageText(edge, link)).toContain(`action="${action}"`);
    const short = await postForm(edge, action, { password: "short" });
    expect([short.status, await short.text()]).toEqual([422, expect.stringContaining(`action="${action}"`)]);
    const set = await postForm(edge, action, { password: "example-password-2" });
    expect([set.status, set.headers.get("location")]).toEqual([303, "/"]);
    expect(await me(edge, set)).toMatchObject({ user: { email: "cy@example.com" } });
    expect((await edge.ask("GET /v1/me", { key: null, headers: cookieOf(before) })).status).toBe(401);
    const statuses = await Promise.all([PASSWORD, "example-password-2"].map(async (password) => (await postForm(edge, "/sign-in", { ...CY, password })).status));
    expect(statuses).toEqual([401, 303]);
    const again = await postForm(edge, action, { password: PASSWORD });
    expect([again.status, await again.text()]).toEqual([404, expect.stringContaining("Ask for a new link")]);
  });

  test("of an address without an account is answered alike, and nothing is sent", async () => {
    const { edge, mails, linkTo } = await mailing();
    await postForm(edge, "/sign-up", CY);
    await postForm(edge, linkTo("cy@example.com"), {});
    const ask = async (email: string) => (await (await postForm(edge, "/password-reset", { email })).text()).replaceAll(email, "");
    expect(await ask("nobody@example.com")).toBe(await ask("cy@example.com"));
    expect(mails.filter(({ to }) => to === "nobody@example.com")).toEqual([]);
  });

  test("cannot be had without a mailer, and the page says what is missing", async () => {
    const edge = new Edge();
    const page = await edge.ask("GET /password-reset", { key: null });
    expect([page.status, alertOf(await page.text())]).toEqual([409, expect.stringContaining("with MAIL_FROM and SMTP_URL set, it can")]);
    expect((await postForm(edge, "/password-reset", { email: "cy@example.com" })).status).toBe(409);
    expect(await pageText(edge, "/sign-in")).not.toContain("/password-reset");
  });

  test("fills nobody's mailbox", async () => {
    const { edge, mails, linkTo } = await mailing();
    await postForm(edge, "/sign-up", CY);
    await postForm(edge, linkTo("cy@example.com"), {});
    const [many, two] = [{ limit: 100, windowS: 60 }, { limit: 2, windowS: 3_600 }];
    edge.rateLimiter = createRateLimiter(limitsOf(many, { mail: two }), () => NOW_MS);
    mails.length = 0;
    const statuses: number[] = [];
    for (const email of ["cy@example.com", "cy@example.com", "CY@example.com"]) statuses.push((await postForm(edge, "/password-reset", { email })).status);
    expect([statuses, mails.length]).toEqual([[200, 200, 429], 2]);
  });
});

describe("an invitation", () => {
  const invite = { body: { email: "Bo@example.com", role: "member" } };

  test("goes to the address, and its link is shown to nobody else", async () => {
    const { edge, mails, linkTo } = await mailing();
    const made = await edge.json<CreatedInvitation>("POST /v1/invitations", invite);
    expect([made.mailed, made.token, made.url]).toEqual([true, undefined, undefined]);
    expect(mails.map(({ to }) => to)).toEqual(["bo@example.com"]);
    const link = linkTo("bo@example.com");
    const joined = await postForm(edge, link.replace("/invitation?", "/invitation/account?"), { name: "Bo", password: PASSWORD });
    expect(await me(edge, joined)).toMatchObject({ organization: { id: "org-a" }, role: "member" });
  });

  test("whose mail fails is none, and the inviter is told why", async () => {
    const { edge } = await mailing();
    edge.mailer = {
      send: async () => {
        throw new PortError({ port: "mailer", operation: "send", code: "permission-denied", outcome: "not-applied", retry: "never", message: "The mail server smtp.example.com does not take the login of SMTP_URL.", fix: "Correct SMTP_URL of the sandbox host." });
      },
    };
    const refused = await edge.ask("POST /v1/invitations", invite);
    expect([refused.status, ((await refused.json()) as Problem).fix]).toEqual([502, "Correct SMTP_URL of the sandbox host."]);
    expect(await edge.json("GET /v1/invitations")).toMatchObject({ data: [] });
  });
});
