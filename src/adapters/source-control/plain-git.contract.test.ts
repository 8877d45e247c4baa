/** The contract against a server of this machine. */
import { describeSourceControlContract } from "../../ports/source-control/source-control.contract.ts";
import { createHttpRig, HTTP_FAULTS } from "./http-rig.testkit.ts";
import { createPlainGit } from "./plain-git.ts";

describeSourceControlContract({ name: "plain-git", knowsPeople: false, create: () => createHttpRig((_, deps) => createPlainGit(deps)), inject: HTTP_FAULTS });
