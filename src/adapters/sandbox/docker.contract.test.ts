/** The contract on real containers. */
import { suiteNeeds } from "@berth/testkit/needs";
import { describeSandboxContract } from "../../ports/sandbox/sandbox.contract.ts";
import { DockerKit, SANDBOXES_MAX } from "./docker-kit.contract.ts";

const kit = new DockerKit();

suiteNeeds("docker", "sandbox-image")("on a real engine", () => {
  describeSandboxContract({
    name: "docker",
    isolation: "container",
    capabilities: { keepsWorkFolder: true, appliesToFolder: true, snapshots: false, expose: false, claim: false },
    sandboxesMax: SANDBOXES_MAX,
    create: () => kit.open(),
    reopen: () => kit.open(),
    dispose: () => kit.dispose(),
    makeFolder: () => kit.makeFolder(),
    kill: (_, id) => kit.kill(id),
    release: () => kit.releaseStarts(),
    inject: {
      "sandbox:create:slow-success": () => kit.holdStarts(),
      "sandbox:exec:cut-mid-stream": () => kit.cutNextExec(),
      "sandbox:exec:dies-mid-exec": async (subject) => {
        await kit.commandBegins();
        for (const { id } of await subject.list({})) await kit.kill(id);
      },
    },
  }, 110);
});
