/** Links to sessions as people make and open them in Chromium, with and without an account. `PICTURES=<folder>` also takes pictures. */
import type { SessionClient } from "@berth/sdk";
import { verifies } from "@berth/testkit";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { acceptInvitation, openBrowser, signIn, type Cookies } from "./support/browser.ts";
import { asPerson, picture, say, type Person } from "./support/chat-page.ts";
import { MODEL, startTestStack, turn, untilStatus, type TestStack } from "./support/stack.ts";

const NOBODY: Cookies = [];
const REFUSALS = [/40[149]/];

let stack: TestStack;
let browser: Browser;
let owner: Cookies;
let session: SessionClient;

beforeAll(async () => {
  [stack, browser] = await Promise.all([startTestStack(), openBrowser()]);
  owner = await signIn(browser, stack.signInUrl);
  const invited = await stack.berth.invitations.create({ email: "bo@example.com", role: "member" });
  await acceptInvitation(browser, invited.url ?? "", "Bo");
  session = stack.berth.session((await stack.berth.sessions.create({ model: MODEL, title: "Behind a link", visibility: "private" })).id);
  await untilStatus(session, ["idle"]);
  await turn(session, "!say Hello to whoever watches.");
});

afterAll(async () => {
  await browser?.close();
  await stack?.end();
});

const as = (cookies: Cookies, act: (person: Person) => Promise<void>): Promise<void> => asPerson(browser, stack.url, cookies, act, REFUSALS);

async function openShareDialog(page: Page) {
  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: "Share…" }).click();
  return page.getByRole("dialog");
}

async function linkOf(input: Parameters<SessionClient["createShareLink"]>[0]): Promise<{ readonly id: string; readonly address: string }> {
  const { id, token } = await session.createShareLink(input);
  return { id, address: `${stack.url}/shared/${session.id}#${token}` };
}

const isOpen = (page: Page) => page.getByTestId("transcript").getByText("Hello to whoever watches.", { exact: true }).waitFor();

verifies("OPG20", "a link is made on the page, shown once, listed with what is left of it, and opened after signing in", () =>
  as(owner, async ({ tab }) => {
    const page = await tab(`${stack.url}/sessions/${session.id}`);
    const dialog = await openShareDialog(page);
    await dialog.getByText("No links").waitFor();
    await picture(page, "share-dialog-empty");
    await dialog.getByRole("button", { name: "Make a link" }).click();
    await dialog.getByLabel("Good for").selectOption({ label: "7 days" });
    await dialog.getByLabel("Uses", { exact: true }).fill("1");
    await picture(page, "share-link-new");
    await dialog.getByRole("button", { name: "Make the link" }).click();
    const address = (await dialog.getByRole("status").locator("code").innerText()).trim();
    await picture(page, "share-link-made");
    await dialog.getByRole("button", { name: "Done" }).click();
    const link = dialog.getByRole("list", { name: "Links" }).getByRole("listitem");
    await link.getByText("1 use left of 1").waitFor();
    const token = new URL(address).hash.slice(1);
    expect(await page.content()).not.toContain(token);
    await picture(page, "share-link-listed");

    await as(NOBODY, async (person) => {
      const other = await person.tab(address);
      await other.getByText("A session is shared with you").waitFor();
      await picture(other, "shared-signed-out");
      await other.getByRole("link", { name: "Sign in" }).click();
      await other.getByLabel("E-mail address").fill("bo@example.com");
      await other.getByLabel("Password").fill("example-password-1");
      await other.getByRole("button", { name: "Sign in" }).click();
      await isOpen(other);
      expect(other.url()).toBe(`${stack.url}/sessions/${session.id}`);
      await other.getByText("You are here by a link").waitFor();
      await other.getByText("Your link is for watching").waitFor();
      expect(await other.getByTestId("composer").isDisabled()).toBe(true);
      expect(await other.getByRole("button", { name: "More actions" }).count()).toBe(0);
      await picture(other, "shared-as-viewer");
      await other.reload();
      await isOpen(other);
    });

    await as(NOBODY, async (person) => {
      const late = await person.tab(address);
      await late.getByRole("button", { name: "Open without signing in" }).click();
      await late.getByText("This link was used as often as it may be").waitFor();
      await picture(late, "shared-used-up");
      await late.getByRole("link", { name: "Go to Berth" }).click();
      await late.getByText("This browser is not signed in").waitFor();
    });

    await as(owner, async (person) => {
      const own = await person.tab(address);
      await isOpen(own);
      expect(await own.getByText("You are here by a link").count()).toBe(0);
    });
    await page.reload();
    await openShareDialog(page);
    await link.getByText("used up").waitFor();
  }));

verifies("OPG21", "whoever has a link works by it without an account, until it is taken back", () =>
  as(owner, async ({ tab }) => {
    const { address } = await linkOf({ role: "collaborator", usesMax: 5 });
    const page = await tab(`${stack.url}/sessions/${session.id}`);
    await as(NOBODY, async (person) => {
      const guest = await person.tab(address);
      await guest.getByRole("button", { name: "Open without signing in" }).click();
      await isOpen(guest);
      await say(guest, "!say And hello from a guest.");
      await page.getByTestId("transcript").getByText("And hello from a guest.", { exact: true }).waitFor();
      expect(await guest.getByRole("navigation", { name: "Sessions" }).count()).toBe(0);
      await picture(guest, "shared-as-guest");

      const dialog = await openShareDialog(page);
      await dialog.getByRole("button", { name: "Take the link as collaborator back" }).click();
      await dialog.getByRole("button", { name: "Take back", exact: true }).click();
      await guest.getByText("Your time here is over").waitFor();
      expect(await guest.getByTestId("transcript").count()).toBe(0);
      await picture(guest, "shared-over");
      await guest.getByRole("button", { name: "Use the link again" }).click();
      await guest.getByRole("button", { name: "Open without signing in" }).click();
      await guest.getByText("There is no such link, or not any more").waitFor();

      await guest.goto(`${stack.url}/shared/ses_other`);
      await guest.getByText("This link is not whole").waitFor();
      await guest.goto(`${address.slice(0, -1)}x`);
      await guest.getByRole("button", { name: "Open without signing in" }).click();
      await guest.getByRole("alert").getByText("It is not a whole link").waitFor();
      await picture(guest, "shared-not-whole");
    });
  }));
