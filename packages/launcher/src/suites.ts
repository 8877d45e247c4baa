/** The Vitest suites and which test files belong to which, told by the last suffix of their names. */
import { globSync } from "node:fs";
import { ROOT } from "./paths.ts";

export interface Suite {
  readonly name: string;
  readonly title: string;
  readonly config: string;
  owns(file: string): boolean;
}

const isPg = (file: string): boolean => file.endsWith(".pg.test.ts");
const isWorkerd = (file: string): boolean => file.endsWith(".workerd.test.ts");
const isE2e = (file: string): boolean => file.endsWith(".e2e.test.ts");
const isLive = (file: string): boolean => file.endsWith(".live.test.ts");

/** In the order in which they run: what fails in seconds comes before what takes minutes. */
export const SUITES: readonly Suite[] = [
  {
    name: "node",
    title: "Node suites",
    config: "vitest.config.ts",
    owns: (file) => ![isPg, isWorkerd, isE2e, isLive].some((is) => is(file)),
  },
  { name: "pg", title: "PostgreSQL suites", config: "vitest.pg.config.ts", owns: isPg },
  { name: "workerd", title: "workerd suites", config: "vitest.workerd.config.ts", owns: isWorkerd },
  { name: "e2e", title: "End-to-end suites", config: "vitest.e2e.config.ts", owns: isE2e },
];

/** Every test file, relative to the root of the checkout. */
export function testFiles(): readonly string[] {
  return globSync("{src,routes,packages,test}/**/*.test.ts", {
    cwd: ROOT,
    exclude: (path) => /(^|\/)(node_modules|dist|mutants)$/.test(path),
  }).map((path) => path.replaceAll("\\", "/"));
}
