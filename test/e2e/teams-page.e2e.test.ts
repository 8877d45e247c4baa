/** Teams as an owner makes them in the settings page of a running instance, and as a member sees them. `PICTURES=<folder>` also takes pictures. */
import { verifies } from "@berth/testkit";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { acceptInvitation, openBrowser, signIn, type Cookies } from "./support/browser.ts";
import { asPerson, picture } from "./support/chat-page.ts";
import { startTestStack, type TestStack } from "./support/stack.ts";

let stack: TestStack;
let browser: Browser;
let owner: Cookies;

beforeAll(async () => {
  [stack, browser] = await Promise.all([startTestStack(), openBrowser()]);
  owner = await signIn(browser, stack.signInUrl);
});

afterAll(async () => {
  await browser?.close();
  await stack?.end();
});

/** A member with a browser of their own. */
async function joinAs(name: string, email: string): Promise<Cookies> {
  const { url } = await stack.berth.invitations.create({ email, role: "member" });
  return acceptInvitation(browser, url ?? "", name);
}

async function create(page: Page, name: string): Promise<void> {
  await page.getByRole("button", { name: "Create a team" }).click();
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByRole("button", { name: "Create", exact: true }).click();
}

verifies("OPG11", "a team is made, renamed, filled, seen by its member and deleted", async () => {
  const [bo] = await Promise.all([joinAs("Bo", "bo@example.com"), stack.berth.serviceAccounts.create({ name: "Nightly", role: "member" })]);
  await asPerson(
    browser,
    stack.url,
    owner,
    async ({ tab }) => {
      const page = await tab(`${stack.url}/settings/teams`);
      const teams = page.getByRole("region", { name: "Teams" });
      await teams.getByText("No teams yet").waitFor();
      await picture(page, "teams-empty");
      await create(page, "Payments");
      await teams.getByText("0 members").waitFor();
      await create(page, "Pay");
      await teams.getByRole("button", { name: "Rename the team Pay", exact: true }).click();
      const renaming = teams.getByRole("form", { name: "Rename Pay" });
      await renaming.getByLabel("New name").fill("Payments");
      await renaming.getByRole("button", { name: "Rename" }).click();
      await renaming.getByRole("alert").waitFor();
      expect(await renaming.getByLabel("New name").inputValue()).toBe("Payments");
      await picture(page, "team-rename-refused");
      await renaming.getByLabel("New name").fill("Payroll");
      await renaming.getByRole("button", { name: "Rename" }).click();
      await teams.getByText("Payroll", { exact: true }).waitFor();
      expect((await stack.berth.teams.list().all()).map(({ name }) => name)).toEqual(["Payments", "Payroll"]);
      await teams.getByRole("button", { name: "Delete the team Payroll" }).click();
      await teams.getByRole("button", { name: "Delete", exact: true }).click();
      await teams.getByText("Payroll", { exact: true }).waitFor({ state: "detached" });

      await create(page, "Payments");
      await teams.getByRole("alert").waitFor();
      expect(await teams.getByLabel("Name", { exact: true }).inputValue()).toBe("Payments");
      await picture(page, "team-refused");
      await teams.getByRole("button", { name: "Cancel" }).click();

      await teams.getByRole("button", { name: "Members of Payments" }).click();
      await teams.getByText("Nobody is in it yet").waitFor();
      await picture(page, "team-nobody");
      const inside = teams.getByRole("list", { name: "Members of Payments" });
      for (const [name, about] of [["Bo", "bo@example.com"], ["Nightly", "service account"]] as const) {
        await teams.getByLabel("Add to Payments").selectOption({ label: `${name} (${about})` });
        await teams.getByRole("button", { name: "Add", exact: true }).click();
        await inside.getByText(name, { exact: true }).waitFor();
      }
      await teams.getByText("2 members").waitFor();
      await picture(page, "team-members");

      await asPerson(browser, stack.url, bo, async (person) => {
        const other = await person.tab(`${stack.url}/settings/teams`);
        await other.getByRole("button", { name: "Members of Payments" }).click();
        const seen = other.getByRole("list", { name: "Members of Payments" });
        await seen.getByText("Bo", { exact: true }).waitFor();
        await seen.getByText("A service account").waitFor();
        await other.getByText("Only an owner or admin makes teams").waitFor();
        expect(await other.getByRole("button", { name: /Create|Delete|Take|Add/ }).count()).toBe(0);
        await picture(other, "teams-as-member");
      });

      await inside.getByRole("button", { name: "Take Nightly out of Payments" }).click();
      await picture(page, "team-taking-out");
      await inside.getByRole("button", { name: "Take out", exact: true }).click();
      await teams.getByText("1 member", { exact: true }).waitFor();
      const [team] = await stack.berth.teams.list().all();
      const bosId = (await stack.berth.members.list().all()).find(({ name }) => name === "Bo")?.userId;
      expect(await stack.berth.teams.members(team?.id ?? "").all()).toMatchObject([{ principalId: bosId }]);

      await page.setViewportSize({ width: 390, height: 844 });
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(390);
      await teams.getByRole("button", { name: "Delete the team Payments" }).click();
      await teams.getByRole("button", { name: "Delete", exact: true }).click();
      await teams.getByText("No teams yet").waitFor();
      expect(await stack.berth.teams.list().all()).toEqual([]);
    },
    [/409/],
  );
});
