/** A runtime with the in-memory agent and session, on a clock that stands still; for its tests and the disruption suite. */
import { expect } from "vitest";
import type { DownMessage } from "@berth/protocol";
import { FaultScript } from "../../../src/core/kernel/fault.ts";
import { createFakeAgentStore, InMemoryCodingAgent } from "../../../src/ports/agent/agent.fake.ts";
import { AGENT_FAULTS } from "../../../src/ports/agent/agent.faults.ts";
import type { Checkpointer } from "../src/checkpoint/checkpointer.ts";
import { Journal, type JournalLog } from "../src/journal.ts";
import type { PrepareRepository } from "../src/repository/prepare.ts";
import { Runtime, type RuntimeDeps } from "../src/runtime.ts";
import { FakeSession } from "./fake-session.ts";
import { ManualClock } from "./manual-clock.ts";

export const CONFIGURE: Extract<DownMessage, { type: "configure" }> = { type: "configure", providers: [], permissions: { "*": "allow" } };
export const prompt = (messageId: string, text: string): DownMessage => ({ type: "prompt", messageId, text, model: "demo/demo" });

export const steer = (messageId: string, steerId: string, text: string): DownMessage => ({ type: "steer", messageId, steerId, text });

export interface World {
  readonly session: FakeSession;
  readonly store: ReturnType<typeof createFakeAgentStore>;
  readonly log: JournalLog;
  readonly faults: FaultScript;
  readonly clock: ManualClock;
}

export function newWorld(): World {
  const lines: string[] = [];
  const log = { lines, append: (more: readonly string[]) => void lines.push(...more), rewrite: () => {} };
  return { session: new FakeSession(), store: createFakeAgentStore(), log, faults: new FaultScript(AGENT_FAULTS), clock: new ManualClock() };
}

/** A runtime of this world; another one of the same world is the same sandbox after a crash. */
export function launch(
  { session, store, log, faults, clock }: World,
  workspace: () => Promise<{ branch?: string; base?: string }> = async () => ({ branch: "main", base: "abc" }),
  checkpointer?: Checkpointer,
  prepareRepository?: PrepareRepository,
  measurePolicy?: RuntimeDeps["measurePolicy"],
  more: Partial<RuntimeDeps> = {},
) {
  const agent = new InMemoryCodingAgent({ store, faults });
  const over: string[] = [];
  const runtime = new Runtime({
    agent,
    journal: new Journal(log),
    dial: session.dial(),
    clock,
    random: () => 0,
    epoch: 1,
    workFolder: "/work",
    token: "example",
    linkUrl: "ws://session.test/v1/sandbox/link",
    inspectWorkspace: workspace,
    ...(checkpointer && { checkpointer }),
    ...(prepareRepository && { prepareRepository }),
    ...(measurePolicy && { measurePolicy }),
    over: () => void over.push("over"),
    ...more,
  });
  runtime.start();
  return { agent, runtime, over };
}

/** Lets time pass until the session heard what it waits for. */
export async function until(world: World, isThere: () => boolean): Promise<void> {
  for (let i = 0; i < 2_000 && !isThere(); i++) {
    world.clock.advance(16);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  expect(isThere()).toBe(true);
}

export async function readyWorld() {
  const world = newWorld();
  const launched = launch(world);
  world.session.tell(CONFIGURE);
  await until(world, () => world.session.all("ready").length === 1);
  return { world, session: world.session, ...launched };
}
