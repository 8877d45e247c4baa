/** What every sandbox provider keeps, and how it reports each fault that can be made to happen to it. */
import { verifiesOn } from "@berth/testkit";
import { afterEach, describe, expect } from "vitest";
import { expectRefusal, settled, specOf, started, type SandboxHarness } from "./sandbox-kit.contract.ts";
import { describeCreating, describeEnding, describeFinding } from "./sandbox-life.contract.ts";
import { describeApplying, describeCommands, describeFiles, describePolicies } from "./sandbox-work.contract.ts";

export function describeSandboxContract(harness: SandboxHarness): void {
  describe(`sandbox contract: ${harness.name}`, () => {
    afterEach(() => harness.dispose?.());
    describeCreating(harness);
    describeFinding(harness);
    describeEnding(harness);
    describeCommands(harness);
    describeFiles(harness);
    describePolicies(harness);
    if (harness.capabilities.appliesToFolder) describeApplying(harness);
    describeWireFaults(harness);
  });
}

/** Only where there is a wire between the caller and the effect; the catalog says why for the others. */
function describeWireFaults(harness: SandboxHarness): void {
  const unreachable = harness.inject?.["sandbox:create:host-unreachable"];
  if (unreachable) {
    verifiesOn(harness, "sandbox:create:host-unreachable", "a host that cannot be reached has started nothing", async () => {
      const subject = await harness.create();
      await unreachable(subject);
      const refused = subject.create(specOf("unreachable"));
      await expectRefusal(refused, "deadline-exceeded", "not-applied");
      await expect(refused).rejects.toMatchObject({ retry: "same-request" });
      await expectRefusal(subject.describe("ses_unreachable-1"), "not-found");
    });
  }

  const lost = harness.inject?.["sandbox:create:answer-lost"];
  if (lost) {
    verifiesOn(harness, ["sandbox:create:answer-lost", "SBX2"], "a create whose answer is lost is found again by its id", async () => {
      const subject = await harness.create();
      await lost(subject);
      const refused = subject.create(specOf("lost"));
      await expectRefusal(refused, "deadline-exceeded", "unknown");
      await expect(refused).rejects.toMatchObject({ retry: "same-request" });
      expect(await settled(subject, "ses_lost-1")).toMatchObject({ phase: "running" });
      await subject.create(specOf("lost"));
      expect(await subject.list({})).toHaveLength(1);
    });
  }

  const cut = harness.inject?.["sandbox:exec:cut-mid-stream"];
  if (cut) {
    verifiesOn(harness, "sandbox:exec:cut-mid-stream", "an answer that is cut leaves the outcome unknown", async () => {
      const subject = await harness.create();
      const id = await started(subject, specOf("cut"));
      await cut(subject);
      await expectRefusal(subject.exec(id, { command: ["echo", "x"], timeoutMs: 5_000, outputBytesMax: 100 }), "unknown", "unknown");
    });
  }

  const wrong = harness.inject?.["sandbox:create:wrong-credentials"];
  if (wrong) {
    verifiesOn(harness, "sandbox:create:wrong-credentials", "a caller the host does not know is refused", async () => {
      const subject = await harness.create();
      await wrong(subject);
      await expectRefusal(subject.create(specOf("stranger")), "permission-denied");
    });
  }
}
