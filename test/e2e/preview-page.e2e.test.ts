/** A preview as people have it: from the session's page into a tab of its own, in Chromium. `PICTURES=<folder>` also takes pictures. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SessionClient } from "@berth/sdk";
import { verifies } from "@berth/testkit";
import type { Browser } from "playwright-core";
import { createServer } from "vite";
import { afterAll, beforeAll, expect } from "vitest";
import { freePort } from "../../packages/launcher/src/free-port.ts";
import { openBrowser, signIn, type Cookies } from "./support/browser.ts";
import { asPerson, picture } from "./support/chat-page.ts";
import { serve, visit } from "./support/preview-visitor.ts";
import { startTestStack, type TestStack } from "./support/stack.ts";

let stack: TestStack;
let browser: Browser;
let owner: Cookies;
let session: SessionClient;

/** The tab is of another origin, and some of it is refused on purpose. */
const EXPECTED = [/^request to http:\/\/\d+--ses-/, /^socket to ws:\/\/\d+--ses-/, /401|409|502|503/];

beforeAll(async () => {
  [stack, browser] = await Promise.all([startTestStack(), openBrowser()]);
  [owner, session] = await Promise.all([signIn(browser, stack.signInUrl), stack.idleSession()]);
});

afterAll(async () => {
  await browser?.close();
  await stack?.end();
});

verifies("WSP20", "a server for development takes the page for its own, and what changes is shown without a reload", async () => {
  const root = await mkdtemp(join(tmpdir(), "berth-vite-"));
  const say = (text: string): Promise<void> => writeFile(join(root, "words.js"), `export const words = "${text}";`);
  await writeFile(join(root, "index.html"), '<!doctype html><title>Dev</title><link rel="icon" href="data:,"><h1></h1><script type="module" src="/main.js"></script>');
  await writeFile(join(root, "main.js"), `import { words } from "./words.js"; window.kept ??= crypto.randomUUID(); const show = (text) => (document.querySelector("h1").textContent = text); show(words); import.meta.hot.accept("./words.js", (next) => show(next.words));`);
  await say("before");
  // Where the process backend's sandboxes have their loopback, and told as people leave it.
  const server = await createServer({ root, configFile: false, cacheDir: join(root, "cache"), logLevel: "error", server: { port: await freePort(), strictPort: true } });
  try {
    await server.listen();
    const address = server.httpServer?.address();
    if (typeof address !== "object" || address === null) throw new Error("it listens nowhere");
    await asPerson(browser, stack.url, owner, async ({ tab }) => {
      const page = await tab((await session.preview(address.port)).url);
      await page.getByRole("heading", { name: "before" }).waitFor();
      const kept = await page.evaluate("window.kept");
      await say("after");
      await page.getByRole("heading", { name: "after" }).waitFor();
      expect(await page.evaluate("window.kept")).toBe(kept);
    }, EXPECTED);
  } finally {
    await server.close();
    await rm(root, { recursive: true, force: true });
  }
});

verifies("ENV12", "a port that the session's environment names is offered by its name, before anything listens there and after", async () => {
  const port = await freePort();
  await stack.berth.environments.create({ name: "Shop", ports: [{ port, name: "storefront" }] });
  const inside = await stack.idleSession({ environment: "Shop" });
  await asPerson(browser, stack.url, owner, async ({ tab }) => {
    const page = await tab(`${stack.url}/sessions/${inside.id}`);
    await page.getByRole("button", { name: "Preview" }).click();
    const expected = page.getByRole("list", { name: "Ports where nothing listens yet" }).getByRole("button", { name: `${port}` });
    await expected.getByText("storefront").waitFor();
    await picture(page, "preview-dialog-expected");
    const [preview] = await Promise.all([page.context().waitForEvent("page"), expected.click()]);
    await preview.getByText(`Nothing listens on port ${port}.`).waitFor();
    await serve(inside, port);
    await page.getByRole("button", { name: "Look again" }).click();
    await page.getByRole("list", { name: "Ports that listen" }).getByText("storefront").waitFor();
    expect([await expected.count(), await inside.ports()]).toEqual([0, [{ port, program: "node", name: "storefront" }]]);
    await preview.reload();
    await preview.getByRole("heading", { name: "Shop of first" }).waitFor();
  }, EXPECTED);
});

verifies("WSP18", "a port that listens is offered and opens in a tab, with its scripts, requests and sockets; a tab says what is the matter where there is nothing to show", async () => {
  const port = await freePort();
  const shell = await serve(session, port);
  await asPerson(browser, stack.url, owner, async ({ tab }) => {
    const page = await tab(`${stack.url}/sessions/${session.id}`);
    const context = page.context();
    await page.getByRole("button", { name: "Preview" }).click();
    const offered = page.getByRole("list", { name: "Ports that listen" }).getByRole("button");
    await offered.first().waitFor();
    expect(await offered.allInnerTexts()).toEqual([expect.stringContaining(`${port}`)]);
    await picture(page, "preview-dialog");
    const [preview] = await Promise.all([context.waitForEvent("page"), offered.first().click()]);
    await preview.getByRole("heading", { name: "Shop of first" }).waitFor();
    await preview.getByText("echo hello shop").waitFor();
    await preview.getByText("posted").waitFor();
    const { origin } = new URL(preview.url());
    expect(preview.url()).toBe(`${origin}/`);
    expect(await preview.evaluate("[document.cookie, window.opener, document.referrer]")).toEqual(["", null, ""]);
    await picture(preview, "preview");

    shell.terminal.write("\u0003");
    shell.terminal.write("echo st''opped\r");
    await shell.says("stopped");
    await preview.reload();
    await preview.getByRole("heading", { name: "Nothing to show yet" }).waitFor();
    await preview.getByText(`Nothing listens on port ${port}.`).waitFor();
    await picture(preview, "preview-silent");

    await page.getByRole("button", { name: "Look again" }).click();
    await page.getByText("Nothing listens in the sandbox yet.").waitFor();
    await picture(page, "preview-dialog-none");
    await session.hibernate();
    await page.getByText("The sandbox is asleep.").waitFor();
    await preview.reload();
    await preview.getByRole("heading", { name: "The sandbox is asleep" }).waitFor();
    await picture(preview, "preview-asleep");

    await context.clearCookies({ domain: new URL(origin).hostname });
    await preview.reload();
    await preview.getByRole("heading", { name: "This preview is closed" }).waitFor();
    await picture(preview, "preview-closed");
    await preview.getByRole("link", { name: "Go to the session" }).click();
    await preview.waitForURL(`${stack.url}/sessions/${session.id}`);
    expect((await visit(origin)).status).toBe(401);
  }, EXPECTED);
});
