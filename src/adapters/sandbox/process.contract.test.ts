/** The contract on real processes, with bubblewrap and without, and on those that waited for their session, as far as there was time for one to. */
import { describeSandboxContract } from "../../ports/sandbox/sandbox.contract.ts";
import { ProcessKit, SANDBOXES_MAX } from "./process-kit.contract.ts";
import type { FolderSandboxProvider } from "./session-folders/provider.ts";

for (const [isolation, kind] of [["bubblewrap", "bubblewrap"], ["none", "none"], ["bubblewrap", "warm"]] as const) {
  const kit = new ProcessKit();
  let warm: FolderSandboxProvider | null = null;
  describeSandboxContract({
    name: `process (${kind})`,
    isolation,
    capabilities: { keepsWorkFolder: true, appliesToFolder: true, snapshots: false, expose: false, claim: false },
    sandboxesMax: SANDBOXES_MAX,
    create: async () => (kind === "warm" ? (warm = await kit.openWarm()) : kit.open({ isolation })),
    reopen: () => kit.open({ isolation }),
    dispose: () => kit.dispose(),
    makeFolder: () => kit.makeFolder(),
    kill: (_, id) => kit.kill(id),
    release: () => kit.releaseStarts(),
    inject: {
      "sandbox:create:slow-success": async () => {
        // What waits is not slow: the slow one has to be made.
        await warm?.warm?.close();
        kit.holdStarts();
      },
      "sandbox:exec:dies-mid-exec": async (subject) => {
        for (const { id } of await subject.list({})) kit.kill(id);
      },
    },
  }, 110);
}
