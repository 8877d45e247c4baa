/** Asks a session's sandbox what was changed in it. Git runs inside: a repository may tell it to run programs of its own. */
import { makeProblem, type WorkDiff } from "@berth/protocol";
import { DIFF_SCRIPT, readDiff, TOOK_TOO_LONG } from "../../core/git/work-diff.ts";
import type { SessionState } from "../../core/session/session.state.ts";
import { isPortError } from "../../core/kernel/port-error.ts";
import type { SandboxProvider } from "../../ports/sandbox/sandbox.port.ts";
import type { Result } from "../session-handle.ts";
import { toFailure } from "./effect-interpreter.ts";

const TIMEOUT_MS = 20_000;
const BYTES_MAX = 1024 * 1024;
const NO_SANDBOX = { ok: false, problem: makeProblem("conflict", "There is no sandbox whose work could be looked at.", { fix: "Resume the session first." }) } as const;
const UNREADABLE = "The changes could not be read from the work folder.";
const TOO_LONG = { ok: false, problem: makeProblem("conflict", "To look at the changes took too long.", { fix: "Name what is generated in .gitignore." }) } as const;

export async function diffOf(sandboxes: ReadonlyMap<string, Pick<SandboxProvider, "exec">>, { sessionId, lease, base }: Pick<SessionState, "sessionId" | "lease" | "base">): Promise<Result<WorkDiff>> {
  const provider = lease?.phase === "ready" ? sandboxes.get(lease.backend) : undefined;
  if (!lease || !provider) return NO_SANDBOX;
  try {
    const { exitCode, stdout, truncated } = await provider.exec(`${sessionId}-${lease.epoch}`, { command: ["sh", "-c", DIFF_SCRIPT, "sh", base ?? ""], timeoutMs: TIMEOUT_MS, outputBytesMax: BYTES_MAX });
    if (exitCode === TOOK_TOO_LONG) return TOO_LONG;
    const diff = exitCode === 0 ? readDiff(stdout, truncated) : null;
    return diff ? { ok: true, value: diff } : { ok: false, problem: makeProblem("conflict", UNREADABLE, { fix: "Look at the work folder with git, by a message to the agent." }) };
  } catch (error) {
    if (isPortError(error) && error.code === "deadline-exceeded") return TOO_LONG;
    const failure = toFailure(error);
    return { ok: false, problem: makeProblem("unavailable", failure.message, failure.fix === undefined ? {} : { fix: failure.fix }) };
  }
}
