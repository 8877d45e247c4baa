/** The environment is read where programs are composed, and nowhere else. */
import { transformSync } from "esbuild";
import { listFiles, read, TEST_CODE } from "./files.ts";

/** Compositions, the launcher, and the first file of a program of its own. */
const READERS = /^(src\/compose\/|packages\/launcher\/|packages\/[^/]+\/src\/main\.ts$)|\.config\.ts$/;
const READS = /\bprocess\s*(\?\.|\.)\s*env\b|\bimport\.meta\.env\b|\benv(\.[A-Z_]|\[)/;

export function environmentProblems(root: string): readonly string[] {
  return listFiles(root, ["src", "routes", "packages"], /\.(ts|tsx)$/)
    .filter((path) => !READERS.test(path) && !TEST_CODE.test(path) && !path.endsWith(".d.ts"))
    .filter((path) => READS.test(transformSync(read(root, path), { loader: path.endsWith("x") ? "tsx" : "ts", legalComments: "none", jsx: "preserve" }).code))
    .map((path) => `${path} reads the environment; only src/compose and the launcher do`);
}
