/** The pages of an organization as two people use them, on one running instance. `PICTURES=<folder>` also takes pictures. */
import { verifies } from "@berth/testkit";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { acceptInvitation, openBrowser, signIn, type Cookies } from "./support/browser.ts";
import { asPerson, picture, type Person } from "./support/chat-page.ts";
import { MODEL, startTestStack, turn, type TestStack } from "./support/stack.ts";

let stack: TestStack;
let browser: Browser;
let owner: Cookies;
/** Bo, once they have accepted. */
let member: Cookies;

beforeAll(async () => {
  [stack, browser] = await Promise.all([startTestStack(), openBrowser()]);
  owner = await signIn(browser, stack.signInUrl);
});

afterAll(async () => {
  await browser?.close();
  await stack?.end();
});

function as(cookies: Cookies, part: string, act: (page: Page, person: Person) => Promise<void>, expected?: readonly RegExp[]): Promise<void> {
  return asPerson(browser, stack.url, cookies, async (person) => act(await person.tab(`${person.origin}${part}`), person), expected);
}

async function invite(page: Page, email: string, role: string): Promise<string> {
  await page.getByRole("button", { name: "Invite somebody" }).click();
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Role", { exact: true }).selectOption(role);
  await page.getByRole("button", { name: "Invite", exact: true }).click();
  const reveal = page.getByRole("status").filter({ hasText: email });
  const link = (await reveal.locator("code").innerText()).trim();
  await picture(page, `invited-${role}`);
  await reveal.getByRole("button", { name: "Done" }).click();
  return link;
}

const row = (page: Page, list: string, text: string) => page.getByRole("list", { name: list }).getByRole("listitem").filter({ hasText: text });

verifies("OPG1", "who was invited by the page joins by its link and is listed, and a revoked invitation leads nowhere", () =>
  as(owner, "/settings/members", async (page) => {
    await page.getByText("No invitation waits").waitFor();
    await picture(page, "members-alone");
    await page.getByRole("button", { name: "Invite somebody" }).click();
    await page.getByLabel("E-mail address").fill("bo@localhost");
    await page.getByRole("button", { name: "Invite", exact: true }).click();
    await page.getByLabel("E-mail address").and(page.locator("[aria-invalid=true]")).waitFor();
    expect(await page.getByLabel("E-mail address").inputValue()).toBe("bo@localhost");
    await picture(page, "invite-refused");
    await page.getByRole("button", { name: "Cancel" }).click();

    const link = await invite(page, "bo@example.com", "member");
    const revoked = await invite(page, "cy@example.com", "viewer");
    await row(page, "Invitations that wait", "cy@example.com").getByRole("button", { name: /Revoke/ }).click();
    await picture(page, "members-revoking");
    await page.getByRole("button", { name: "Revoke", exact: true }).click();
    await row(page, "Invitations that wait", "cy@example.com").waitFor({ state: "detached" });
    expect((await fetch(revoked)).status).toBe(404);

    member = await acceptInvitation(browser, link, "Bo");
    await page.reload();
    await row(page, "Members", "bo@example.com").getByLabel("Role of Bo").waitFor();
    expect(await page.getByRole("list", { name: "Invitations that wait" }).count()).toBe(0);
    expect(await page.content()).not.toContain(new URL(link).searchParams.get("token"));
    await picture(page, "members");
  }, [/422/]));

verifies("OPG2", "a member sees who belongs here and may change nothing, and a change of role reaches them", () =>
  as(member, "/settings/members", async (page) => {
    await row(page, "Members", "Bo (you)").waitFor();
    await page.getByText("Only an owner or admin invites").waitFor();
    expect(await page.getByRole("button", { name: /Invite|Remove|Revoke/ }).count()).toBe(0);
    expect(await page.getByRole("main").getByRole("combobox").count()).toBe(0);
    await picture(page, "members-as-member");
    await as(owner, "/settings/members", async (other) => {
      await other.getByLabel("Role of Bo").selectOption("viewer");
      await expect.poll(async () => (await stack.berth.members.list().all()).find(({ name }) => name === "Bo")?.role).toBe("viewer");
      await other.getByLabel("Role of Bo").selectOption("member");
      await expect.poll(async () => (await stack.berth.members.list().all()).find(({ name }) => name === "Bo")?.role).toBe("member");
    });
  }));

