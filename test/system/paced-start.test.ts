/** A backend that has no room for a moment, and sessions that wait for their turn. */
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { PortError } from "../../src/core/kernel/port-error.ts";
import type { SandboxSpec } from "../../src/ports/sandbox/sandbox.port.ts";
import { MemoryBerth } from "./support/memory-berth.ts";

const SESSION = "ses_0123456789abcdefghjkmnpqrs";

/** A first backend that refuses so often, to come again after so long, and a second. */
function refusing(times: number, afterMs: number): { readonly berth: MemoryBerth; readonly asked: number[] } {
  const berth = new MemoryBerth({ backends: ["first", "second"] });
  const asked: number[] = [];
  const provider = berth.instance.sandboxes.get("first");
  if (!provider) throw new Error("there is no such backend");
  const create = provider.create.bind(provider);
  provider.create = async (spec: SandboxSpec) => {
    asked.push(berth.time.now());
    if (asked.length > times) return create(spec);
    throw new PortError({ port: "sandbox", operation: "create", code: "resource-exhausted", outcome: "not-applied", retry: { afterMs }, message: "The machine starts others." });
  };
  return { berth, asked };
}

const phases = async (berth: MemoryBerth) => (await berth.events(berth.session(SESSION))).flatMap((event) => (event.type === "sandbox.status" ? [`${event.data.backend} ${event.data.phase}`] : []));

verifies("DKR13", "a session that is told to come again in a moment does so, and is ready where it was wanted", async () => {
  const { berth, asked } = refusing(3, 1_000);
  const session = await berth.open(SESSION);
  await berth.until(() => session.actor.state?.status === "idle", 30_000);
  const seen = await phases(berth);
  expect([seen[0], seen.at(-1), seen.filter((phase) => phase.endsWith("failed"))]).toEqual(["first requested", "first ready", []]);
  expect(asked.slice(1).map((at, i) => at - (asked[i] ?? 0) >= 1_000)).toEqual([true, true, true]);
});

verifies("DKR13", "whose turn does not come within the attempt has the next backend, and nothing goes on asking", async () => {
  const { berth, asked } = refusing(Infinity, 1_000);
  const session = await berth.open(SESSION);
  await berth.until(() => session.actor.state?.status === "idle", 60_000);
  expect((await phases(berth)).at(-1)).toBe("second ready");
  const { length } = asked;
  await berth.until(() => false, 11_000).catch(() => undefined);
  expect(asked).toHaveLength(length);
});

verifies("DKR13", "where there is no room for longer the next backend is asked at once", async () => {
  const { berth, asked } = refusing(Infinity, 5_000);
  const session = await berth.open(SESSION);
  await berth.until(() => session.actor.state?.status === "idle");
  expect([(await phases(berth)).at(-1), asked.length]).toEqual(["second ready", 1]);
});
