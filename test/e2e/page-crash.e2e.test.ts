/** What the page shows of interruptions, steering, the queue, sleep and failed commands. `PICTURES=<folder>` also takes pictures. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBrowser, signIn, type Cookies } from "./support/browser.ts";
import { asPerson, beginSession, picture, say, untilOver, type Person } from "./support/chat-page.ts";
import { processesOf } from "./support/processes.ts";
import { startTestStack, type TestStack } from "./support/stack.ts";

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

const person = (act: (person: Person) => Promise<void>): Promise<void> => asPerson(browser, stack.url, cookies, act);

const tool = (page: Page) => page.getByTestId("transcript").locator("[data-tool=bash]").first();

/** `kill -9` of everything in the session's sandbox. */
function killSandbox(page: Page): void {
  const sessionId = new URL(page.url()).pathname.split("/").at(-1) ?? "";
  const sandbox = processesOf(sessionId).filter(({ command }) => command.includes("bwrap") || command.includes("runtime.mjs"));
  expect(sandbox.length).toBeGreaterThan(0);
  for (const { pid } of sandbox) process.kill(pid, "SIGKILL");
}

test("[PAGE20] a lost sandbox is told with its choices, and the agent goes on when asked to", () =>
  person(async ({ tab }) => {
    const page = await tab();
    await beginSession(page, "!bash sleep 120");
    await tool(page).waitFor();
    killSandbox(page);
    const card = page.getByTestId("interrupted");
    await card.waitFor();
    await picture(page, "interrupted");
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(390);
    await page.setViewportSize({ width: 1280, height: 800 });
    await card.getByRole("button", { name: "Continue" }).click();
    await page.getByText("Goes on after the interruption").waitFor();
    await untilOver(page);
    await picture(page, "continued");
  }));

test("[PAGE21] a question outlives its agent: the card stays, and the answer starts another one", () =>
  person(async ({ tab }) => {
    const page = await tab();
    await beginSession(page, "!ask Which colour? | red | green");
    await page.getByRole("form", { name: "Question of the agent" }).waitFor();
    killSandbox(page);
    await page.getByText("The sandbox was lost since").waitFor();
    await picture(page, "question-parked");
    await page.getByLabel("green").check();
    await page.getByRole("button", { name: "Answer" }).click();
    await page.getByText("Goes on after the interruption").waitFor();
    await untilOver(page);
  }));

test("[PAGE22] messages steer the running turn, wait in an order that can be changed, and the turn says that it stops", () =>
  person(async ({ tab }) => {
    const page = await tab();
    await beginSession(page, "!bash sleep 60");
    await tool(page).waitFor();
    await say(page, "!say second");
    await say(page, "!say third");
    await page.getByRole("button", { name: "Run earlier: !say third" }).click();
    const chips = page.getByRole("region", { name: "Queued messages" }).getByRole("listitem");
    await expect.poll(async () => (await chips.allInnerTexts()).map((text) => text.trim())).toEqual(["!say third", "!say second"]);
    await page.getByTestId("composer").fill("look here first");
    await page.getByTestId("steer").click();
    await page.getByText(/into the running turn/).waitFor();
    await picture(page, "steered");
    await page.getByTestId("stop").click();
    await tool(page).getByText("Stopped", { exact: true }).waitFor();
    await untilOver(page, 2);
    await picture(page, "stopped");
  }));

test("[PAGE23] an idle session is put to sleep from its menu with its work saved, and a message wakes it", () =>
  person(async ({ tab }) => {
    const page = await tab();
    await beginSession(page, "!write note.txt kept");
    await untilOver(page, 1);
    await page.getByTestId("saved").waitFor();
    await page.getByRole("button", { name: "More actions" }).click();
    await page.getByTestId("interruption-picker").waitFor();
    await picture(page, "menu");
    await page.getByRole("menuitem", { name: "Put to sleep" }).click();
    await page.getByText("Asleep. Your work is saved").waitFor();
    await picture(page, "asleep");
    await say(page, "!bash cat note.txt");
    await page.getByTestId("transcript").locator("[data-tool=bash]", { hasText: "kept" }).waitFor();
  }));

