/** What an environment asks for, as its session's container has it. */
import { verifies } from "@berth/testkit";
import { suiteNeeds } from "@berth/testkit/needs";
import { afterAll, beforeAll, expect } from "vitest";
import { logOf, startTestStack, turn, untilStatus, type TestStack } from "./support/stack.ts";
import { eventually } from "./support/waiting.ts";

suiteNeeds("docker", "sandbox-image")("environments of containers", () => {
  let stack: TestStack;

  beforeAll(async () => {
    stack = await startTestStack({ sandboxBackends: ["docker"] });
  });

  afterAll(async () => {
    await stack?.end();
  });

  verifies(["ENV15", "ENV16"], "a session's container has the memory and processors that its environment asks for, and the next one what it asks for then", async () => {
    const { id } = await stack.berth.environments.create({ name: "Small", resources: { memoryMb: 1_024, cpus: 0.5 } });
    const session = await stack.idleSession({ environment: "Small" });
    const inside = async (): Promise<string> => {
      await turn(session, "!bash cat /sys/fs/cgroup/memory.max 2>/dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes");
      const parts = (await logOf(session)).flatMap((event) => (event.type === "part.ended" && event.data.part.tool ? [event.data.part.tool.output ?? ""] : []));
      return (parts.at(-1) ?? "").trim();
    };
    expect(await inside()).toBe(`${1_024 * 1024 ** 2}`);
    await eventually("its policy tells of both", async () => JSON.stringify(await session.policy()).includes("1024 MB at most, 0.5 processors at most") || "not yet", 60_000);
    await stack.berth.environments.update(id, { resources: { memoryMb: 1_536 } });
    const { lastSeq } = await session.get();
    await session.hibernate();
    await untilStatus(session, ["hibernated"], lastSeq);
    expect(await inside()).toBe(`${1_536 * 1024 ** 2}`);
  });
});
