/** Repositories and their environments by the page of a running instance, up to a session on one. `PICTURES=<folder>` also takes pictures. */
import { verifies } from "@berth/testkit";
import { startGitServer, type GitServer } from "@berth/testkit/git-server";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { acceptInvitation, openBrowser, signIn, type Cookies } from "./support/browser.ts";
import { asPerson, beginSession, picture, say, untilOver } from "./support/chat-page.ts";
import { startTestStack, untilStatus, type TestStack } from "./support/stack.ts";

const TIMEOUT_MS = 240_000;
const WRONG = "example-token-that-is-wrong";

let server: GitServer;
let stack: TestStack;
let browser: Browser;
let owner: Cookies;
let url: string;

beforeAll(async () => {
  server = await startGitServer();
  url = await server.makeRepository("team/app.git", { "package.json": '{"scripts":{"test":"node --test"}}', "README.md": "hello\n" });
  [stack, browser] = await Promise.all([startTestStack({ allowOrigins: [server.origin] }), openBrowser()]);
  owner = await signIn(browser, stack.signInUrl);
});

afterAll(async () => {
  await browser?.close();
  await stack?.end();
  await server?.close();
});

async function addRepository(page: Page): Promise<void> {
  const list = page.getByRole("region", { name: "Repositories" });
  await list.getByText("No repositories yet").waitFor();
  await picture(page, "repositories-empty");
  await page.getByRole("button", { name: "Add a repository" }).click();
  const form = page.getByRole("form", { name: "Add a repository" });
  await form.getByLabel("Address to clone from").fill(url);
  await form.getByLabel("Access token or password").fill(WRONG);
  await form.getByLabel("User name (optional)").fill(server.username);
  await form.getByRole("button", { name: "Test and add" }).click();
  await form.locator("[aria-invalid=true]").waitFor();
  expect(await form.getByLabel("Address to clone from").inputValue()).toBe(url);
  await picture(page, "repository-refused");
  await form.getByLabel("Access token or password").fill(server.password);
  await form.getByRole("button", { name: "Test and add" }).click();
  await list.getByText("begins on main · credential saved").waitFor();
  await picture(page, "repositories");
}

async function proposeEnvironment(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Add an environment" }).click();
  const form = page.getByRole("form", { name: "Add an environment" });
  await form.getByRole("checkbox").check();
  await form.getByRole("button", { name: /^Propose from/ }).click();
  await form.getByText("2 files, with npm.").waitFor();
  await picture(page, "environment-proposed");
  expect([await form.getByLabel("Name", { exact: true }).inputValue(), await form.getByLabel("Setup script").inputValue()]).toEqual(["app", expect.stringContaining("npm install")]);
  await form.getByLabel("Setup script").fill("echo made by the page > made");
  await form.getByRole("button", { name: "Add it" }).click();
  await page.getByText("a setup script").waitFor();
}

async function seeChanges(page: Page): Promise<void> {
  await say(page, "!bash printf 'hello\\nworld\\n' > README.md; mkdir src; seq 1 300 > src/numbers; git mv package.json package.json5; head -c 20 /dev/zero > zero");
  await untilOver(page, 2);
  await page.getByRole("button", { name: "Changes", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Changes" });
  await dialog.getByText("5 files +302 −0").waitFor();
  const files = dialog.getByRole("list", { name: "Changed files" });
  const shown = (await files.getByRole("listitem").allInnerTexts()).map((text) => text.replaceAll(/\s+/g, " ").trim());
  expect(shown).toEqual(["README.md +1 −0", "made new +1 −0", "package.json → package.json5 renamed +0 −0", "src/numbers new +300 −0", "zero new no text"]);
  await files.getByRole("button", { name: /^README\.md/ }).click();
  await files.getByText("+world").waitFor();
  await files.getByRole("button", { name: /^zero/ }).click();
  await files.getByText("No line of it changed, or it is no text.").waitFor();
  await picture(page, "session-changes");
  await dialog.getByRole("button", { name: "Close" }).click();
}

verifies(
  ["OPG12", "OPG13"],
  "a repository is added, an environment proposed from it, a session begun on both, and its changes seen",
  async () => {
    await asPerson(
      browser,
      stack.url,
      owner,
      async ({ tab }) => {
        const page = await tab(`${stack.url}/settings/repositories`);
        await addRepository(page);
        await page.getByRole("link", { name: "Environments" }).click();
        await proposeEnvironment(page);

        await page.goto(stack.url);
        const repository = page.getByTestId("repository-picker");
        const [added] = await stack.berth.repos.list().all();
        await repository.selectOption(added?.id ?? "");
        expect(await page.getByTestId("environment-picker").locator("option").allInnerTexts()).toEqual(["app (of this repository)", "No environment"]);
        expect(await page.getByLabel("Work on a folder").count()).toBe(0);
        await page.getByLabel("Branch, tag or commit").fill("main");
        await picture(page, "session-on-a-repository");
        await beginSession(page, "!bash cat README.md made");
        await page.getByText("made by the page", { exact: false }).first().waitFor();
        const session = stack.berth.session(new URL(page.url()).pathname.split("/").at(-1) ?? "");
        await untilStatus(session, ["idle"]);
        expect(await session.get()).toMatchObject({ workspace: { kind: "repo", url, ref: "main" }, environment: { name: "app" } });
        await picture(page, "session-with-its-environment");
        await seeChanges(page);

        await page.goto(`${stack.url}/settings/repositories`);
        await page.getByRole("button", { name: `Remove ${added?.name}` }).click();
        await page.getByRole("button", { name: "Remove", exact: true }).click();
        await page.getByText("No repositories yet").waitFor();
      },
      [/422/],
    );
    const { url: invitation } = await stack.berth.invitations.create({ email: "bo@example.com", role: "member" });
    await asPerson(browser, stack.url, await acceptInvitation(browser, invitation ?? "", "Bo"), async ({ tab }) => {
      const page = await tab(`${stack.url}/settings/repositories`);
      await page.getByText("Only an owner or admin adds repositories. You are a member.").waitFor();
      expect(await page.getByRole("button", { name: "Add a repository" }).count()).toBe(0);
    });
  },
  TIMEOUT_MS,
);
