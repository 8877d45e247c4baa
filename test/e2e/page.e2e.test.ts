/** The chat page in a real browser on a running instance with the real agent. `PICTURES=<folder>` also takes pictures. */
import { execFileSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { createServer } from "node:http";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBrowser, signIn, type Cookies } from "./support/browser.ts";
import { asPerson, beginSession, picture, say, turns, untilOver, type Person } from "./support/chat-page.ts";
import { MODEL, startTestStack, workFile, type TestStack } from "./support/stack.ts";

let modelServer: ReturnType<typeof createServer>;
let modelOrigin: string;
let stack: TestStack;
let browser: Browser;
let cookies: Cookies;

beforeAll(async () => {
  modelServer = createServer((_request, response) => {
    response.writeHead(401, { "content-type": "application/json" }).end(JSON.stringify({ error: { message: "Incorrect API key provided" } }));
  });
  await new Promise<void>((resolve) => modelServer.listen(0, "127.0.0.1", resolve));
  modelOrigin = `http://127.0.0.1:${(modelServer.address() as AddressInfo).port}`;
  [stack, browser] = await Promise.all([startTestStack({ allowOrigins: [modelOrigin] }), openBrowser()]);
  cookies = await signIn(browser, stack.signInUrl);
});

afterAll(async () => {
  await browser?.close();
  await stack?.end();
  modelServer?.close();
});

function person(act: (person: Person) => Promise<void>, expected?: readonly RegExp[]): Promise<void> {
  return asPerson(browser, stack.url, cookies, act, expected);
}

/** A sum that only what runs the command can know. */
function nonce(): { readonly command: string; readonly result: string } {
  const [a, b] = [randomInt(1_000, 10_000), randomInt(1_000, 10_000)];
  return { command: `echo result-$((${a}*${b}))`, result: `result-${a * b}` };
}

const tool = (page: Page) => page.getByTestId("transcript").locator("[data-tool=bash]");

test("[PAGE1] the sign-in link signs in once; without it there is nothing to see", async () => {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(stack.url);
    await page.getByText(/sign-in link|sign in/i).first().waitFor();
    expect(await page.getByTestId("composer").count()).toBe(0);
    await picture(page, "signed-out");
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(390);
    await page.goto(stack.signInUrl);
    await page.waitForLoadState();
    expect(await page.getByTestId("composer").count()).toBe(0);
    await picture(page, "link-used");
  } finally {
    await context.close();
  }
});

test("[PAGE2] a prompt runs a command in the sandbox; text before and after it streams; a reload and a second tab show the same", () =>
  person(async ({ tab }) => {
    const page = await tab();
    await picture(page, "new");
    const { command, result } = nonce();
    await beginSession(page, `!say Before the command.\n!bash ${command}\n!say After the command.`);
    await page.getByTestId("transcript").getByText(command).first().waitFor();
    await picture(page, "starting");
    await tool(page).and(page.locator("[data-status=completed]")).getByText(result).last().waitFor();
    await untilOver(page);
    const before = await turns(page);
    expect(before.join("\n")).toMatch(new RegExp(`Before the command[^]*${result}[^]*After the command`));
    await picture(page, "tool-call");

    const other = await tab(page.url());
    await untilOver(other);
    expect(await turns(other)).toEqual(before);
    await page.reload();
    await untilOver(page);
    expect(await turns(page)).toEqual(before);

    await say(other, "!say From the other tab.");
    await untilOver(page, 2);
    await untilOver(other, 2);
    expect(await turns(page)).toEqual(await turns(other));
  }));

test("[PAGE3] a message sent meanwhile waits as a chip, can be cancelled, and a queued one runs next", () =>
  person(async ({ tab }) => {
    const page = await tab();
    // However long the rest takes, the first turn goes on until the file is there.
    await beginSession(page, "!bash until [ -e go ]; do sleep 0.2; done");
    await tool(page).and(page.locator("[data-status=running]")).waitFor();
    await say(page, "!say never to be run");
    await say(page, "!say the one that stays");
    const chips = page.getByLabel("Queued messages");
    await chips.getByText("the one that stays").waitFor();
    await picture(page, "queue");
    await page.getByRole("button", { name: "Cancel: !say never to be run" }).click();
    await chips.getByText("never to be run").waitFor({ state: "detached" });
    writeFileSync(workFile(stack, new URL(page.url()).pathname.split("/").at(-1) ?? "", "go"), "");
    await untilOver(page, 2);
    const said = (await turns(page)).join("\n");
    expect(said).toContain("the one that stays");
    expect(said).not.toContain("never to be run");
  }));

