/** A session whose agent is spoken to over the Agent Client Protocol, on the running system: OpenCode in that mode, behind the broker. */
import { randomInt } from "node:crypto";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { verifies } from "@berth/testkit";
import { destroySandbox } from "./checkpoint/lost-sandbox.ts";
import { agentPids, processesOfSandbox } from "./kill/victims.ts";
import { openBrowser, signIn } from "./support/browser.ts";
import { asPerson, beginSession, picture } from "./support/chat-page.ts";
import { MODEL, startTestStack, untilStatus, type TestStack } from "./support/stack.ts";
import { eventually } from "./support/waiting.ts";
import { Watched } from "./support/watched.ts";

const TEST_MS = 300_000;
const OVER_WITHIN_MS = 120_000;
const WORD = "heliotrope";

let stack: TestStack;
let watched: Watched;

beforeAll(async () => {
  stack = await startTestStack();
  const { id } = await stack.berth.sessions.create({ model: MODEL, agent: "acp", permissions: { "*": "allow", bash: { "*": "allow", "date *": "ask" } } });
  watched = new Watched(stack.berth.session(id));
  await watched.until("the session is ready", ({ status }) => status === "idle", OVER_WITHIN_MS);
}, TEST_MS);

afterAll(async () => {
  watched?.close();
  await stack?.end();
}, TEST_MS);

async function completed(text: string): Promise<string> {
  const { id } = await watched.session.send(text);
  expect(await watched.isOver(id, OVER_WITHIN_MS)).toBe("completed");
  return id;
}

async function slept(): Promise<void> {
  const after = watched.all("session.status").at(-1)?.seq ?? 0;
  await watched.session.hibernate();
  await untilStatus(watched.session, ["hibernated"], after, OVER_WITHIN_MS);
}

describe("a session with agent acp", () => {
  verifies("ACP1", "says which agent it has and what that cannot do, and runs it in that mode", async () => {
    const session = await watched.session.get();
    expect(session.agent).toBe("acp");
    expect(Object.keys(session.agentCannot ?? {}).toSorted()).toEqual(["ask", "steer", "tell-retries"]);
    const commands = processesOfSandbox(session.id).filter(({ isInside }) => isInside).map(({ command }) => command.split(" ").slice(-1)[0]);
    expect(commands).toContain("acp");
    // A sandbox that waited for its session had the usual one ready, which is not wanted then.
    await eventually("no other agent", () => (agentPids(session.id).length === 0 ? true : "there is one"), OVER_WITHIN_MS);
  }, TEST_MS);

  verifies("ACP1", "is begun and shown with its agent on the page", async () => {
    const browser = await openBrowser();
    try {
      await asPerson(browser, stack.url, await signIn(browser, stack.signInUrl), async ({ tab }) => {
        const page = await tab(`${stack.url}/sessions/${watched.session.id}`);
        await page.getByTestId("agent").getByText("OpenCode over ACP").waitFor();
        const begun = await tab();
        await begun.getByTestId("agent-picker").selectOption("acp");
        await picture(begun, "agent-picker");
        await beginSession(begun, "!say begun");
        await begun.getByTestId("agent").getByText("OpenCode over ACP").waitFor();
        const session = stack.berth.session(begun.url().split("/").at(-1) ?? "");
        expect((await session.get()).agent).toBe("acp");
        await session.remove();
      });
    } finally {
      await browser.close();
    }
  }, TEST_MS);

  verifies("ACP2", "streams text, calls a tool, and counts what the broker counted", async () => {
    const id = await completed(`remember the word ${WORD}\n!say before\n!bash echo done; sleep 0.3`);
    expect(watched.texts(id)[0]).toBe("before");
    expect(watched.outputs(id)).toEqual([expect.stringContaining("done")]);
    expect((await watched.tool(id)).data.part.tool).toMatchObject({ name: "bash", input: { command: "echo done; sleep 0.3" } });
    const ended = await watched.first("run.ended", ({ messageId }) => messageId === id);
    expect(ended.data.usage?.outputTokens).toBeGreaterThan(0);
    expect((await watched.first("session.updated", ({ data }) => data.title !== undefined)).data.title).not.toBe("");
  }, TEST_MS);

  verifies("ACP2", "asks for permission, runs what was granted and not what was refused", async () => {
    const [yes, no] = [randomInt(100_000, 999_999), randomInt(100_000, 999_999)];
    const { id } = await watched.session.send(`!bash date +${yes}`);
    const asked = await watched.first("permission.asked", ({ messageId }) => messageId === id);
    expect(asked.data).toMatchObject({ tool: "bash", title: `date +${yes}` });
    await watched.session.answer(asked.data.requestId, { kind: "permission", reply: "once" });
    expect(await watched.isOver(id, OVER_WITHIN_MS)).toBe("completed");
    expect(watched.outputs(id).join()).toContain(String(yes));
    const { id: second } = await watched.session.send(`!bash date +${no}`);
    const again = await watched.first("permission.asked", ({ messageId }) => messageId === second);
    await watched.session.answer(again.data.requestId, { kind: "reject" });
    await watched.isOver(second, OVER_WITHIN_MS);
    expect(watched.outputs(second).join()).not.toContain(String(no));
  }, TEST_MS);

  verifies("ACP2", "is stopped inside a tool, and a message that was to steer waits for its turn", async () => {
    const { id } = await watched.session.send("!bash sleep 120");
    await watched.tool(id, OVER_WITHIN_MS);
    const { id: next } = await watched.session.send("!say after the stop", { delivery: "steer" });
    await watched.session.stop();
    expect(await watched.isOver(id, OVER_WITHIN_MS)).toBe("stopped");
    expect(await watched.isOver(next, OVER_WITHIN_MS)).toBe("completed");
    expect(watched.texts(next)).toEqual(["after the stop"]);
  }, TEST_MS);

  verifies("ACP3", "remembers the first turn after it slept, and after its sandbox was destroyed with its folder", async () => {
    await slept();
    expect(watched.texts(await completed("!recall")).join()).toContain(WORD);
    await slept();
    destroySandbox(stack, watched.session.id);
    expect(watched.texts(await completed("!recall")).join()).toContain(WORD);
    expect((await watched.session.get()).agent).toBe("acp");
  }, TEST_MS);
});
