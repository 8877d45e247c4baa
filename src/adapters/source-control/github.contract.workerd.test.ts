/** The same contract in workerd. */
import { describeSourceControlContract } from "../../ports/source-control/source-control.contract.ts";
import { createGithub } from "./github.ts";
import { createPlainGit } from "./plain-git.ts";
import { createWorkerRig, HOST, WORKER_FAULTS, WORKER_PEOPLE_FAULTS } from "./worker-rig.testkit.ts";

describeSourceControlContract({
  name: "github",
  knowsPeople: true,
  create: () => createWorkerRig((deps) => createGithub({ ...deps, baseUrl: HOST }, createPlainGit(deps))),
  inject: { ...WORKER_FAULTS, ...WORKER_PEOPLE_FAULTS },
});
