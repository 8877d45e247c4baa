/** What is left behind by accident: notes to oneself, switched-off checks and tests, paths of one machine, loose versions. */
import { CODE, has, listFiles, read } from "./files.ts";

/** The one place that may leave a test out: with the reason, and never on CI. */
const MAY_SKIP = "packages/testkit/src/needs.ts";
const EVERYTHING = ["src", "routes", "packages", "test", "docs", "README.md", "CONTRIBUTING.md", "AGENTS.md", "CODEBASE_MAP.md", ".dev.vars.example", "wrangler.jsonc"];
const TEXT = /\.(ts|tsx|mjs|md|json|jsonc|css|html|example)$/;

const ANY = /(?::|<|&|\||\bas)\s*any\b/;
const IN_CODE: readonly (readonly [pattern: RegExp, complaint: string])[] = [
  [/\b(TODO|FIXME|XXX)\b/, "has a note to oneself; do it, or open an issue"],
  [/@ts-(ignore|nocheck|expect-error)/, "switches the compiler off"],
  [/\b(?:test|it|describe|suite|bench)(?:\.\w+)*\.(?:only|skip|todo)\b/, "leaves a test out, or all others"],
];
/** `/home/ada`, `/home/agent` and `/home/you` are nobody's. */
const MACHINE_PATH = /(?<![\w.])\/(?:root\/(?=\w)|home\/(?!ada\b|agent\b|you\b)[a-z]|Users\/(?!ada\b|you\b)[a-z])/;

export function tidyProblems(root: string): readonly string[] {
  return [
    ...listFiles(root, ["src", "routes", "packages", "test"], CODE)
      .filter((path) => !path.startsWith("test/gates/") && path !== MAY_SKIP)
      .flatMap((path) => {
        const text = withoutStrings(read(root, path));
        const complaints = IN_CODE.filter(([pattern]) => pattern.test(text)).map(([, complaint]) => complaint);
        if (ANY.test(withoutComments(text))) complaints.push("uses `any`");
        return complaints.map((complaint) => `${path} ${complaint}`);
      }),
    ...listFiles(root, EVERYTHING.filter((path) => !path.includes(".")), TEXT)
      .concat(EVERYTHING.filter((path) => path.includes(".") && has(root, path)))
      .filter((path) => !path.startsWith("test/gates/"))
      .flatMap((path) => (isOfOneMachine(root, read(root, path)) ? [`${path} names a path of one machine`] : [])),
    ...lockProblems(root),
    ...looseVersions(root),
  ];
}

function isOfOneMachine(root: string, text: string): boolean {
  return MACHINE_PATH.test(text) || text.includes(root.replace(/\/$/, ""));
}

/** Comments stay, since notes and switches live there. */
function withoutStrings(text: string): string {
  return text.replaceAll(/"(?:[^"\\\n]|\\.)*"/g, '""').replaceAll(/`(?:[^`\\$]|\\.)*`/g, "``");
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/\/\/.*$/gm, "");
}

function lockProblems(root: string): string[] {
  if (!has(root, "package-lock.json")) return [];
  return /"resolved": "http/.test(read(root, "package-lock.json")) ? ["package-lock.json names the registry it was made from; install with `omit-lockfile-registry-resolved`"] : [];
}

function looseVersions(root: string): string[] {
  return listFiles(root, ["packages"], /^packages\/[^/]+\/package\.json$/)
    .concat(has(root, "package.json") ? ["package.json"] : [])
    .flatMap((path) => {
      const { dependencies = {}, devDependencies = {} } = JSON.parse(read(root, path)) as Readonly<Record<string, Readonly<Record<string, string>>>>;
      const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(([, version]) => !/^\d+\.\d+\.\d+/.test(version));
      return loose.map(([name, version]) => `${path} takes ${name} as ${version}; pin one version`);
    });
}
