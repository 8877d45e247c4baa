/** The harness of the provider in memory, whole or bent. */
import { makeFakeFolder } from "../fake-folder.contract.ts";
import type { FakeFolder } from "../fake-folder.ts";
import type { SandboxHarness } from "../sandbox-kit.contract.ts";
import { InMemorySandboxProvider } from "../sandbox.fake.ts";
import type { SandboxId, SandboxProvider } from "../sandbox.port.ts";
import { bent, type Around, type Broken } from "./bend.contract.ts";

const SANDBOXES_MAX = 3;

export function memoryHarness(name: string, broken: Broken = { bend: () => ({}) }): SandboxHarness {
  const folders = new Map<string, FakeFolder>();
  const inners = new WeakMap<SandboxProvider, { readonly inner: InMemorySandboxProvider; readonly linked: Set<SandboxId> }>();
  const of = (subject: SandboxProvider): InMemorySandboxProvider => {
    const inner = inners.get(subject)?.inner;
    if (!inner) throw new Error("it is none of this harness");
    return inner;
  };
  const open = (inner: InMemorySandboxProvider, around: Around & { readonly linked: Set<SandboxId> }): SandboxProvider => {
    const subject = bent(inner, broken, around);
    inners.set(subject, { inner, linked: around.linked });
    return subject;
  };
  const arm = (id: string) => ({ [id]: (subject: SandboxProvider) => of(subject).faults.arm(id) });
  return {
    name,
    isolation: "memory",
    capabilities: { keepsWorkFolder: true, appliesToFolder: true, snapshots: false, expose: false, claim: false },
    sandboxesMax: SANDBOXES_MAX,
    create: () => {
      const linked = new Set<SandboxId>();
      const options = { now: () => Date.UTC(2026, 10, 20), sandboxesMax: SANDBOXES_MAX, folders, onStart: ({ id }: { readonly id: SandboxId }) => void linked.add(id) };
      return open(new InMemorySandboxProvider({ ...options, ...broken.options }), { reopened: false, linked });
    },
    dispose: () => folders.clear(),
    makeFolder: () => makeFakeFolder(folders),
    reopen: (subject) => open(of(subject), { reopened: true, linked: inners.get(subject)?.linked ?? new Set() }),
    kill: (subject, id) => of(subject).kill(id),
    release: (subject) => of(subject).release(),
    inject: {
      ...arm("sandbox:create:host-unreachable"),
      ...arm("sandbox:create:answer-lost"),
      ...arm("sandbox:create:wrong-credentials"),
      ...arm("sandbox:create:slow-success"),
      ...arm("sandbox:create:never-linked"),
      ...arm("sandbox:exec:cut-mid-stream"),
      "sandbox:exec:dies-mid-exec": async (subject) => {
        for (const { id } of await of(subject).list({})) of(subject).kill(id);
      },
    },
  };
}
