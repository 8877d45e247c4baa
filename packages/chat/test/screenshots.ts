/** Pictures of each state, for looking at: `node packages/chat/test/screenshots.ts <folder>` after a build. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium, type Browser, type Page } from "playwright-core";
import { startChatServer } from "./dev-server.ts";

const out = process.argv[2];
if (!out) throw new Error("Say where to put the pictures");
mkdirSync(out, { recursive: true });
const only = process.argv[3];

const browser = await chromium.launch({ executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"] });
const full = await startChatServer({ canned: true });
const empty = await startChatServer();
const complaints: string[] = [];

interface Shot {
  readonly name: string;
  readonly path?: string;
  readonly signedIn?: boolean;
  readonly server?: { readonly url: string };
  readonly act?: (page: Page) => Promise<void>;
}

const item = (title: string) => async (page: Page): Promise<void> => {
  await page.getByTestId("session-item").filter({ hasText: title }).click();
  await page.getByTestId("transcript").waitFor();
};
const openOrders = item("Fix the rounding");

const shots: readonly Shot[] = [
  { name: "signed-out", signedIn: false },
  { name: "new", server: empty },
  { name: "new-canned", act: async (page) => void (await page.getByLabel(/Work on a folder/).fill("/home/ada/code/dirty"), await page.getByText(/Git repository/).waitFor()) },
  { name: "new-bad-folder", act: async (page) => void (await page.getByLabel(/Work on a folder/).fill("/home/ada/missing"), await page.getByText(/There is no folder/).waitFor()) },
  { name: "session-top", act: async (page) => { await openOrders(page); await page.getByTestId("transcript").evaluate((element) => element.scrollTo(0, 0)); await page.getByText("Edited").click(); } },
  { name: "session-end", act: openOrders },
  { name: "permission", act: item("Clean up") },
  { name: "question", act: item("Choose a date") },
  { name: "failed", act: item("Upgrade the billing") },
  { name: "demo", act: item("Try the demo") },
  { name: "settings", path: "/settings", act: async (page) => void (await page.getByRole("button", { name: "Add a provider" }).click()) },
  { name: "environments", path: "/settings/environments", act: async (page) => void (await page.getByRole("button", { name: "Change Web tests" }).click()) },
  { name: "environments-empty", path: "/settings/environments", server: empty, act: async (page) => void (await page.getByText("No environments yet").waitFor()) },
  { name: "environment-new", path: "/settings/environments", server: empty, act: async (page) => { await page.getByRole("button", { name: "Add an environment" }).click(); await page.getByRole("button", { name: "Add a variable" }).click(); await page.getByRole("button", { name: "Add a variable" }).click(); const names = page.getByLabel("Name", { exact: true }); await names.nth(0).fill("Tests"); await names.nth(1).fill("A"); await names.nth(2).fill("A"); } },
  { name: "environments-loading", path: "/", act: async (page) => { await page.route("**/v1/environments*", () => undefined); await page.goto(new URL("/settings/environments", page.url()).href); await page.getByText("Loading…").first().waitFor(); } },
  { name: "environments-error", path: "/", act: async (page) => { await page.route("**/v1/environments*", (route) => route.fulfill({ status: 403, contentType: "application/problem+json", body: JSON.stringify({ type: "https://berth.dev/problems/forbidden", title: "Forbidden", status: 403, detail: "This key may not read environments" }) })); await page.goto(new URL("/settings/environments", page.url()).href); await page.getByRole("alert").waitFor(); } },
  { name: "setting-up", act: item("Setting up") },
  { name: "set-up-failed", act: item("Set up in vain") },
  { name: "set-up", act: item("Set up and ready") },
  { name: "missing", path: "/sessions/ses_nobody", act: async (page) => void (await page.getByText("This session is gone").waitFor()) },
  {
    name: "streaming",
    server: empty,
    act: async (page) => {
      await page.getByTestId("composer").fill("!todo Look at the code; Change it; Test it\n!bash echo working on it\n!slow Here is **what I found** so far. The first thing to know is that this answer is being written while you look at it, word by word, so that you can stop me as soon as I go astray and tell me what you would rather have.\n!bash sleep 20");
      await page.getByTestId("send").click();
      await page.getByTestId("stop").waitFor();
      await page.getByTestId("composer").fill("Then also update the changelog");
      await page.getByTestId("send").click();
      await page.getByTestId("composer").fill("And bump the version");
      await page.getByTestId("send").click();
      await page.locator("p", { hasText: "first thing to know" }).waitFor();
      await page.waitForTimeout(600);
    },
  },
  {
    name: "reconnecting",
    act: async (page) => {
      await openOrders(page);
      await page.route("**/*", (route) => route.abort());
      await page.evaluate(() => (globalThis as unknown as { sockets: WebSocket[] }).sockets.forEach((socket) => socket.close()));
      await page.getByText("Reconnecting").waitFor();
      await page.getByTestId("composer").fill("Is anybody there?");
      await page.getByTestId("send").click();
      await page.waitForTimeout(6000);
    },
  },
  { name: "apply", act: async (page) => { await openOrders(page); if ((page.viewportSize()?.width ?? 0) > 640) await page.getByRole("button", { name: "Apply to branch" }).click(); else { await page.getByLabel("More actions").click(); await page.getByRole("menuitem", { name: "Apply to branch" }).click(); } } },
];

async function take(browserUsed: Browser, shot: Shot, look: string, colorScheme: "light" | "dark", viewport: { width: number; height: number }): Promise<void> {
  const context = await browserUsed.newContext({ colorScheme, viewport, reducedMotion: "reduce" });
  const base = (shot.server ?? full).url;
  if (shot.signedIn !== false) await context.addCookies([{ name: "berth_session", value: "example", url: base }]);
  const page = await context.newPage();
  await page.addInitScript(() => {
    const sockets: WebSocket[] = [];
    const Real = WebSocket;
    (globalThis as unknown as { sockets: WebSocket[] }).sockets = sockets;
    globalThis.WebSocket = class extends Real {
      constructor(url: string | URL) {
        super(url);
        sockets.push(this);
      }
    };
  });
  page.on("console", (message) => {
    if (message.type() === "error" && !/Failed to load resource/.test(message.text())) complaints.push(`${shot.name}: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`${shot.name}: ${error.message}`));
  await page.goto(base + (shot.path ?? "/"));
  const narrow = viewport.width <= 640;
  if (narrow && shot.act && !shot.path && shot.server !== empty && shot.name !== "new-canned" && shot.name !== "new-bad-folder") await page.getByLabel("Show sessions").click();
  await shot.act?.(page);
  await page.waitForTimeout(250);
  await page.screenshot({ path: join(out as string, `${shot.name}-${look}.png`) });
  if (narrow && shot.name === "session-end") {
    await page.getByLabel("Show sessions").click();
    await page.waitForTimeout(250);
    await page.screenshot({ path: join(out as string, `drawer-${look}.png`) });
  }
  await context.close();
}

for (const shot of shots) {
  if (only && !only.split(",").includes(shot.name)) continue;
  for (const [look, colors, viewport] of [
    ["wide", "light", { width: 1280, height: 820 }],
    ["dark", "dark", { width: 1280, height: 820 }],
    ["narrow", "light", { width: 390, height: 780 }],
  ] as const) {
    await take(browser, shot, look, colors, viewport).catch((error: unknown) => complaints.push(`${shot.name}-${look}: ${String(error).split("\n").slice(0, 3).join(" ")}`));
  }
}
await browser.close();
await Promise.all([full.close(), empty.close()]);
console.log(complaints.length === 0 ? "No complaints" : complaints.join("\n"));
