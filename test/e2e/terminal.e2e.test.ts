/** A shell in a running sandbox: by the SDK, and on the page in Chromium. `PICTURES=<folder>` also takes pictures. */
import { Berth, type SessionClient } from "@berth/sdk";
import { verifies } from "@berth/testkit";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { acceptInvitation, openBrowser, signIn, type Cookies } from "./support/browser.ts";
import { asPerson, picture } from "./support/chat-page.ts";
import { Shell } from "./support/shell.ts";
import { startTestStack, untilStatus, type TestStack } from "./support/stack.ts";
import { eventually } from "./support/waiting.ts";

let stack: TestStack;
let browser: Browser;
let owner: Cookies;
let session: SessionClient;

beforeAll(async () => {
  [stack, browser] = await Promise.all([startTestStack(), openBrowser()]);
  [owner, session] = await Promise.all([signIn(browser, stack.signInUrl), stack.idleSession()]);
});

afterAll(async () => {
  await browser?.close();
  await stack?.end();
});

verifies("WSP1", "a command that is typed runs in the sandbox beside the agent's, and the shell's end is told", async () => {
  const shell = await new Shell(session).opened();
  shell.terminal.write("echo no$((40+2))nce; pwd; cat /proc/1/comm; ls $BERTH_TOKEN_FILE; stty size\r");
  await shell.says("30 100");
  await shell.says("no42nce");
  shell.terminal.write("exit 3\r");
  expect(await shell.over()).toBeNull();
  expect(shell.exit).toBe(3);
});

verifies("WSP2", "a socket that breaks comes back to the same shell, and another page that opens it has it alone", async () => {
  const first = await new Shell(session, { name: "kept" }).opened();
  first.terminal.write("mine=so''mething\r");
  await first.says("mine=");
  const second = await new Shell(session, { name: "kept" }).opened();
  second.terminal.write("echo [$mine]\r");
  await second.says("[something]");
  expect((await first.over())?.message).toContain("opened elsewhere");
  second.terminal.close();
});

verifies("WSP9", "a shell that the sandbox refuses is closed with the reason and not asked for again, and a large output arrives whole", async () => {
  const fresh = await stack.idleSession();
  const shells: Shell[] = [];
  for (let i = 0; i < 8; i++) shells.push(await new Shell(fresh, { name: `s${i}` }).opened());
  const ninth = new Shell(fresh);
  const error = await ninth.over();
  expect([error?.code, ninth.states]).toEqual(["conflict", ["closed"]]);
  expect(error?.message).toContain("end one");
  shells[0]?.terminal.write("seq 1 200000; echo al''l\r");
  await shells[0]?.says("200000\r\nall");
  for (const { terminal } of shells) terminal.close();
});

verifies("WSP3", "who may only watch gets no ticket, and a ticket opens one socket, of its own session, and nothing of the stream", async () => {
  const { url } = await stack.berth.invitations.create({ email: "vi@example.com", role: "viewer" });
  const viewer = await acceptInvitation(browser, url ?? "", "Vi");
  await asPerson(browser, stack.url, viewer, async ({ tab }) => {
    const page = await tab(`${stack.url}/sessions/${session.id}`);
    await page.getByText("You can watch this session").waitFor();
    expect(await page.getByRole("button", { name: "Terminal" }).count()).toBe(0);
    const status = await page.evaluate(async (path) => (await fetch(path, { method: "POST", headers: { "content-type": "application/json", "idempotency-key": "k" }, body: '{"what":"terminal"}' })).status, `/v1/sessions/${session.id}/workspace-ticket`);
    expect(status).toBe(403);
  }, [/403/]);

  const ask = (id: string, query: string): Promise<string> =>
    new Promise((resolve) => {
      const socket = new WebSocket(`${stack.url.replace("http", "ws")}/v1/sessions/${id}/${query}`);
      socket.addEventListener("message", ({ data }) => resolve(typeof data === "string" ? data : "bytes"));
      socket.addEventListener("close", ({ code }) => resolve(`closed ${code}`));
    });
  const ticket = async (): Promise<string> => {
    const response = await fetch(`${stack.url}/v1/sessions/${session.id}/workspace-ticket`, {
      method: "POST",
      headers: { authorization: `Bearer ${stack.apiKey}`, "content-type": "application/json" },
      body: '{"what":"terminal"}',
    });
    return ((await response.json()) as { ticket: string }).ticket;
  };
  const other = await stack.idleSession();
  const size = "name=t&cols=80&rows=24";
  expect(await ask(other.id, `terminal?${size}&ticket=${await ticket()}`)).toBe("closed 4401");
  const once = await ticket();
  expect(JSON.parse(await ask(session.id, `terminal?${size}&ticket=${once}`))).toEqual({ type: "opened", fresh: true });
  expect(await ask(session.id, `terminal?${size}&ticket=${once}`)).toBe("closed 4401");
  expect(await ask(session.id, `stream?ticket=${await ticket()}`)).toBe("closed 1006");
  const stream = await fetch(`${stack.url}/v1/sessions/${session.id}/stream-ticket`, { method: "POST", headers: { authorization: `Bearer ${stack.apiKey}` } });
  expect(await ask(session.id, `terminal?${size}&ticket=${((await stream.json()) as { ticket: string }).ticket}`)).toBe("closed 1006");
  expect(await ask(session.id, `terminal?${size}`)).toBe("closed 1006");
});

