/** The core takes time, ids and randomness as arguments, so that every run of it can be repeated. */
import { transformSync } from "esbuild";
import { listFiles, read, TEST_CODE } from "./files.ts";

const IMPURE: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/\bDate\.now\b/, "Date.now"],
  [/\bnew Date\s*(\(\s*\)|(?![\w(\s]))/, "new Date() without an argument"],
  [/(?<!\bnew )(?<![\w.])Date\s*\(/, "Date()"],
  [/\bperformance\b/, "performance"],
  [/\bMath\.random\b/, "Math.random"],
  [/(?<![\w.#])crypto\b/, "crypto"],
  [/\b(setTimeout|setInterval|setImmediate|queueMicrotask)\b/, "a timer"],
  [/(?<![\w.#])fetch\s*\(/, "fetch"],
  [/(?<![\w.#])process\b\s*[.[]/, "process"],
  [/\bglobalThis\b/, "globalThis"],
  [/(?<![\w.#])console\b/, "console"],
];

export function purityProblems(root: string): readonly string[] {
  return listFiles(root, ["src/core"], /\.ts$/)
    .filter((path) => !TEST_CODE.test(path))
    .flatMap((path) => {
      const code = withoutWords(read(root, path));
      return IMPURE.filter(([pattern]) => pattern.test(code)).map(([, name]) => `${path} uses ${name}; take it as an argument`);
    });
}

/** Without types, comments and the text of literals. */
function withoutWords(source: string): string {
  const { code } = transformSync(source, { loader: "ts", format: "esm", target: "esnext", legalComments: "none" });
  return code.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/"(?:[^"\\\n]|\\.)*"/g, '""');
}
