/** The contract on the fake. */
import { makeFakeFolder } from "./fake-folder.contract.ts";
import type { FakeFolder } from "./fake-folder.ts";
import { describeSandboxContract } from "./sandbox.contract.ts";
import { InMemorySandboxProvider } from "./sandbox.fake.ts";
import type { SandboxProvider } from "./sandbox.port.ts";

const folders = new Map<string, FakeFolder>();

function fake(subject: SandboxProvider): InMemorySandboxProvider {
  if (!(subject instanceof InMemorySandboxProvider)) throw new Error("not the fake");
  return subject;
}
const arm = (id: string) => ({ [id]: (subject: SandboxProvider) => fake(subject).faults.arm(id) });

describeSandboxContract({
  name: "fake",
  isolation: "memory",
  capabilities: { keepsWorkFolder: true, appliesToFolder: true, snapshots: false, expose: false, claim: false },
  sandboxesMax: 3,
  create: () => new InMemorySandboxProvider({ now: () => Date.UTC(2026, 10, 20), sandboxesMax: 3, folders }),
  dispose: () => folders.clear(),
  makeFolder: () => makeFakeFolder(folders),
  reopen: (subject) => subject,
  kill: (subject, id) => fake(subject).kill(id),
  release: (subject) => fake(subject).release(),
  inject: {
    ...arm("sandbox:create:host-unreachable"),
    ...arm("sandbox:create:answer-lost"),
    ...arm("sandbox:create:wrong-credentials"),
    ...arm("sandbox:create:slow-success"),
    ...arm("sandbox:create:never-linked"),
    ...arm("sandbox:exec:cut-mid-stream"),
    "sandbox:exec:dies-mid-exec": async (subject) => {
      for (const { id } of await subject.list({})) fake(subject).kill(id);
    },
  },
});
