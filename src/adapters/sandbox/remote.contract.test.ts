/** The contract through a real host: over the fake, and over real processes. */
import { makeFakeFolder } from "../../ports/sandbox/fake-folder.contract.ts";
import type { FakeFolder } from "../../ports/sandbox/fake-folder.ts";
import { describeSandboxContract } from "../../ports/sandbox/sandbox.contract.ts";
import { InMemorySandboxProvider } from "../../ports/sandbox/sandbox.fake.ts";
import { ProcessKit, SANDBOXES_MAX } from "./process-kit.contract.ts";
import { RemoteKit } from "./remote-kit.contract.ts";

const capabilities = { keepsWorkFolder: true, appliesToFolder: true, snapshots: false, expose: false, claim: false };

function wireFaults(wire: RemoteKit) {
  return {
    "sandbox:create:host-unreachable": () => wire.becomeUnreachable(),
    "sandbox:create:answer-lost": () => wire.loseNextCreate(),
    "sandbox:create:wrong-credentials": () => wire.forgetSecret(),
    "sandbox:exec:cut-mid-stream": () => wire.cutNextExec(),
  };
}

function describeOverFake(): void {
  const wire = new RemoteKit();
  const folders = new Map<string, FakeFolder>();
  let inner = new InMemorySandboxProvider({ now: Date.now });
  describeSandboxContract({
    name: "remote (fake)",
    isolation: "memory",
    capabilities,
    sandboxesMax: SANDBOXES_MAX,
    create: () => {
      inner = new InMemorySandboxProvider({ now: Date.now, sandboxesMax: SANDBOXES_MAX, folders });
      return wire.open(inner);
    },
    reopen: () => wire.open(inner),
    dispose: async () => {
      folders.clear();
      await wire.close();
    },
    makeFolder: () => makeFakeFolder(folders),
    kill: (_, id) => inner.kill(id),
    release: () => inner.release(),
    inject: {
      ...wireFaults(wire),
      "sandbox:create:slow-success": () => inner.faults.arm("sandbox:create:slow-success"),
      "sandbox:create:never-linked": () => inner.faults.arm("sandbox:create:never-linked"),
      "sandbox:exec:dies-mid-exec": async () => {
        await wire.execArrives();
        for (const { id } of await inner.list({})) inner.kill(id);
      },
    },
  }, 110);
}

function describeOverProcess(): void {
  const wire = new RemoteKit();
  const kit = new ProcessKit();
  describeSandboxContract({
    name: "remote (process)",
    isolation: "bubblewrap",
    capabilities,
    sandboxesMax: SANDBOXES_MAX,
    create: () => wire.open(kit.open()),
    reopen: () => wire.open(kit.open()),
    dispose: async () => {
      await wire.close();
      await kit.dispose();
    },
    makeFolder: () => kit.makeFolder(),
    kill: (_, id) => kit.kill(id),
    release: () => kit.releaseStarts(),
    inject: {
      ...wireFaults(wire),
      "sandbox:create:slow-success": () => kit.holdStarts(),
      "sandbox:exec:dies-mid-exec": async (subject) => {
        await wire.execArrives();
        for (const { id } of await subject.list({})) kit.kill(id);
      },
    },
  }, 110);
}

describeOverFake();
describeOverProcess();