test("[MSK4][MSK5] a credential that a command prints is covered, and the page says what was", () =>
  person(async ({ tab }) => {
    const page = await tab();
    // Put together by the command: what a person writes is shown as it was written.
    await beginSession(page, `!say Printing it now.\n!bash printf 'ghp_%s and on\\n' ${"a1B2".repeat(9)}`);
    await untilOver(page);
    const said = (await turns(page)).join("\n");
    expect(said).toContain("Hidden in this answer: what looks like a credential (github-pat)");
    expect(said).toContain(`${"•".repeat(40)} and on`);
    await picture(page, "masked");
  }));

test("[PAGE4] a running command is stopped, and the session takes the next prompt", () =>
  person(async ({ tab }) => {
    const page = await tab();
    await beginSession(page, "!bash sleep 600");
    await tool(page).and(page.locator("[data-status=running]")).waitFor();
    await picture(page, "running");
    await page.getByTestId("stop").click();
    await page.getByText("Stopped by you").waitFor();
    await page.getByTestId("stop").waitFor({ state: "detached" });
    const { command, result } = nonce();
    await say(page, `!bash ${command}`);
    await tool(page).getByText(result).last().waitFor();
    await untilOver(page);
    await picture(page, "stopped");
  }));

test("[PAGE5] a tab that joins in the middle of an answer sees the whole of it", () =>
  person(async ({ tab }) => {
    const page = await tab();
    await beginSession(page, "!stream 200 50");
    const answer = page.locator("article").first().locator("p").last();
    await expect.poll(async () => (await answer.innerText()).length, { timeout: 60_000 }).toBeGreaterThan(60);
    const joined = await tab(page.url());
    await joined.locator("article[data-status=running]").waitFor();
    await untilOver(page);
    await untilOver(joined);
    const whole = await turns(page);
    expect(await turns(joined)).toEqual(whole);
    const session = stack.berth.session(new URL(page.url()).pathname.split("/").at(-1) ?? "");
    const texts: string[] = [];
    for await (const event of session.events({ after: 0, signal: AbortSignal.timeout(30_000) })) {
      if (event.type === "part.ended" && event.data.part.kind === "text") texts.push(event.data.part.text ?? "");
      if (event.type === "run.ended") break;
    }
    const plain = (text: string): string => text.replace(/\s+/g, " ").trim();
    for (const text of texts) expect(plain(whole.join("\n"))).toContain(plain(text));
  }));

test("[PAGE6] a permission is asked by a card and granted by a press", () =>
  person(async ({ tab, origin }) => {
    const { command, result } = nonce();
    const { id } = await stack.berth.sessions.create({ model: MODEL, permissions: { "*": "allow", bash: "ask" }, prompt: `!bash ${command}` });
    const page = await tab(`${origin}/sessions/${id}`);
    const card = page.getByRole("region", { name: /^Permission:/ });
    await card.getByText(command).first().waitFor();
    await picture(page, "permission");
    expect(await page.getByText(result).count()).toBe(0);
    await card.getByRole("button", { name: "Allow once" }).click();
    await tool(page).getByText(result).last().waitFor();
    await untilOver(page);
    await page.getByText(/Allowed once/).waitFor();
  }));

test("[PAGE7] a question is answered by choosing", () =>
  person(async ({ tab }) => {
    const page = await tab();
    await beginSession(page, "!ask Which colour? | Red | Blue");
    const card = page.getByRole("form", { name: "Question of the agent" });
    await card.getByRole("radio", { name: "Blue" }).check();
    await picture(page, "question");
    await card.getByRole("button", { name: "Answer" }).click();
    await card.waitFor({ state: "detached" });
    await untilOver(page);
    expect((await turns(page)).join("\n")).toMatch(/Which colour\?\s+Blue/);
  }));

