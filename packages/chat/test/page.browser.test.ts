/** The page's cases in Chromium, on a fresh build of the page and the in-memory server with the real one's policy. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { needs } from "@berth/testkit/needs";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { openBrowser, signIn } from "../../../test/e2e/support/browser.ts";
import type { MemoryServer } from "../../sdk/test/memory-server/server.ts";
import { startChatServer } from "./dev-server.ts";
import { pageCases, type PageCaseContext } from "./page-cases.ts";

const inBrowser = needs("chromium");
const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

let built: string | undefined;
let server: MemoryServer;
let browser: Browser;
let context: PageCaseContext;

beforeAll(async () => {
  built = mkdtempSync(join(tmpdir(), "berth-chat-"));
  const vite = [join(ROOT, "node_modules", "vite", "bin", "vite.js"), "build", join(ROOT, "packages", "chat"), "--outDir", built, "--emptyOutDir", "--logLevel", "error"];
  // In a process of its own: within a test run it would be built for development.
  await promisify(execFile)(process.execPath, vite, { env: { ...process.env, NODE_ENV: "production" } });
  [server, browser] = await Promise.all([startChatServer({ built }), openBrowser()]);
  const cookies = await signIn(browser, `${server.url}/sign-in`);
  context = { baseUrl: server.url, browser, timeoutMs: 30_000, signIn: (browserContext) => browserContext.addCookies(cookies) };
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  if (built) rmSync(built, { recursive: true, force: true });
});

for (const { name, run } of pageCases) inBrowser(name, () => run(context), 60_000);
