/** Accounts on a whole instance: real pages, real PostgreSQL, real mails through the sandbox host to an SMTP server. */
import { Berth, systemClock } from "@berth/sdk";
import { verifies } from "@berth/testkit";
import { afterAll, beforeAll, expect } from "vitest";
import { startMailSink, type MailSink } from "../../packages/sandbox-host/test/mail-sink.ts";
import { CLIENT, startStandIn, type StandIn } from "../../src/adapters/outside-sign-in/stand-in.testkit.ts";
import { openBrowser } from "./support/browser.ts";
import { startTestStack, type TestStack } from "./support/stack.ts";

const PASSWORD = "example-password-1";
let sink: MailSink;
let standIn: StandIn;
let stack: TestStack;

beforeAll(async () => {
  sink = await startMailSink();
  standIn = await startStandIn();
  const vars = { SIGN_UP_ALLOW: "example.org,github-org:acme", MAIL_FROM: "Berth <berth@example.com>", GITHUB_URL: standIn.url, GITHUB_CLIENT_ID: CLIENT.clientId, GITHUB_CLIENT_SECRET: CLIENT.clientSecret };
  stack = await startTestStack({ allowOrigins: [standIn.url] }, { vars, hostVars: { SMTP_URL: sink.url } });
});

afterAll(async () => {
  await stack.end();
  await sink.close();
  await standIn.close();
});

/** A form as the page sends it, without following where it goes. */
async function post(path: string, fields: Record<string, string>, cookie = ""): Promise<Response> {
  const headers = { origin: stack.url, "sec-fetch-site": "same-origin", cookie };
  return fetch(new URL(path, stack.url), { method: "POST", redirect: "manual", headers, body: new URLSearchParams(fields) });
}

const cookieOf = (response: Response) => response.headers.getSetCookie().map((each) => each.split(";")[0]).join("; ");

async function me(response: Response): Promise<{ user: { email: string }; organization: { id: string; name: string }; role: string }> {
  const answer = await fetch(`${stack.url}/v1/me`, { headers: { cookie: cookieOf(response) } });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Awaited<ReturnType<typeof me>>;
}

verifies("ACC1", "somebody who was invited by mail makes an account, signs in with its password, and sets a new one by mail", async () => {
  const invited = await stack.berth.invitations.create({ email: "bo@example.com", role: "member" });
  expect([invited.mailed, invited.url]).toEqual([true, undefined]);
  const invitation = await sink.next("bo@example.com");
  const [link = ""] = invitation.links;
  expect(invitation.from).toBe("berth@example.com");
  expect(await (await fetch(link)).text()).toContain("bo@example.com");
  const joined = await post(link.replace("/invitation?", "/invitation/account?"), { name: "Bo", password: PASSWORD });
  expect(await me(joined)).toMatchObject({ user: { email: "bo@example.com" }, role: "member" });
  expect((await post("/sign-in", { email: "bo@example.com", password: "wrong-password" })).status).toBe(401);
  const signedIn = await post("/sign-in", { email: "bo@example.com", password: PASSWORD });
  expect([signedIn.status, (await me(signedIn)).role]).toEqual([303, "member"]);

  expect((await post("/password-reset", { email: "bo@example.com" })).status).toBe(200);
  const [reset = ""] = (await sink.next("bo@example.com")).links;
  const changed = await post(reset.replace("/password-reset?", "/password-reset/new?"), { password: "example-password-2" });
  expect(await me(changed)).toMatchObject({ user: { email: "bo@example.com" } });
  const statuses = [];
  for (const password of [PASSWORD, "example-password-2"]) statuses.push((await post("/sign-in", { email: "bo@example.com", password })).status);
  expect(statuses).toEqual([401, 303]);
});