verifies("OPG3", "a secret is kept, used, replaced and deleted, and its value is never shown", () =>
  as(owner, "/settings/secrets", async (page) => {
    const [value, newer] = ["example-page-secret-1", "example-page-secret-2"];
    await page.getByText("No secrets yet").waitFor();
    await picture(page, "secrets-empty");
    await page.getByRole("button", { name: "Add a secret" }).click();
    const form = page.getByRole("form", { name: "Add a secret" });
    const wrong = (...labels: string[]) => Promise.all(labels.map((label) => form.getByLabel(label, { exact: true }).and(page.locator("[aria-invalid=true]")).waitFor()));
    await form.getByLabel("Name", { exact: true }).fill("PATH");
    await form.getByRole("button", { name: "Add a host" }).click();
    await form.getByLabel("Host", { exact: true }).fill("127.1");
    await form.getByLabel("Header", { exact: true }).fill("Host");
    await form.getByRole("button", { name: "Keep it" }).click();
    await wrong("Name", "Value", "Host", "Header");
    await picture(page, "secret-all-refused");
    await form.getByLabel("Value", { exact: true }).fill(value);
    await form.getByLabel("Host", { exact: true }).fill("api.example.com");
    await form.getByLabel("Header", { exact: true }).fill("Authorization");
    await picture(page, "secret-new");
    await form.getByRole("button", { name: "Keep it" }).click();
    await wrong("Name");
    expect(await form.getByLabel("Value", { exact: true }).inputValue()).toBe(value);
    await picture(page, "secret-refused");
    await form.getByLabel("Name", { exact: true }).fill("PAGE_TOKEN");
    await form.getByLabel("Readable by the agent").check();
    await form.getByText("can read it, print it").waitFor();
    await picture(page, "secret-readable");
    await form.getByRole("button", { name: "Keep it" }).click();
    const kept = page.getByRole("listitem").filter({ hasText: "PAGE_TOKEN" });
    await kept.getByText("never used").waitFor();
    await kept.getByText("Agent can read it").waitFor();

    const session = await stack.idleSession();
    await turn(session, "!bash test -n \"$PAGE_TOKEN\"");
    await page.reload();
    await kept.getByText("used just now").waitFor();

    await kept.getByRole("button", { name: "Replace the value of PAGE_TOKEN" }).click();
    await kept.getByLabel("New value").fill("two\nlines");
    await kept.getByRole("button", { name: "Replace", exact: true }).click();
    await kept.getByLabel("New value").and(page.locator("[aria-invalid=true]")).waitFor();
    await picture(page, "secret-replace-refused");
    await kept.getByLabel("New value").fill(newer);
    await kept.getByRole("button", { name: "Replace", exact: true }).click();
    await kept.getByRole("form").waitFor({ state: "detached" });
    for (const each of [value, newer]) expect(await page.content()).not.toContain(each);
    await picture(page, "secrets");

    await as(member, "/settings/secrets", async (other) => {
      await other.getByRole("listitem").filter({ hasText: "PAGE_TOKEN" }).waitFor();
      expect(await other.getByRole("button", { name: /PAGE_TOKEN/ }).count()).toBe(0);
      await other.getByRole("button", { name: "Add a secret" }).click();
      await other.getByLabel("Name", { exact: true }).fill("OWN_TOKEN");
      await other.getByLabel("Value", { exact: true }).fill("example-own-secret");
      expect(await other.getByLabel("For", { exact: true }).inputValue()).toBe("user");
      await other.getByLabel("Readable by the agent").check();
      await other.getByRole("button", { name: "Keep it" }).click();
      await other.getByRole("button", { name: "Delete OWN_TOKEN" }).waitFor();
      await picture(other, "secrets-as-member");
    });

    // Who administers sees that somebody keeps something, and may remove it and nothing else.
    await page.reload();
    const others = page.getByRole("list", { name: "Only runs that Bo asks for" });
    await others.getByText("OWN_TOKEN").waitFor();
    expect(await others.getByRole("button", { name: /Replace/ }).count()).toBe(0);
    await picture(page, "secrets-of-others");
    await others.getByRole("button", { name: "Delete OWN_TOKEN" }).click();
    await others.getByRole("button", { name: "Delete", exact: true }).click();
    await others.waitFor({ state: "detached" });

    await kept.getByRole("button", { name: "Delete PAGE_TOKEN" }).click();
    await kept.getByRole("button", { name: "Delete", exact: true }).click();
    await page.getByText("No secrets yet").waitFor();
  }, [/422/]));

verifies("OPG4", "a private session is opened by the member it is shared with, for as long as it is shared", async () => {
  const { id } = await stack.berth.sessions.create({ model: MODEL, title: "Only for a few", visibility: "private" });
  await as(member, `/sessions/${id}`, async (other) => {
    await other.getByText("This session is gone").waitFor();
    await as(owner, `/sessions/${id}`, async (page) => {
      await page.getByRole("button", { name: "More actions" }).click();
      await page.getByRole("menuitem", { name: "Share…" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByText("Shared with nobody").waitFor();
      await dialog.getByRole("button", { name: "Share with somebody" }).click();
      await dialog.getByLabel("With", { exact: true }).selectOption({ label: "Bo (bo@example.com)" });
      await dialog.getByLabel("As", { exact: true }).selectOption("viewer");
      await picture(page, "share-new");
      await dialog.getByRole("button", { name: "Share", exact: true }).click();
      const shared = dialog.getByRole("listitem").filter({ hasText: "Bo" });
      await shared.waitFor();
      await picture(page, "share");
      await other.reload();
      await other.getByText("Only for a few").first().waitFor();
      await other.getByTestId("transcript").waitFor();
      await shared.getByRole("button", { name: /Stop sharing with/ }).click();
      await shared.getByRole("button", { name: "Stop sharing", exact: true }).click();
      await shared.waitFor({ state: "detached" });
      await other.reload();
      await other.getByText("This session is gone").waitFor();
    });
  }, [/40[34]/]);
});
