/** Providers that are wrong about commands. */
import { EXEC } from "../sandbox-kit.contract.ts";
import type { ExecRequest, ExecResult, SandboxId, SandboxProvider } from "../sandbox.port.ts";
import { DONE, refuse, unless, withExec, withResults, type Broken } from "./bend.contract.ts";

const scriptOf = ({ command }: ExecRequest): string => (command[1] === "-c" ? (command[2] ?? "") : "");
const sh = (inner: SandboxProvider, id: SandboxId, { cwd }: ExecRequest, script: string): Promise<ExecResult> => inner.exec(id, { command: ["sh", "-c", script], ...EXEC, ...(cwd === undefined ? {} : { cwd }) });

/** After the command has answered, or was ended for its time, what it left in the background has its turn. */
async function withChildren(inner: SandboxProvider, id: SandboxId, request: ExecRequest): Promise<ExecResult> {
  const [, child] = /\((.*)\) &/.exec(scriptOf(request)) ?? [];
  const lives = async (): Promise<void> => {
    if (child !== undefined) await sh(inner, id, request, child);
  };
  return inner.exec(id, request).finally(lives);
}

const AMPLE = { timeoutMs: 600_000, outputBytesMax: 10_000_000 } as const;

export const BROKEN_COMMANDS: Readonly<Record<string, Broken>> = {
  "answers before it runs": withExec((inner, id, request) => {
    void inner.exec(id, request).catch(() => undefined);
    return Promise.resolve(DONE);
  }),
  "output is trimmed": withResults((result) => ({ ...result, stdout: result.stdout.trim() })),
  "the exit code is lost": withResults((result) => ({ ...result, exitCode: 0 })),
  "failed or not is all it says": withResults((result) => ({ ...result, exitCode: Math.min(result.exitCode, 1) })),
  "errors are merged into the output": withResults((result) => ({ ...result, stdout: result.stdout + result.stderr, stderr: "" })),
  "what failed has no output": withResults((result) => (result.exitCode === 0 ? result : { ...result, stdout: "" })),
  "a missing program is refused": withExec(async (inner, id, request) => {
    const result = await inner.exec(id, request);
    return result.exitCode === 127 ? refuse("exec", "not-found") : result;
  }),
  "arguments go through a shell": withExec((inner, id, request) => (request.command[0] === "sh" ? inner.exec(id, request) : inner.exec(id, { ...request, command: ["sh", "-c", request.command.join(" ")] }))),
  "arguments are cut": withExec((inner, id, request) => inner.exec(id, { ...request, command: request.command.map((part) => part.slice(0, 65_536)) as [string, ...string[]] })),
  "one shell for all commands": {
    bend: (inner) => {
      let last: string | undefined;
      return {
        exec: (id, request) => {
          last = request.cwd ?? last;
          return inner.exec(id, { ...request, ...(last === undefined ? {} : { cwd: last }) });
        },
      };
    },
  },
  "the folder to run in is ignored": withExec((inner, id, { cwd: _, ...request }) => inner.exec(id, request)),
  "a missing folder is the work folder": withExec((inner, id, request) => unless("not-found", inner.exec(id, request), () => inner.exec(id, { ...request, cwd: "" }))),
  "a wrong folder is the command's failure": withExec((inner, id, request) => unless("invalid-argument", unless("not-found", inner.exec(id, request), () => ({ ...DONE, exitCode: 1 })), () => ({ ...DONE, exitCode: 1 }))),
  "the input stays open": withExec((inner, id, request) => (/(^|; )cat(;|$)/.test(scriptOf(request)) ? refuse("exec", "deadline-exceeded") : inner.exec(id, request))),
  "output is read as Latin-1": withResults((result) => ({ ...result, stdout: Buffer.from(result.stdout).toString("latin1") })),
  "what is no text is left out": withResults((result) => ({ ...result, stdout: result.stdout.replaceAll("\uFFFD", "") })),
  "modes cannot be changed": withExec((inner, id, request) => (request.command[0] === "chmod" ? Promise.resolve(DONE) : inner.exec(id, request))),
  "cut without a word": withResults((result) => ({ ...result, truncated: false })),
  "cut after characters": withExec(async (inner, id, request) => {
    const { stdout, stderr, exitCode } = await inner.exec(id, { ...request, outputBytesMax: AMPLE.outputBytesMax });
    const max = request.outputBytesMax;
    return { exitCode, stdout: stdout.slice(0, max), stderr: stderr.slice(0, max), truncated: Math.max(stdout.length, stderr.length) > max };
  }),
  "one limit for both": withExec(async (inner, id, request) => {
    const result = await inner.exec(id, request);
    const left = Math.max(0, request.outputBytesMax - result.stdout.length);
    return { ...result, stderr: result.stderr.slice(0, left), truncated: result.truncated || result.stderr.length > left };
  }),
  "exactly the limit is too much": withResults((result, { outputBytesMax }) => ({ ...result, truncated: result.truncated || Math.max(result.stdout.length, result.stderr.length) >= outputBytesMax })),
  "a limit of zero is none": withExec((inner, id, request) => inner.exec(id, request.outputBytesMax === 0 ? { ...request, ...EXEC } : request)),
  "ended at its limit": withResults((result) => (result.truncated ? { ...result, exitCode: 137 } : result)),
  "no output is over 64 KB": withResults((result) => ({ ...result, stdout: result.stdout.slice(0, 65_536), truncated: result.truncated || result.stdout.length > 65_536 })),
  "time is the command's matter": withExec((inner, id, request) => unless("deadline-exceeded", inner.exec(id, request), () => ({ ...DONE, exitCode: 124 }))),
  "the rest is done after its time": withExec((inner, id, request) =>
    unless("deadline-exceeded", inner.exec(id, request), async (error) => {
      await sh(inner, id, request, scriptOf(request).replace("sleep 600", "true"));
      throw error;
    }),
  ),
  "nothing stays of what overran": withExec((inner, id, request) => (/sleep 600/.test(scriptOf(request)) && request.timeoutMs < 60_000 ? refuse("exec", "deadline-exceeded") : inner.exec(id, request))),
  "a command that overran spoils the next": {
    bend: (inner) => {
      let spoilt = false;
      return {
        exec: async (id, request) => {
          if (spoilt) {
            spoilt = false;
            refuse("exec", "failed-precondition");
          }
          return unless("deadline-exceeded", inner.exec(id, request), (error) => {
            spoilt = true;
            throw error;
          });
        },
      };
    },
  },
  "children live on": withExec(withChildren),
  "commands at once share an answer": {
    bend: (inner) => {
      let running: Promise<ExecResult> | null = null;
      return {
        exec: (id, request) =>
          (running ??= inner.exec(id, request).finally(() => {
            running = null;
          })),
      };
    },
  },
  "one command after the other": {
    bend: (inner) => {
      let last: Promise<unknown> = Promise.resolve();
      return {
        exec: (id, request) => {
          const mine = last.then(() => inner.exec(id, request));
          last = mine.catch(() => undefined);
          return mine;
        },
      };
    },
  },
  "commands are not told of the end": withExec((inner, id, request) => unless("canceled", inner.exec(id, request), () => DONE)),
  "a stopped sandbox takes commands": withExec((inner, id, request) => unless("failed-precondition", inner.exec(id, request), () => DONE)),
};