verifies("WSP4", "whoever may not act in the session any more is sent away within a minute, and so is everybody when its sandbox is gone", async () => {
  const { id } = await stack.berth.sessions.create({ model: "demo/demo" });
  const mine = stack.berth.session(id);
  await untilStatus(mine, ["idle"]);
  const key = await stack.berth.apiKeys.create({ name: "for a while", scopes: ["sessions:read", "sessions:write"] });
  const [theirs, ours] = [new Berth({ baseUrl: stack.url, apiKey: key.key }).session(id), mine];
  const [one, two] = await Promise.all([new Shell(theirs).opened(), new Shell(ours).opened()]);
  const atFirst = two.states.length;
  const since = performance.now();
  await stack.berth.apiKeys.revoke(key.id);
  expect((await one.over())?.status).toBe(401);
  expect(performance.now() - since).toBeLessThan(60_000);
  expect(two.states.slice(atFirst), "nobody else is disturbed").toEqual([]);
  await mine.hibernate();
  expect((await two.over())?.code).toBe("conflict");
});

const shown = (page: Page): Promise<string> => page.getByTestId("terminal-screen").innerText();

verifies("WSP5", "on the page a terminal is typed into, is there again after a reload, and says when the sandbox sleeps", async () => {
  await asPerson(browser, stack.url, owner, async ({ tab }) => {
    const page = await tab(`${stack.url}/sessions/${session.id}`);
    await page.getByRole("button", { name: "Terminal" }).click();
    await page.getByTestId("terminal-screen").waitFor();
    const type = async (text: string): Promise<void> => {
      await page.getByRole("textbox", { name: /^Terminal/ }).pressSequentially(text);
      await page.keyboard.press("Enter");
    };
    const sees = (text: string): Promise<number> => eventually(`the screen shows ${text}`, async () => ((await shown(page)).replaceAll("\u00a0", " ").includes(text) ? true : shown(page)), 20_000);
    await eventually("a prompt", async () => (/[$#]/.test(await shown(page)) ? true : shown(page)), 20_000);
    await type("printf '\\033[38;2;12;101;119mno%snce\\033[0m \\033[31mred\\033[0m\\n' $((40+2)); kept=yes");
    await sees("no42nce");
    // A colour that no theme has, which is a style of its own.
    expect(await page.evaluate("[...document.querySelectorAll('.xterm-rows span')].some((span) => getComputedStyle(span).color === 'rgb(12, 101, 119)')")).toBe(true);
    await picture(page, "terminal");
    await page.reload();
    await page.getByRole("button", { name: "Terminal" }).click();
    await page.getByRole("textbox", { name: /^Terminal/ }).waitFor();
    await sees("no42nce");
    await type("echo [$kept]");
    await sees("[yes]");
    await page.keyboard.press("Control+Shift+Escape");
    expect(await page.evaluate("document.activeElement?.getAttribute('aria-label')")).toContain("Close the terminal");
    await type("exit 4");
    await page.getByText("The shell ended with code 4.").waitFor();
    await picture(page, "terminal-ended");
    await page.getByRole("button", { name: "New shell" }).click();
    await eventually("a new shell", async () => ((await shown(page)).includes("exit 4") ? "the old one" : true), 20_000);
    await session.hibernate();
    await page.getByText("The sandbox is asleep.").waitFor();
    await picture(page, "terminal-asleep");
    await page.getByRole("button", { name: "Wake it" }).click();
    await page.getByTestId("terminal-screen").waitFor();
    await eventually("a prompt", async () => (/[$#]/.test(await shown(page)) ? true : shown(page)), 40_000);
    await type("echo aw$((40+2))ake");
    await sees("aw42ake");
  }, [/WebSocket connection/, /409/]);
});