verifies("ACC2", "an address that is let in makes an account by the link of a mail, and another one makes none", async () => {
  const account = { name: "Cy", email: "cy@example.org", password: PASSWORD, organization: "Cy's" };
  expect((await post("/sign-up", { ...account, email: "cy@example.net" })).status).toBe(403);
  expect((await post("/sign-up", account)).status).toBe(200);
  expect((await post("/sign-in", account)).status).toBe(401);
  const [link = ""] = (await sink.next("cy@example.org")).links;
  const own = await me(await post(link, {}));
  expect(own).toMatchObject({ user: { email: "cy@example.org" }, organization: { name: "Cy's" }, role: "owner" });
  expect(own.organization.id).not.toBe((await stack.berth.me()).organization.id);
  expect(sink.mails.filter(({ to }) => to.includes("cy@example.net"))).toEqual([]);
});

verifies("ACC3", "a member of a GitHub organization that is let in signs in with GitHub, and somebody else there does not", async () => {
  const come = async (): Promise<Response> => {
    const out = await fetch(`${stack.url}/sign-in/github`, { redirect: "manual" });
    const back = await fetch(out.headers.get("location") ?? "", { redirect: "manual" });
    return fetch(back.headers.get("location") ?? "", { redirect: "manual", headers: { cookie: cookieOf(out) } });
  };
  const person = { id: 7, name: "Di", emails: [{ email: "di@example.net", primary: true, verified: true }] };
  standIn.person = person;
  expect((await come()).status).toBe(403);
  standIn.person = { ...person, organizations: { acme: "active" } };
  const first = await me(await come());
  expect(first).toMatchObject({ user: { email: "di@example.net" }, organization: { name: "Di's organization" }, role: "owner" });
  standIn.person = person;
  expect(await me(await come())).toEqual(first);
});

verifies("ACC4", "the forms work in a browser: an invitation, a wrong password, the right one", async () => {
  await stack.berth.invitations.create({ email: "ed@example.com", role: "member" });
  const [link = ""] = (await sink.next("ed@example.com")).links;
  const browser = await openBrowser();
  try {
    const page = await (await browser.newContext()).newPage();
    await page.goto(link);
    await page.getByLabel("Your name").fill("Ed");
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Make the account and join" }).click();
    await page.getByTestId("composer").waitFor();

    const other = await (await browser.newContext()).newPage();
    const signIn = async (password: string): Promise<void> => {
      await other.getByLabel("E-mail address").fill("ed@example.com");
      await other.getByLabel("Password").fill(password);
      await other.getByRole("button", { name: "Sign in" }).click();
    };
    await other.goto(`${stack.url}/sign-in`);
    await signIn("wrong-password");
    await other.getByRole("alert").getByText("do not belong together").waitFor();
    await signIn(PASSWORD);
    await other.getByTestId("composer").waitFor();
  } finally {
    await browser.close();
  }
});

verifies("ACC5", "a program without a browser gets a key of a person who lets it, by the SDK", async () => {
  await stack.berth.invitations.create({ email: "fi@example.com", role: "member" });
  const [link = ""] = (await sink.next("fi@example.com")).links;
  const cookie = cookieOf(await post(link.replace("/invitation?", "/invitation/account?"), { name: "Fi", password: PASSWORD }));
  const program = new Berth({ baseUrl: stack.url, clock: { ...systemClock, sleep: (ms, signal) => systemClock.sleep(ms > 5_000 ? ms : 10, signal) } });
  const key = await program.devices.signIn({
    clientName: "a program",
    scopes: ["sessions:read", "admin"],
    async show({ userCode, urlWithCode }) {
      expect(await (await fetch(urlWithCode, { headers: { cookie } })).text()).toContain("a program");
      expect((await post("/device", { code: userCode, decision: "allow" }, cookie)).status).toBe(200);
    },
  });
  const me = await new Berth({ baseUrl: stack.url, apiKey: key.key }).me();
  expect([key.name, me.user, me.role, me.scopes]).toEqual(["a program", null, "member", ["sessions:read"]]);
  const refused = program.devices.signIn({ clientName: "another", show: async ({ userCode }) => void (await post("/device", { code: userCode, decision: "refuse" }, cookie)) });
  await expect(refused).rejects.toMatchObject({ code: "forbidden" });
});
