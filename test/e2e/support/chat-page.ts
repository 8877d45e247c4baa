/** The chat page as a person uses it: signed in, in tabs of one browser, with pictures taken on request. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { watchComplaints, type Cookies } from "./browser.ts";

const WAIT_MS = 60_000;
/** Pictures are for people to look at, so only a run that names a folder for them takes any. */
const PICTURES = process.env["PICTURES"];

export interface Person {
  readonly origin: string;
  /** Another tab of the same browser. */
  tab(address?: string): Promise<Page>;
}

/** @param expected console errors that belong to what `act` does */
export async function asPerson(browser: Browser, origin: string, cookies: Cookies, act: (person: Person) => Promise<void>, expected: readonly RegExp[] = []): Promise<void> {
  const context = await browser.newContext();
  const complaints = watchComplaints(context, origin, expected);
  try {
    await context.addCookies(cookies);
    await act({
      origin,
      tab: async (address = origin) => {
        const page = await context.newPage();
        page.setDefaultTimeout(WAIT_MS);
        await page.goto(address);
        return page;
      },
    });
  } catch (error) {
    throw new Error(`${String(error)}\n${await shown(context)}\n${complaints.found.join("\n")}`, { cause: error });
  } finally {
    await context.close();
  }
  expect(complaints.found, "what the page complained of").toEqual([]);
}

/** What every tab shows, for the report of a failure. */
async function shown(context: BrowserContext): Promise<string> {
  const texts = await Promise.all(context.pages().map(async (page) => `--- ${page.url()}\n${await page.locator("body").innerText({ timeout: 5_000 })}`));
  return texts.join("\n");
}

/** From the first page: picks the demo model and sends. Resolves when the session is open. */
export async function beginSession(page: Page, prompt: string): Promise<void> {
  const picker = page.getByTestId("model-picker");
  await picker.selectOption(await picker.locator("option", { hasText: "Demo" }).first().getAttribute("value"));
  await page.getByTestId("composer").fill(prompt);
  await page.getByTestId("send").click();
  await page.waitForURL(/\/sessions\//);
}

export async function say(page: Page, text: string): Promise<void> {
  await page.getByTestId("composer").fill(text);
  await page.getByTestId("composer").press("Enter");
}

/** So many turns completed, and the session takes the next. */
export async function untilOver(page: Page, turns = 1): Promise<void> {
  await page.locator("article[data-status=completed]").nth(turns - 1).waitFor();
  await page.locator("[role=status][data-status=idle]").waitFor();
}

/** What the conversation says, turn by turn. */
export function turns(page: Page): Promise<string[]> {
  return page.locator("article").allInnerTexts();
}

export async function picture(page: Page, name: string): Promise<void> {
  if (!PICTURES) return;
  mkdirSync(PICTURES, { recursive: true });
  for (const [kind, width, height, colorScheme] of [
    ["wide", 1280, 800, "light"],
    ["narrow", 390, 844, "light"],
    ["dark", 1280, 800, "dark"],
  ] as const) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height });
    await page.screenshot({ path: join(PICTURES, `${name}-${kind}.png`), animations: "disabled" });
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 1280, height: 800 });
}
