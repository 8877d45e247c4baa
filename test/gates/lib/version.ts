/** `/health` tells the version that package.json has, and every package of the house has the same. */
import { listFiles, read } from "./files.ts";
import { load } from "./load.ts";

export async function versionProblems(root: string): Promise<readonly string[]> {
  const of = (path: string): string => (JSON.parse(read(root, path)) as { readonly version: string }).version;
  const version = of("package.json");
  const { VERSION } = await load<{ readonly VERSION: string }>(root, "src/compose/version.ts");
  return [
    ...(VERSION === version ? [] : [`src/compose/version.ts says ${VERSION}, and package.json ${version}`]),
    ...listFiles(root, ["packages"], /^packages\/[^/]+\/package\.json$/).flatMap((path) => (of(path) === version ? [] : [`${path} says ${of(path)}, and package.json ${version}`])),
  ];
}
