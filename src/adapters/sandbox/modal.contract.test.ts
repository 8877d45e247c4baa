/** The contract on a stand-in for Modal. The same against Modal itself: `modal.contract.live.test.ts`. */
import { suiteNeeds } from "@berth/testkit/needs";
import { describeSandboxContract } from "../../ports/sandbox/sandbox.contract.ts";
import { ModalKit, SANDBOXES_MAX } from "./modal-kit.contract.ts";

const kit = new ModalKit();

suiteNeeds("bubblewrap")("on a stand-in", () => {
  describeSandboxContract({
    name: "modal",
    isolation: "gvisor",
    capabilities: { keepsWorkFolder: true, appliesToFolder: false, snapshots: false, expose: false, claim: false },
    sandboxesMax: SANDBOXES_MAX,
    create: () => kit.open(),
    reopen: () => kit.open(),
    dispose: () => kit.dispose(),
    kill: (_, id) => kit.kill(id),
    release: () => kit.releaseStarts(),
    inject: {
      "sandbox:create:slow-success": () => kit.holdStarts(),
      "sandbox:exec:cut-mid-stream": async () => (await kit.modal()).cutNextExec(),
      "sandbox:exec:dies-mid-exec": async (subject) => {
        await (await kit.modal()).commandBegins();
        for (const { id } of await subject.list({})) await kit.kill(id);
      },
    },
  }, 110);
});
