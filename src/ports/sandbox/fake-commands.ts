/** The programs that a sandbox in memory has. */
import { below, PathError, type FakeTree } from "./fake-tree.ts";

export interface Process {
  readonly tree: FakeTree;
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly out: (string | Uint8Array)[];
  readonly err: (string | Uint8Array)[];
}

/** Answers its exit code; nothing is 0. */
type Program = (args: readonly string[], process: Process) => number | void;

const at = ({ cwd }: Process, path = ""): string => below(cwd, path);

const PROGRAMS: Readonly<Record<string, Program>> = {
  true: () => 0,
  false: () => 1,
  echo: (args, { out }) => void out.push(`${args.join(" ")}\n`),
  printf: ([format = "", ...args], { out }) => void out.push(formatted(format, args)),
  pwd: (_, { cwd, out }) => void out.push(`/workspace${cwd === "" ? "" : `/${cwd}`}\n`),
  env: (_, { environment, out }) => void out.push(Object.entries(environment).map(([name, value]) => `${name}=${value}\n`).join("")),
  seq: ([from, to], { out }) => void out.push(Array.from({ length: Number(to) - Number(from) + 1 }, (_, index) => `${Number(from) + index}\n`).join("")),
  cat: (paths, process) => Math.max(0, ...paths.map((path) => printFile(path, process))),
  touch: ([path], process) => process.tree.write(at(process, path), process.tree.read(at(process, path)) ?? new Uint8Array()),
  rm: (args, process) => process.tree.remove(at(process, args.at(-1))),
  mkdir: (args, process) => process.tree.folder(at(process, args.at(-1))),
  mkfifo: ([path], process) => process.tree.pipe(at(process, path)),
  ln: ([, target = "", path], process) => process.tree.link(at(process, path), target),
  chmod: ([mode = "", path], process) => process.tree.setMode(at(process, path), Number.parseInt(mode, 8)),
  truncate: ([, bytes, path], process) => process.tree.write(at(process, path), new Uint8Array(Number(bytes))),
  test: ([what, path], process) => {
    const mode = process.tree.mode(at(process, path));
    return mode !== null && (what !== "-x" || (mode & 0o100) !== 0) ? 0 : 1;
  },
};

export function runProgram([name = "", ...args]: readonly string[], process: Process): number {
  const program = Object.hasOwn(PROGRAMS, name) ? PROGRAMS[name] : undefined;
  if (!program) {
    process.err.push(`sh: ${name}: not found\n`);
    return 127;
  }
  try {
    return program(args, process) ?? 0;
  } catch (error) {
    if (!(error instanceof PathError)) throw error;
    process.err.push(`${name}: ${args.at(-1) ?? ""}: ${error.why}\n`);
    return 1;
  }
}

function printFile(path: string, process: Process): number {
  const bytes = process.tree.read(at(process, path));
  if (bytes) process.out.push(bytes);
  else process.err.push(`cat: ${path}: No such file or directory\n`);
  return bytes ? 0 : 1;
}

/** `%s`, `\n` and octal bytes; the format again for every further argument. */
function formatted(format: string, args: readonly string[]): Uint8Array {
  const left = [...args];
  const bytes: number[] = [];
  const encode = (text: string): void => void bytes.push(...new TextEncoder().encode(text));
  do {
    for (const [piece, octal] of format.matchAll(/%s|\\n|\\([0-7]{1,3})|[^%\\]+|[%\\]/g)) {
      if (piece === "%s") encode(left.shift() ?? "");
      else if (piece === "\\n") bytes.push(10);
      else if (octal !== undefined) bytes.push(Number.parseInt(octal, 8));
      else encode(piece);
    }
  } while (left.length > 0 && format.includes("%s"));
  return Uint8Array.from(bytes);
}
