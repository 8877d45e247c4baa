/** Every gate by name: a folder in, sentences out. What holds for the repository is tried on fixtures by the same functions. */
import { auditProblems } from "./lib/audit.ts";
import { boundaryProblems } from "./lib/boundaries.ts";
import { bundleProblems } from "./lib/bundles.ts";
import { envExampleProblems } from "./lib/env-example.ts";
import { environmentProblems } from "./lib/environment.ts";
import { faultProblems } from "./lib/faults.ts";
import { mapProblems } from "./lib/map.ts";
import { policyProblems } from "./lib/policies.ts";
import { purityProblems } from "./lib/purity.ts";
import { ruleProblems } from "./lib/rules.ts";
import { securityDocProblems } from "./lib/security-doc.ts";
import { sizeProblems } from "./lib/size.ts";
import { tidyProblems } from "./lib/tidy.ts";
import { versionProblems } from "./lib/version.ts";

/** @returns what is wrong, empty when nothing is */
export type Gate = (root: string) => readonly string[] | Promise<readonly string[]>;

/** A gate that prints a figure besides. */
const telling =
  (gate: (root: string) => Promise<Told> | Told): Gate =>
  async (root) => {
    const { summary, problems } = await gate(root);
    console.log(summary);
    return problems;
  };
interface Told {
  readonly summary: string;
  readonly problems: readonly string[];
}

export const GATES: Readonly<Record<string, { readonly promise: string; readonly gate: Gate }>> = {
  bundles: { promise: "every complete port has its whole bundle, and there are not fewer than before", gate: telling(bundleProblems) },
  rules: { promise: "every rule is cited by a test, and every citation names a rule", gate: ruleProblems },
  faults: { promise: "every fault is proved in the contracts and in the app, or says why not", gate: faultProblems },
  boundaries: { promise: "imports point one way", gate: boundaryProblems },
  purity: { promise: "the core reads no clock, no entropy and no network", gate: purityProblems },
  environment: { promise: "the environment is read by compositions only", gate: environmentProblems },
  size: { promise: "files stay small, and the ratchet only shrinks", gate: telling(sizeProblems) },
  map: { promise: "the map leads to what exists and leaves no room out", gate: mapProblems },
  "env-example": { promise: "the example of variables is the schema's", gate: envExampleProblems },
  policies: { promise: "every route and socket action has its policy, and no policy stands for nothing", gate: policyProblems },
  audit: { promise: "every route that changes something is written down, or says why not", gate: telling(auditProblems) },
  "security-doc": { promise: "every risk in docs/SECURITY.md has its tests, and they are there", gate: securityDocProblems },
  tidy: { promise: "nothing is left behind by accident", gate: tidyProblems },
  version: { promise: "there is one version", gate: versionProblems },
};
