/**
 * The page's cases: plain functions on a signed-in page of any Berth that has the demo model, so that the in-memory
 * server and a whole running instance go through the same ones.
 */
import type { Browser, BrowserContext, Page } from "playwright-core";

export interface PageCaseContext {
  readonly baseUrl: string;
  /** Signs a new browser context in. */
  readonly signIn: (context: BrowserContext) => Promise<void>;
  readonly browser: Browser;
  readonly timeoutMs: number;
}

export interface PageCase {
  readonly name: string;
  run(context: PageCaseContext): Promise<void>;
}

export const pageCases: readonly PageCase[] = [
  {
    name: "a prompt is typed, a command runs, and its output and the answer are shown",
    run: (context) =>
      onPage(context, async (page) => {
        await begin(page, "!bash echo from-the-page\n!say all done here");
        const transcript = page.getByTestId("transcript");
        await transcript.locator("[data-tool=bash][data-status=completed]").getByText("from-the-page").last().waitFor();
        await transcript.locator("p", { hasText: "all done here" }).first().waitFor();
        await page.getByText("Demo model").first().waitFor();
      }),
  },
  {
    name: "a reload loses nothing: neither the conversation nor what was typed and not sent",
    run: (context) =>
      onPage(context, async (page) => {
        await begin(page, "!say remember me");
        await isOver(page);
        await page.getByTestId("composer").fill("half a thought");
        const before = await answers(page);
        await page.reload();
        await page.getByTestId("transcript").locator("p", { hasText: "remember me" }).first().waitFor();
        equal(await answers(page), before, "the conversation after a reload");
        equal(await page.getByTestId("composer").inputValue(), "half a thought", "the draft");
      }),
  },
  {
    name: "two tabs show the same, also what one of them sends",
    run: (context) =>
      onPage(context, async (page, browserContext) => {
        await begin(page, "!say first");
        await isOver(page);
        const other = await browserContext.newPage();
        other.setDefaultTimeout(context.timeoutMs);
        await other.goto(page.url());
        await other.getByTestId("transcript").locator("p", { hasText: "first" }).first().waitFor();
        await say(page, "!say second");
        await other.getByTestId("transcript").locator("p", { hasText: "second" }).first().waitFor();
        await isOver(page, 2);
        await isOver(other, 2);
        equal(await answers(other), await answers(page), "the other tab");
      }),
  },
  {
    name: "a running turn is stopped, and a queued message is cancelled",
    run: (context) =>
      onPage(context, async (page) => {
        await begin(page, "!stream 3000 40");
        await page.getByTestId("stop").waitFor();
        await say(page, "never to be run");
        await page.getByLabel("Queued messages").getByText("never to be run").waitFor();
        await page.getByRole("button", { name: "Cancel: never to be run" }).click();
        await page.getByLabel("Queued messages").waitFor({ state: "detached" });
        await page.getByTestId("stop").click();
        await page.getByText("Stopped by you").waitFor();
        await page.getByTestId("stop").waitFor({ state: "detached" });
      }),
  },
  {
    name: "a question of the agent is answered by a press",
    run: (context) =>
      onPage(context, async (page) => {
        await begin(page, "!ask Which colour? | Red | Yes");
        const card = page.getByRole("form", { name: "Question of the agent" });
        await card.getByRole("radio", { name: /Yes/ }).check();
        await card.getByRole("button", { name: "Answer" }).click();
        await card.waitFor({ state: "detached" });
        await isOver(page);
      }),
  },
  {
    name: "what a model writes is shown and never executed or fetched",
    run: (context) =>
      onPage(context, async (page) => {
        const fetched: string[] = [];
        page.on("request", (request) => fetched.push(request.url()));
        await begin(page, '!say <img src="http://evil.example/a.png" onerror="document.title=\'owned\'"> ![x](http://evil.example/b.png) [link](javascript:alert(1)) <script>document.title="owned"</script> end-of-text');
        await page.getByTestId("transcript").locator("p", { hasText: "end-of-text" }).first().waitFor();
        await isOver(page);
        equal(fetched.filter((url) => url.includes("evil.example")), [], "requests to what the model named");
        equal((await page.title()).includes("owned"), false, "the page's title");
        equal(await page.getByTestId("transcript").locator("img, script, [onerror], a[href^=javascript]").count(), 0, "elements that could act");
      }),
  },
  {
    name: "an API key is made, shown once, and revoked",
    run: (context) =>
      onPage(context, async (page) => {
        await page.goto(`${context.baseUrl}/settings`);
        const name = `page ${Date.now().toString(36)}`;
        await page.getByRole("button", { name: "New API key" }).click();
        await page.getByLabel("Name", { exact: true }).fill(name);
        await page.getByRole("button", { name: "Create" }).click();
        await page.getByText("it is not shown again").waitFor();
        await page.getByRole("button", { name: "Done" }).click();
        await page.getByRole("button", { name: `Revoke ${name}` }).click();
        await page.getByRole("button", { name: "Revoke", exact: true }).click();
        await page.getByRole("button", { name: `Revoke ${name}` }).waitFor({ state: "detached" });
      }),
  },
  {
    name: "nothing that is said of an API key is cut, however narrow the page",
    run: (context) =>
      onPage(context, async (page) => {
        for (const width of [1280, 390]) {
          await page.setViewportSize({ width, height: 800 });
          await page.goto(`${context.baseUrl}/settings`);
          const row = page.getByRole("list", { name: "API keys" }).getByRole("listitem").first();
          await row.getByText(/does not expire|expires/).waitFor();
          const cut = await row.locator("strong, span").evaluateAll((parts) => parts.filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth).map(({ textContent }) => textContent));
          equal(cut, [], `what is cut at ${width}`);
          equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, `the page fits ${width}`);
        }
      }),
  },
  {
    name: "the organization and oneself are renamed where their names stand, and the page says so at once",
    run: (context) =>
      onPage(context, async (page) => {
        await page.goto(`${context.baseUrl}/settings`);
        const instance = page.getByRole("region", { name: "This instance" });
        for (const what of ["the organization", "yourself"]) {
          const name = `Renamed ${Date.now().toString(36)}`;
          await instance.getByRole("button", { name: `Rename ${what}` }).click();
          await instance.getByLabel("New name").fill(name);
          await instance.getByRole("button", { name: "Rename", exact: true }).click();
          await instance.getByText(name).waitFor();
          // At the foot of the sidebar too, which asked for it by itself.
          await page.getByText(name).nth(1).waitFor();
        }
      }),
  },
  {
    name: "an environment is added, changed, chosen for a session and deleted, and a name that is taken is refused at its field",
    run: (context) =>
      onPage(context, async (page) => {
        const settings = `${context.baseUrl}/settings/environments`;
        const name = `Page ${Date.now().toString(36)}`;
        await page.goto(settings);
        const add = async (variable: string): Promise<void> => {
          await page.getByRole("button", { name: "Add an environment" }).click();
          const form = page.getByRole("form", { name: "Add an environment" });
          await form.getByLabel("Name", { exact: true }).fill(name);
          await form.getByRole("button", { name: "Add a variable" }).click();
          await form.getByLabel("Name", { exact: true }).nth(1).fill(variable);
          await form.getByLabel("Value").fill("one");
          await form.getByRole("button", { name: "Add it" }).click();
        };
        await add("page_mode");
        const row = page.getByRole("listitem").filter({ hasText: name });
        await row.getByText("1 variable").waitFor();
        await add("OTHER");
        await page.getByRole("form", { name: "Add an environment" }).getByLabel("Name", { exact: true }).first().and(page.locator("[aria-invalid=true]")).waitFor();
        await page.getByRole("button", { name: "Cancel" }).click();
        await row.getByRole("button", { name: `Change ${name}` }).click();
        equal(await row.getByLabel("Name", { exact: true }).nth(1).inputValue(), "PAGE_MODE", "the variable's name");
        await row.getByLabel("Setup script").fill("echo set up");
        await row.getByRole("button", { name: "Add a port" }).click();
        await row.getByLabel("Port", { exact: true }).fill("5173");
        await row.getByLabel("What it is").fill("web");
        await row.getByLabel("Memory in MB").fill("512");
        await row.getByRole("button", { name: "Save" }).click();
        await row.getByText("1 variable, a setup script and 1 port").waitFor();
        await page.goto(context.baseUrl);
        await page.getByTestId("environment-picker").selectOption(name);
        await begin(page, "!say it has begun");
        await isOver(page);
        await page.getByTitle("The environment that the sandbox began with").getByText(name).waitFor();
        await page.goto(settings);
        await row.getByRole("button", { name: `Delete ${name}` }).click();
        await row.getByRole("button", { name: "Delete with its secrets" }).click();
        await row.waitFor({ state: "detached" });
      }),
  },
  {
    name: "a session is deleted, and its address says so",
    run: (context) =>
      onPage(context, async (page) => {
        await begin(page, "!say to be deleted");
        await isOver(page);
        const address = page.url();
        await page.getByRole("button", { name: "More actions" }).click();
        await page.getByRole("menuitem", { name: "Delete session" }).click();
        await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
        await page.getByText("What should the agent work on?").waitFor();
        await page.goto(address);
        await page.getByText("This session is gone").waitFor();
      }),
  },
];

