/** The same contract in workerd. */
import { describeSourceControlContract } from "../../ports/source-control/source-control.contract.ts";
import { createPlainGit } from "./plain-git.ts";
import { createWorkerRig, WORKER_FAULTS } from "./worker-rig.testkit.ts";

describeSourceControlContract({ name: "plain-git", knowsPeople: false, create: () => createWorkerRig(createPlainGit), inject: WORKER_FAULTS });
