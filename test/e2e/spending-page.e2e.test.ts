/** Caps as an owner sets them in the settings page of a running instance. `PICTURES=<folder>` also takes pictures. */
import { verifies } from "@berth/testkit";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { openBrowser, signIn, type Cookies } from "./support/browser.ts";
import { asPerson, picture } from "./support/chat-page.ts";
import { MODEL, startTestStack, type TestStack } from "./support/stack.ts";

let stack: TestStack;
let browser: Browser;
let cookies: Cookies;

beforeAll(async () => {
  [stack, browser] = await Promise.all([startTestStack(), openBrowser()]);
  cookies = await signIn(browser, stack.signInUrl);
});

afterAll(async () => {
  await browser?.close();
  await stack?.end();
});

verifies("OPG10", "a cap is set with what is used of it, for all and for one, and everything is stopped and goes on", () =>
  asPerson(browser, stack.url, cookies, async ({ tab }) => {
    const page = await tab(`${stack.url}/settings/spending`);
    const spending = page.getByRole("region", { name: "Spending" });
    await spending.getByText(/No caps/).waitFor();
    await picture(page, "spending-empty");
    await spending.getByRole("button", { name: "Set a cap" }).click();
    await spending.getByLabel(/At most/).fill("5");
    await picture(page, "spending-new");
    await spending.getByRole("button", { name: "Set", exact: true }).click();
    await spending.getByText("$0 of $5.00 used").waitFor();
    await spending.getByRole("button", { name: "Stop everything" }).click();
    await spending.getByText("Everything is stopped").waitFor();
    expect((await stack.berth.budgets.stopped()).stopped).not.toBeNull();
    await picture(page, "spending-stopped");
    await spending.getByRole("button", { name: "Go on" }).click();
    await spending.getByText("Everything is stopped").waitFor({ state: "detached" });
    expect((await stack.berth.budgets.stopped()).stopped).toBeNull();
    expect(await stack.berth.budgets.list().all()).toMatchObject([{ scope: "org", unit: "cost", limit: 5_000_000 }]);
    await spending.getByRole("button", { name: /Remove the cap/ }).click();
    await spending.getByRole("button", { name: "Remove", exact: true }).click();
    await spending.getByText(/No caps/).waitFor();
    expect(await stack.berth.budgets.list().all()).toEqual([]);

    const session = await stack.berth.sessions.create({ model: MODEL, title: "A costly one" });
    const { user } = await stack.berth.members.list().all().then(([only]) => ({ user: only }));
    const set = async (target: string, label: string, one: RegExp, amount: string): Promise<void> => {
      await spending.getByRole("button", { name: "Set a cap" }).click();
      await spending.getByLabel("For", { exact: true }).selectOption({ label: target });
      const choice = spending.getByLabel(label, { exact: true });
      await choice.selectOption({ label: await choice.locator("option", { hasText: one }).innerText() });
      await spending.getByLabel(/At most/).fill(amount);
      await picture(page, `spending-${label.toLowerCase()}`);
      await spending.getByRole("button", { name: "Set", exact: true }).click();
    };
    await set("One person, each month", "Person", new RegExp(user?.email ?? ""), "2");
    await spending.getByText(`Money · ${user?.name}, each month`).waitFor();
    await set("One session", "Session", /A costly one/, "1");
    await spending.getByText("Money · Session “A costly one”").waitFor();
    await picture(page, "spending-caps");
    expect(await stack.berth.budgets.list().all()).toEqual(
      expect.arrayContaining([expect.objectContaining({ scope: "user", subject: user?.userId, limit: 2_000_000 }), expect.objectContaining({ scope: "session", subject: session.id, limit: 1_000_000 })]),
    );
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(390);
  }));
