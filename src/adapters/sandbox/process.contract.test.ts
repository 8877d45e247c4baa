/** The contract on real processes, with bubblewrap and without. */
import { describeSandboxContract } from "../../ports/sandbox/sandbox.contract.ts";
import { ProcessKit, SANDBOXES_MAX } from "./process-kit.contract.ts";

for (const isolation of ["bubblewrap", "none"] as const) {
  const kit = new ProcessKit();
  describeSandboxContract({
    name: `process (${isolation})`,
    isolation,
    capabilities: { keepsWorkFolder: true, appliesToFolder: true, snapshots: false, expose: false, claim: false },
    sandboxesMax: SANDBOXES_MAX,
    create: () => kit.open({ isolation }),
    reopen: () => kit.open({ isolation }),
    dispose: () => kit.dispose(),
    makeFolder: () => kit.makeFolder(),
    kill: (_, id) => kit.kill(id),
    release: () => kit.releaseStarts(),
    inject: {
      "sandbox:create:slow-success": () => kit.holdStarts(),
      "sandbox:exec:dies-mid-exec": async (subject) => {
        for (const { id } of await subject.list({})) kit.kill(id);
      },
    },
  }, 110);
}