async function onPage(context: PageCaseContext, act: (page: Page, browserContext: BrowserContext) => Promise<void>): Promise<void> {
  const browserContext = await context.browser.newContext();
  const errors: string[] = [];
  try {
    await context.signIn(browserContext);
    const page = await browserContext.newPage();
    page.setDefaultTimeout(context.timeoutMs);
    page.on("pageerror", (error) => errors.push(error.message));
    page.on("console", (message) => {
      if (/Content Security Policy/i.test(message.text())) errors.push(message.text());
    });
    await page.goto(context.baseUrl);
    await act(page, browserContext);
  } finally {
    await browserContext.close();
  }
  equal(errors, [], "errors on the page");
}

/** A new session with the demo model. */
async function begin(page: Page, prompt: string): Promise<void> {
  const demo = await page.getByTestId("model-picker").locator("option", { hasText: "Demo" }).first().getAttribute("value");
  await page.getByTestId("model-picker").selectOption(demo);
  await say(page, prompt);
  await page.waitForURL(/\/sessions\//);
}

async function say(page: Page, text: string): Promise<void> {
  await page.getByTestId("composer").fill(text);
  await page.getByTestId("composer").press("Enter");
}

/** So many turns completed, and the session takes the next. */
async function isOver(page: Page, turns = 1): Promise<void> {
  await page.locator("article[data-status=completed]").nth(turns - 1).waitFor();
  await page.locator("[role=status][data-status=idle]").waitFor();
}

function answers(page: Page): Promise<string[]> {
  return page.locator("article").allInnerTexts();
}

function equal(actual: unknown, expected: unknown, what: string): void {
  const [left, right] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (left !== right) throw new Error(`${what}: expected ${right}, got ${left}`);
}
