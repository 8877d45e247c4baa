/** The page's cases in Chromium on the in-memory server: `node packages/chat/test/run-page-cases.ts` after a build. */
import { chromium, type BrowserContext } from "playwright-core";
import { startChatServer } from "./dev-server.ts";
import { pageCases } from "./page-cases.ts";

const browser = await chromium.launch({
  executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
const server = await startChatServer();
const context = {
  baseUrl: server.url,
  browser,
  timeoutMs: 10_000,
  signIn: async (browserContext: BrowserContext) => {
    await browserContext.addCookies([{ name: "berth_session", value: "example", url: server.url }]);
  },
};
let failed = 0;
for (const { name, run } of pageCases) {
  try {
    await run(context);
    console.log(`ok   ${name}`);
  } catch (error) {
    failed++;
    console.log(`FAIL ${name}\n     ${String(error).split("\n").slice(0, 6).join("\n     ")}`);
  }
}
await browser.close();
await server.close();
process.exitCode = failed === 0 ? 0 : 1;