test("[PAGE8] work on a folder is applied to a branch; the checkout stays as it was", () => {
  const folder = mkdtempSync(join(tmpdir(), "berth-page-repo-"));
  const git = (...args: string[]): string => execFileSync("git", ["-C", folder, ...args], { encoding: "utf8" }).trim();
  git("init", "--quiet", "--initial-branch=main");
  writeFileSync(join(folder, "kept.txt"), "committed\n");
  git("add", "kept.txt");
  git("-c", "user.name=Page", "-c", "user.email=page@example.com", "commit", "--quiet", "--message=Start");
  writeFileSync(join(folder, "kept.txt"), "edited and not committed\n");
  return person(async ({ tab }) => {
    const page = await tab();
    const field = page.getByLabel(/Work on a folder/);
    await field.fill(join(folder, "missing"));
    await page.getByLabel(/Work on a folder/).and(page.locator("[aria-invalid=true]")).waitFor();
    await field.fill(folder);
    await page.getByText("Git repository on main").waitFor();
    await page.getByText("1 uncommitted file").waitFor();
    await picture(page, "folder");
    const word = `word-${randomInt(1e9)}`;
    await beginSession(page, `!write made.txt ${word}`);
    await untilOver(page);
    await page.getByRole("button", { name: "Apply to branch…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Branch").fill("berth/from-the-page");
    await picture(page, "apply");
    await dialog.getByRole("button", { name: "Apply", exact: true }).click();
    await dialog.getByText("1 file written to").waitFor();
    await picture(page, "applied");
    expect(git("show", "berth/from-the-page:made.txt")).toBe(word);
    expect(git("status", "--porcelain")).toBe("M kept.txt");
    await dialog.getByRole("button", { name: "Done" }).click();
  }, [/404|422/]).finally(() => rmSync(folder, { recursive: true, force: true }));
});

test("[PAGE9] a provider with a wrong key is refused beside the field, in words, and nothing is saved", () =>
  person(async ({ tab, origin }) => {
    const page = await tab(`${origin}/settings`);
    await page.getByRole("button", { name: "Add a provider" }).click();
    await page.getByLabel("Provider", { exact: true }).selectOption("custom");
    await page.getByLabel("Name", { exact: true }).fill("my-server");
    await page.getByLabel("Base URL").fill(`${modelOrigin}/v1`);
    const key = page.locator("input[type=password]");
    await key.fill("sk-example-wrong-key");
    await page.getByRole("button", { name: "Test and save" }).click();
    await key.and(page.locator("[aria-invalid=true]")).waitFor();
    await picture(page, "wrong-key");
    expect(await stack.berth.keys.list().all()).toEqual([]);
    expect(await page.locator("body").innerText()).not.toContain("sk-example-wrong-key");
  }, [/40[01]|422/]));

test("[PAGE10] an API key is shown once and works", () =>
  person(async ({ tab, origin }) => {
    const page = await tab(`${origin}/settings`);
    await page.getByRole("button", { name: "New API key" }).click();
    await page.getByLabel("Name", { exact: true }).fill("from the page");
    await page.getByRole("button", { name: "Create" }).click();
    const reveal = page.getByRole("status").filter({ hasText: "it is not shown again" });
    const key = (await reveal.locator("code").innerText()).trim();
    await picture(page, "api-key");
    const answer = await fetch(`${origin}/v1/me`, { headers: { authorization: `Bearer ${key}` } });
    expect(answer.status).toBe(200);
    await page.reload();
    await page.getByText("from the page").waitFor();
    expect(await page.content()).not.toContain(key);
    await picture(page, "settings");
  }));

test("[PAGE11] what a model writes is shown and neither executed nor fetched", () =>
  person(async ({ tab }) => {
    const page = await tab();
    await beginSession(page, `!say <img src="http://evil.example/a.png" onerror="document.title='owned'"> ![x](http://evil.example/b.png) [link](javascript:alert(1)) <script>document.title="owned"</script> end-of-text`);
    await untilOver(page);
    await page.locator("article p", { hasText: "end-of-text" }).last().waitFor();
    expect(await page.title()).not.toContain("owned");
    expect(await page.getByTestId("transcript").locator("img, script, [onerror], a[href^=javascript]").count()).toBe(0);
  }));

test("[PAGE12] the description of the API is a page of the instance", () =>
  person(async ({ tab, origin }) => {
    const page = await tab(`${origin}/docs`);
    await page.getByRole("heading", { name: /Berth API/ }).waitFor();
    expect(await page.locator("table").count()).toBeGreaterThan(0);
    await picture(page, "docs");
    await page.locator("details").first().click();
    await page.getByRole("link", { name: "Schemas" }).first().click();
    await picture(page, "docs-schemas");
  }));

test("[PAGE13] no page is wider than a phone, and a missing file is missing", () =>
  person(async ({ tab, origin }) => {
    const page = await tab();
    await page.setViewportSize({ width: 390, height: 844 });
    const { id } = await stack.berth.sessions.create({ model: MODEL, title: "A title that is much too long for a window as narrow as that of a phone" });
    for (const path of ["/", "/settings", `/sessions/${id}`, "/sessions/none", "/docs"]) {
      await page.goto(origin + path);
      await page.locator("h1:visible, h2:visible, [data-testid=composer]:visible").first().waitFor();
      expect(await page.evaluate("document.documentElement.scrollWidth"), path).toBeLessThanOrEqual(390);
    }
    expect((await fetch(`${origin}/assets/missing.js`)).status).toBe(404);
  }, [/404/]));
