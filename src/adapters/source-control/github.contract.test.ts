/** The contract against a stand-in of this machine, which answers as GitHub's own papers say. Not yet verified live. */
import { describeSourceControlContract } from "../../ports/source-control/source-control.contract.ts";
import { createGithub } from "./github.ts";
import { createHttpRig, HTTP_FAULTS, HTTP_PEOPLE_FAULTS } from "./http-rig.testkit.ts";
import { createPlainGit } from "./plain-git.ts";

describeSourceControlContract({
  name: "github",
  knowsPeople: true,
  create: () => createHttpRig((baseUrl, deps) => createGithub({ ...deps, baseUrl }, createPlainGit(deps))),
  inject: { ...HTTP_FAULTS, ...HTTP_PEOPLE_FAULTS },
});
