/** Files of a running sandbox, by the SDK, and on the page in Chromium. `PICTURES=<folder>` also takes pictures. */
import { createHash } from "node:crypto";
import { Berth, type BerthError, type SessionClient } from "@berth/sdk";
import { verifies } from "@berth/testkit";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { bash } from "./support/bash.ts";
import { openBrowser, signIn, type Cookies } from "./support/browser.ts";
import { asPerson, picture } from "./support/chat-page.ts";
import { startTestStack, untilStatus, type TestStack } from "./support/stack.ts";

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

const sum = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const failure = (done: Promise<unknown>): Promise<BerthError> => done.then(() => Promise.reject(new Error("it was not refused")), (error: BerthError) => error);

verifies(["WSP11", "FIL3"], "a file that is written is the agent's to read, is listed, is read back whole, and is in what the session changed", async () => {
  const bytes = Uint8Array.from({ length: 5_000_003 }, (_, i) => (i * 31 + (i >> 8)) % 256);
  expect(await session.writeFile("data/numbers.bin", bytes)).toEqual({ path: "data/numbers.bin", size: bytes.length });
  expect(await bash(session, "sha256sum data/numbers.bin | cut -d' ' -f1")).toBe(sum(bytes));
  expect(sum(await session.readFile("data/numbers.bin"))).toBe(sum(bytes));
  await bash(session, "printf 'by the agent' > from-agent.txt");
  expect(new TextDecoder().decode(await session.readFile("from-agent.txt"))).toBe("by the agent");
  expect(await session.files()).toMatchObject({ path: "", truncated: false, entries: [{ name: ".git" }, { name: "data", kind: "folder" }, { name: "from-agent.txt", kind: "file", size: 12 }] });
  await session.writeFile("empty.txt", "");
  expect((await session.diff()).files.map(({ path }) => path).toSorted()).toEqual(["data/numbers.bin", "empty.txt", "from-agent.txt"]);
});

verifies(["WSP6", "WSP11", "FIL2"], "what leads out of the work folder, what is not there and who may not is refused in words, and so is everything while it sleeps", async () => {
  await bash(session, "ln -s $HOME out && ln -s $BERTH_TOKEN_FILE token");
  for (const path of ["../x", "/etc/passwd", "out/.berth-runtime", "token"]) expect((await failure(session.readFile(path))).code, path).toBe("forbidden");
  expect((await failure(session.files("out"))).code).toBe("forbidden");
  expect((await failure(session.writeFile("out/x", "x"))).code).toBe("forbidden");
  expect((await failure(session.readFile("none"))).code).toBe("not-found");
  expect((await failure(session.readFile(""))).code).toBe("invalid-field");
  const key = await stack.berth.apiKeys.create({ name: "reads", scopes: ["sessions:read"] });
  const reader = new Berth({ baseUrl: stack.url, apiKey: key.key }).session(session.id);
  for (const done of [reader.files(), reader.readFile("from-agent.txt"), reader.writeFile("x", "x")]) expect((await failure(done)).status).toBe(403);
  expect((await failure(stack.berth.session("ses_00000000000000000000000000").files())).status).toBe(404);
  const { id } = await stack.berth.sessions.create({ model: "demo/demo" });
  const other = stack.berth.session(id);
  await untilStatus(other, ["idle"]);
  await other.hibernate();
  await untilStatus(other, ["hibernated"]);
  expect(await failure(other.files())).toMatchObject({ code: "conflict", fix: expect.stringContaining("Resume") });
});

verifies("WSP12", "on the page the work folder is gone through, looked at, downloaded from, and uploaded to by a button and by dropping", async () => {
  await bash(session, "mkdir -p pages/deep && printf 'line one\\nline two\\n' > pages/deep/read-me.txt && printf '\\0\\1' > pages/binary");
  await asPerson(browser, stack.url, owner, async ({ tab }) => {
    const page = await tab(`${stack.url}/sessions/${session.id}`);
    await page.getByRole("button", { name: "Files" }).click();
    const dialog = page.getByRole("dialog", { name: "Files" });
    await dialog.getByRole("button", { name: /^pages/ }).click();
    await dialog.getByRole("button", { name: /^binary/ }).waitFor();
    await picture(page, "files");
    await dialog.getByTestId("upload").setInputFiles({ name: "by-button.txt", mimeType: "text/plain", buffer: Buffer.from("chosen") });
    await dialog.getByRole("button", { name: /^by-button\.txt/ }).waitFor();
    const dropped = await page.evaluateHandle(`(() => { const files = new DataTransfer(); files.items.add(new File(["let go"], "by-drop.txt")); return files; })()`);
    await dialog.getByRole("list", { name: "pages" }).dispatchEvent("drop", { dataTransfer: dropped });
    await dialog.getByRole("button", { name: /^by-drop\.txt/ }).waitFor();
    expect(await bash(session, "cat pages/by-button.txt pages/by-drop.txt")).toBe("chosenlet go");
    const [download] = await Promise.all([page.waitForEvent("download"), dialog.getByRole("button", { name: "Download by-drop.txt" }).click()]);
    expect(download.suggestedFilename()).toBe("by-drop.txt");
    await dialog.getByRole("button", { name: /^deep/ }).click();
    await dialog.getByRole("button", { name: /^read-me/ }).click();
    await dialog.getByLabel("pages/deep/read-me.txt").getByText("line two").waitFor();
    await picture(page, "files-text");
    await dialog.getByRole("button", { name: "pages" }).click();
    await dialog.getByRole("button", { name: /^binary/ }).click();
    await dialog.getByText("It is no text.").waitFor();
    await session.hibernate();
    await untilStatus(session, ["hibernated"]);
    await dialog.getByText("The sandbox is asleep.").waitFor();
    await picture(page, "files-asleep");
    await dialog.getByRole("button", { name: "Wake it" }).click();
    await dialog.getByRole("button", { name: /^pages/ }).waitFor();
  }, [/409/]);
});
