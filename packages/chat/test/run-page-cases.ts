/**
 * The page's cases in Chromium: on the in-memory server after a build, or on a running Berth by the sign-in link that it
 * printed: `node packages/chat/test/run-page-cases.ts [link]`.
 */
import { openBrowser, signIn } from "../../../test/e2e/support/browser.ts";
import { startChatServer } from "./dev-server.ts";
import { pageCases, type PageCaseContext } from "./page-cases.ts";

const link = process.argv[2];
const browser = await openBrowser();
const server = link ? null : await startChatServer();
const address = link ?? `${server?.url}/sign-in`;
// The link works once; its cookies then sign every context in.
const cookies = await signIn(browser, address);

const context: PageCaseContext = {
  baseUrl: new URL(address).origin,
  browser,
  timeoutMs: link ? 60_000 : 10_000,
  signIn: (browserContext) => browserContext.addCookies(cookies),
};
let failed = 0;
for (const { name, run } of pageCases) {
  const started = performance.now();
  const error: unknown = await run(context).then(() => null, (reason: unknown) => reason);
  if (error !== null) failed++;
  const reason = error === null ? "" : `\n     ${String(error).split("\n").slice(0, 6).join("\n     ")}`;
  console.log(`${error === null ? "ok  " : "FAIL"} ${name} (${Math.round(performance.now() - started)} ms)${reason}`);
}
await browser.close();
await server?.close();
process.exitCode = failed === 0 ? 0 : 1;
