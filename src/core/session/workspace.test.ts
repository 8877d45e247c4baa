import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { soleUserOf } from "./sole-author.ts";
import type { SessionInput } from "./session.inputs.ts";
import { step } from "./session.machine.ts";
import { brief, Driver } from "./testing.ts";

const BOB = { actor: { kind: "user", id: "usr_bob" }, apiKeyId: null } as const;

function ready(versions: readonly number[] = [1, 2, 3]): Driver {
  const session = new Driver();
  session.accept();
  session.take("link-opened", { linkId: "con_1", versions, received: 0 });
  session.up({ type: "ready", agent: "opencode", agentVersion: "1" });
  return session;
}

verifies("SES63", "somebody who enters the sandbox has it dial the tunnel, unless there is one, and puts off its sleep", () => {
  const session = ready();
  session.nowMs += 600_000;
  expect(session.take("workspace-used", { acts: true, dials: true }).effects.map(brief)).toEqual(["send open-tunnel", "set-alarm"]);
  expect(session.state.deadlines.hibernate).toBe(session.nowMs + 900_000);
  session.nowMs += 1_000;
  expect(session.take("workspace-used", { acts: true, dials: false }).effects.map(brief)).toEqual(["set-alarm"]);
  expect(session.events.at(-1)?.type).not.toMatch(/workspace/);
});

verifies(["SES62", "SES63"], "whoever acts in the sandbox has a say in every run after, and who only reads there has none", () => {
  const session = ready();
  session.run(1);
  expect(soleUserOf(session.state)).toBe("usr_alice");
  const looked = step(session.state, { type: "workspace-used", author: BOB, acts: false, dials: true, nowMs: session.nowMs } satisfies SessionInput);
  expect(looked.state && soleUserOf(looked.state)).toBe("usr_alice");
  const entered = step(session.state, { type: "workspace-used", author: BOB, acts: true, dials: true, nowMs: session.nowMs } satisfies SessionInput);
  expect(entered.state && soleUserOf(entered.state)).toBeNull();
});

verifies("SES63", "it is refused without a sandbox that is ready and linked, by a runtime that knows no tunnel, and beside a model that somebody keeps for themselves", () => {
  const refusal = (session: Driver): unknown => session.take("workspace-used", { acts: true, dials: true }).refusal;
  expect(refusal(new Driver())).toMatchObject({ problem: "conflict", fix: expect.stringContaining("Resume") });
  const cut = ready();
  cut.take("link-closed", { linkId: "con_1" });
  expect(refusal(cut)).toMatchObject({ problem: "conflict", detail: expect.stringContaining("no sandbox") });
  expect(refusal(ready([1, 2]))).toMatchObject({ problem: "conflict", detail: expect.stringContaining("older than its control plane") });
  const kept = ready();
  kept.state = { ...kept.state, settings: { ...kept.state.settings, providers: kept.state.settings.providers.map((provider) => ({ ...provider, ownerId: "usr_bob" })) } };
  expect(refusal(kept)).toMatchObject({ problem: "conflict", detail: expect.stringContaining("keeps for themselves") });
  expect(kept.state.heard).toBe("nobody");
});
