/** A session at Modal, through the running system: the real SDK, the real runtime and the real agent, against a stand-in for Modal. */
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { suiteNeeds } from "@berth/testkit/needs";
import type { SessionClient } from "@berth/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ModalStandIn, TOKEN_ID, TOKEN_SECRET } from "../../src/adapters/sandbox/modal/stand-in/stand-in.testkit.ts";
import { bash as agentBash } from "./support/bash.ts";
import { logOf, startTestStack, turn, untilStatus, type TestStack } from "./support/stack.ts";
import { eventually } from "./support/waiting.ts";

const OPENCODE = join(dirname(createRequire(import.meta.url).resolve("opencode-ai/package.json")), "bin", "opencode.exe");

suiteNeeds("bubblewrap")("sessions at Modal", () => {
  const root = mkdtempSync(join(tmpdir(), "berth-e2e-modal-"));
  const modal = new ModalStandIn({ root, sharesNetwork: true, programs: { "/opt/berth/bin/opencode": OPENCODE } });
  let stack: TestStack;
  let session: SessionClient;

  beforeAll(async () => {
    await modal.open();
    stack = await startTestStack({ sandboxBackends: ["modal"] }, { hostVars: { MODAL_SERVER_URL: modal.url, MODAL_TOKEN_ID: TOKEN_ID, MODAL_TOKEN_SECRET: TOKEN_SECRET } });
    session = await stack.idleSession();
  });

  afterAll(async () => {
    await stack?.end();
    const left = modal.state.running().map(({ name }) => name);
    await modal.close();
    rmSync(root, { recursive: true, force: true });
    expect([left, modal.problems]).toEqual([[], []]);
  });

  const bash = (script: string): Promise<string> => agentBash(session, script);

  test("[MDL1] the agent works in a sandbox at Modal, and what it says comes to whoever listens", async () => {
    expect(await bash("echo $(pwd) $MODAL_SANDBOX_ID; cat /proc/self/status | grep NoNewPrivs")).toMatch(/^\/workspace\nNoNewPrivs:\s+1$/);
    const [last] = (await logOf(session)).slice(-1);
    await turn(session, "!say at Modal");
    const said = (await logOf(session, last?.seq ?? 0)).flatMap((event) => (event.type === "part.ended" && event.data.part.kind === "text" ? [event.data.part.text] : []));
    expect(said.join("\n")).toContain("at Modal");
    expect((await session.get()).sandbox).toMatchObject({ backend: "modal", epoch: 1 });
    expect(modal.state.running().map(({ name }) => name)).toEqual([`${session.id}-1`]);
    expect(modal.built[0]).toEqual(["FROM debian:bookworm-slim"]);
  });

  test("[MDL2] a session that sleeps has no sandbox, wakes in another one with its files, and keeps that one when the host is killed", async () => {
    await bash("echo half > done.txt");
    const before = (await logOf(session)).at(-1)?.seq ?? 0;
    await session.hibernate();
    await untilStatus(session, ["hibernated"], before);
    await eventually("no sandbox", () => (modal.state.running().length === 0 ? true : "there is one"), 30_000);
    expect(await bash("cat done.txt")).toBe("half");
    expect((await session.get()).sandbox).toMatchObject({ backend: "modal", epoch: 2 });
    const running = modal.state.running();
    expect(running.map(({ name }) => name)).toEqual([`${session.id}-2`]);
    const killedAt = new Date().toISOString();
    process.kill(stack.pids()["sandbox-host"] ?? 0, "SIGKILL");
    expect(await bash("cat done.txt")).toBe("half");
    expect((await session.get()).sandbox).toMatchObject({ backend: "modal", epoch: 2 });
    // The host that came after it looks into the same sandbox.
    const looked = async () => (await session.policy()).facts.filter(({ by, at }) => by.startsWith("a look from inside") && at > killedAt);
    await eventually("a look by the host", async () => {
      await session.measurePolicy();
      return (await looked()).length > 0 || "there is none";
    }, 60_000);
    const facts = await looked();
    console.log(facts.map(({ name, declared, measured, by }) => `${name} | ${declared} | ${measured} | ${by}`).join("\n"));
    expect(facts.filter(({ name }) => name !== "egress").flatMap(({ differences }) => differences)).toEqual([]);
    expect(modal.state.running()).toEqual(running);
  });
});
