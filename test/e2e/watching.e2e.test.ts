/** The page of somebody who may only watch, in Chromium. `PICTURES=<folder>` also takes pictures. */
import type { Role, SessionClient } from "@berth/sdk";
import { verifies } from "@berth/testkit";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { acceptInvitation, openBrowser, type Cookies } from "./support/browser.ts";
import { asPerson, picture, say, untilOver } from "./support/chat-page.ts";
import { MODEL, startTestStack, untilStatus, type TestStack } from "./support/stack.ts";

let stack: TestStack;
let browser: Browser;

beforeAll(async () => {
  [stack, browser] = await Promise.all([startTestStack(), openBrowser()]);
});

afterAll(async () => {
  await browser?.close();
  await stack?.end();
});

async function joinAs(name: string, role: Role): Promise<{ readonly cookies: Cookies; readonly userId: string }> {
  const { url } = await stack.berth.invitations.create({ email: `${name.toLowerCase()}@example.com`, role });
  const cookies = await acceptInvitation(browser, url ?? "", name);
  const member = (await stack.berth.members.list().all()).find((each) => each.name === name);
  if (!member) throw new Error(`${name} is no member`);
  return { cookies, userId: member.userId };
}

/** A session that waits for an answer. */
async function asking(visibility: "org" | "private"): Promise<SessionClient> {
  const { id } = await stack.berth.sessions.create({ model: MODEL, title: "To be watched", visibility, prompt: "!ask Which colour? | Red | Blue" });
  const session = stack.berth.session(id);
  await untilStatus(session, ["waiting"]);
  return session;
}

/** Nothing on it would be refused. */
async function onlyWatches(page: Page, why: string): Promise<void> {
  await page.getByText(why).waitFor();
  expect(await page.getByTestId("composer").isDisabled()).toBe(true);
  for (const name of ["stop", "steer", "send"]) expect(await page.getByTestId(name).count()).toBe(0);
  const card = page.getByRole("form", { name: "Question of the agent" });
  await card.getByText("It waits for somebody who works in this session").waitFor();
  expect(await card.getByRole("button").count()).toBe(0);
  expect(await card.getByRole("radio", { name: /Red/ }).isDisabled()).toBe(true);
  expect(await page.getByRole("button", { name: /Rename/ }).count()).toBe(0);
  await page.getByRole("button", { name: "More actions" }).click();
  expect(await page.getByRole("menuitem").allInnerTexts()).toEqual(["Changes", "Copy address"]);
  await page.keyboard.press("Escape");
}

/** What a browser tells a page whose tab one comes back to. */
const comeBack = (page: Page) => page.evaluate('document.dispatchEvent(new Event("visibilitychange"))');

verifies("OPG22", "somebody with whom a session is shared as viewer watches, works once they may, and is told when they may not any more", async () => {
  const { cookies, userId } = await joinAs("Bo", "member");
  const session = await asking("private");
  const share = (role: "viewer" | "collaborator") => session.share({ with: "member", id: userId, role });
  await share("viewer");
  await asPerson(
    browser,
    stack.url,
    cookies,
    async ({ tab }) => {
      const page = await tab(`${stack.url}/sessions/${session.id}`);
      await onlyWatches(page, "It is shared with you as viewer");
      await picture(page, "watching-share");

      await share("collaborator");
      await comeBack(page);
      const card = page.getByRole("form", { name: "Question of the agent" });
      await card.getByRole("radio", { name: /Red/ }).check();
      await card.getByRole("button", { name: "Answer" }).click();
      await untilOver(page);
      await page.getByRole("button", { name: "More actions" }).click();
      await page.getByRole("menuitem", { name: "Copy address" }).waitFor();
      expect(await page.getByRole("menuitem", { name: /Share|Delete/ }).count()).toBe(0);
      await page.keyboard.press("Escape");

      await share("viewer");
      await say(page, "Once more");
      await page.getByRole("alert").getByText("You may watch this session, and not act in it").waitFor();
      await page.getByText("It is shared with you as viewer").waitFor();
      expect(await page.getByRole("button", { name: "Try again" }).count()).toBe(0);
      await picture(page, "watching-refused");
    },
    [/403/],
  );
});

verifies("OPG22", "a viewer of the organization watches every session of it and starts none", async () => {
  const { cookies } = await joinAs("Cy", "viewer");
  const session = await asking("org");
  await asPerson(browser, stack.url, cookies, async ({ tab }) => {
    const page = await tab();
    await page.getByText("Your role here is viewer").waitFor();
    expect(await page.getByTestId("composer").isDisabled()).toBe(true);
    await picture(page, "watching-new");
    await page.goto(`${stack.url}/sessions/${session.id}`);
    await onlyWatches(page, "Your role here is viewer");
    await picture(page, "watching-viewer");
    await page.goto(`${stack.url}/settings`);
    await page.getByText("Your role (viewer) sees the providers and brings no keys").waitFor();
    await page.getByText("Only an owner or admin makes keys").waitFor();
    await picture(page, "settings-as-viewer");
  });
});