test("[PAGE24] an idle session that loses its sandbox is shown as asleep, also where its files are, and is woken there", () =>
  person(async ({ tab }) => {
    const page = await tab();
    await beginSession(page, "!write note.txt kept");
    await untilOver(page, 1);
    await page.getByTestId("saved").waitFor();
    killSandbox(page);
    await page.getByText("Asleep: its sandbox ended.").waitFor();
    await page.locator("[data-status=hibernated]").getByText("Asleep", { exact: true }).first().waitFor();
    await picture(page, "lost-while-idle");
    await page.getByRole("button", { name: "Files" }).click();
    await page.getByRole("dialog").getByText("The sandbox is asleep.").waitFor();
    await picture(page, "files-away");
    await page.getByRole("dialog").getByRole("button", { name: "Wake it" }).click();
    await page.getByRole("dialog").getByRole("button", { name: /^note.txt/ }).waitFor();
  }));

test("[PAGE25] a command that fails says with which code", () =>
  person(async ({ tab }) => {
    const page = await tab();
    await beginSession(page, "!bash echo wrong; exit 3");
    await untilOver(page, 1);
    await tool(page).getByText("Exit code 3").waitFor();
    expect(await tool(page).innerText()).toContain("wrong");
    await picture(page, "exit-code");
  }));

test("[PAGE26] how the sandbox is kept is told in a line for each boundary, and who measured it below", () =>
  person(async ({ tab }) => {
    const page = await tab();
    await beginSession(page, "!say here");
    await untilOver(page, 1);
    await page.getByRole("button", { name: "bubblewrap" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText(/kept as declared/).waitFor();
    await picture(page, "policy");
    const folders = dialog.getByRole("listitem").filter({ hasText: "Folders" });
    expect(await folders.getByText("Measured by").first().isVisible()).toBe(false);
    await folders.getByText("Folders").click();
    await folders.getByText("Measured by").first().waitFor();
    await picture(page, "policy-open");
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(390);
  }));

test("[PAGE27] a long conversation scrolls inside its page, and what is said below the composer has room", () =>
  person(async ({ tab }) => {
    const page = await tab();
    await page.setViewportSize({ width: 1280, height: 500 });
    await beginSession(page, "!stream 1500 500");
    await untilOver(page, 1);
    await say(page, "!say one more");
    await untilOver(page, 2);
    await page.reload();
    await untilOver(page, 2);
    const height = (of: string): Promise<unknown> => page.evaluate(`document.documentElement.${of}`);
    expect(await height("scrollHeight")).toBe(await height("clientHeight"));
    const { id } = await stack.berth.sessions.create({ model: "demo/demo", agent: "acp" });
    const narrow = await tab(`${stack.url}/sessions/${id}`);
    await narrow.setViewportSize({ width: 390, height: 844 });
    await narrow.getByTestId("agent").waitFor();
    expect(await narrow.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(390);
    await picture(narrow, "line-below");
  }));

test("[PAGE27] a message that is being written is whole when the window becomes narrower", () =>
  person(async ({ tab }) => {
    const page = await tab();
    await page.getByTestId("composer").fill("Look at what the tests say of the order totals, and mend whatever they find. ".repeat(3));
    const hidden = (): Promise<unknown> => page.evaluate("(({ scrollHeight, clientHeight }) => scrollHeight - clientHeight)(document.querySelector('[data-testid=composer]'))");
    expect(await hidden()).toBeLessThanOrEqual(1);
    await page.setViewportSize({ width: 390, height: 844 });
    await expect.poll(hidden).toBeLessThanOrEqual(1);
    await picture(page, "written-narrow");
  }));
