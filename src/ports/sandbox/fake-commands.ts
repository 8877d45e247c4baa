/** The commands that a sandbox in memory knows, enough to tell one provider from a wrong one. */
import type { FakeFiles } from "./fake-folder.ts";

export interface BuiltinResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** How long it would run. */
  readonly takesMs: number;
}

const DONE: BuiltinResult = { exitCode: 0, stdout: "", stderr: "", takesMs: 0 };

export function runBuiltin([name, ...args]: readonly string[], files: FakeFiles, cwd: string): BuiltinResult {
  const at = (path: string): string => (cwd === "" ? path : `${cwd}/${path}`);
  const [first = ""] = args;
  switch (name) {
    case "true":
      return DONE;
    case "false":
      return { ...DONE, exitCode: 1 };
    case "echo":
      return { ...DONE, stdout: `${args.join(" ")}\n` };
    case "pwd":
      return { ...DONE, stdout: `/workspace${cwd === "" ? "" : `/${cwd}`}\n` };
    case "sleep":
      return { ...DONE, takesMs: Number(first) * 1000 };
    case "rm":
      files.delete(at(first));
      return DONE;
    case "touch":
      files.set(at(first), files.get(at(first)) ?? new Uint8Array());
      return DONE;
    case "cat": {
      const bytes = files.get(at(first));
      if (!bytes) return { ...DONE, exitCode: 1, stderr: `cat: ${first}: No such file or directory\n` };
      return { ...DONE, stdout: new TextDecoder().decode(bytes) };
    }
    default:
      return { ...DONE, exitCode: 127, stderr: `sh: ${name}: not found\n` };
  }
}
