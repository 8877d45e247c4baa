/** Chromium for tests: headless, with a profile of its own, and a page whose complaints are written down. */
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { chromiumPath } from "../../../packages/testkit/src/machine.ts";

/** What a browser does by itself, such as looking for updates, is no part of a test. */
const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath(), args: QUIET });
}

export type Cookies = Awaited<ReturnType<BrowserContext["storageState"]>>["cookies"];

/** Follows a sign-in link, which works once. Answers the cookies that sign other contexts in. */
export async function signIn(browser: Browser, link: string): Promise<Cookies> {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(link);
    await page.getByTestId("composer").waitFor();
    return (await context.storageState()).cookies;
  } finally {
    await context.close();
  }
}

/** Makes the account of who was invited, in a browser of their own. Answers the cookies that sign other contexts in. */
export async function acceptInvitation(browser: Browser, link: string, name: string): Promise<Cookies> {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(link);
    await page.getByLabel("Your name").fill(name);
    await page.getByLabel("Password").fill("example-password-1");
    await page.getByRole("button", { name: "Make the account and join" }).click();
    await page.getByTestId("composer").waitFor();
    return (await context.storageState()).cookies;
  } finally {
    await context.close();
  }
}

export interface Complaints {
  /** Errors on the console or uncaught, refusals by the content security policy, requests to another origin. */
  readonly found: readonly string[];
}

/**
 * Watches all pages of a context, also those opened later.
 * @param expected console errors that belong to the test, such as the status of a request that is meant to be refused
 */
export function watchComplaints(context: BrowserContext, origin: string, expected: readonly RegExp[] = []): Complaints {
  const found: string[] = [];
  const add = (text: string): void => {
    if (!expected.some((pattern) => pattern.test(text))) found.push(text);
  };
  const watch = (page: Page): void => {
    page.on("pageerror", (error) => add(`uncaught: ${error.message}`));
    page.on("console", (message) => {
      if (message.type() === "error" || /content security policy/i.test(message.text())) add(`console: ${message.text()}`);
    });
    page.on("websocket", (socket) => {
      if (new URL(socket.url()).host !== new URL(origin).host) add(`socket to ${socket.url()}`);
    });
  };
  context.on("page", watch);
  context.on("request", (request) => {
    const url = new URL(request.url());
    if (["http:", "https:"].includes(url.protocol) && url.origin !== origin) add(`request to ${request.url()}`);
  });
  return { found };
}
