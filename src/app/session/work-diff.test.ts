/** A session's changes, asked of a sandbox that answers as it is told to. */
import { expect, test } from "vitest";
import { PortError } from "../../core/kernel/port-error.ts";
import { Driver } from "../../core/session/testing.ts";
import type { ExecRequest, ExecResult } from "../../ports/sandbox/sandbox.port.ts";
import { diffOf } from "./work-diff.ts";

const DONE: ExecResult = { exitCode: 0, stdout: "\0\0\0", stderr: "", truncated: false };
const BASE = "0123456789012345678901234567890123456789";

function ready(): Driver {
  const session = new Driver();
  session.ready();
  session.up({ type: "workspace-ready", branch: "work", base: BASE });
  return session;
}

async function asked({ state }: Driver, answer: ExecResult | PortError) {
  const requests: (readonly [string, ExecRequest])[] = [];
  const exec = async (id: string, request: ExecRequest): Promise<ExecResult> => {
    requests.push([id, request]);
    if (answer instanceof PortError) throw answer;
    return answer;
  };
  const result = await diffOf(new Map([["docker", { exec }]]), state);
  return { requests, told: result.ok ? result.value : [result.problem.status, result.problem.detail, result.problem.fix] };
}

const refusal = (code: "deadline-exceeded" | "unknown", message: string): PortError =>
  new PortError({ port: "sandbox", operation: "exec", code, outcome: "unknown", retry: "never", message });

test("[GIT11] it is the sandbox of the session's epoch that is asked, with the commit that its work began from", async () => {
  const { requests, told } = await asked(ready(), DONE);
  expect(requests.map(([id, { command }]) => [id, command.at(-1)])).toEqual([["ses_1-1", BASE]]);
  expect(told).toEqual({ files: [], patch: "", truncated: false });
});

test("[GIT11] a later sandbox, which finds the agent's commits, does not move where the work began", async () => {
  const session = ready();
  session.up({ type: "workspace-ready", branch: "work", base: "fedcba98".repeat(5) });
  expect((await asked(session, DONE)).requests.map(([, { command }]) => command.at(-1))).toEqual([BASE]);
  const empty = new Driver();
  empty.ready();
  empty.up({ type: "workspace-ready" });
  empty.up({ type: "workspace-ready", branch: "main", base: BASE });
  expect((await asked(empty, DONE)).requests.map(([, { command }]) => command.at(-1))).toEqual([""]);
});

test("[GIT13] without a sandbox that runs nobody is asked", async () => {
  expect(await asked(new Driver(), DONE)).toEqual({ requests: [], told: [409, "There is no sandbox whose work could be looked at.", "Resume the session first."] });
});

test("[GIT13] an answer that is none, one that takes too long and a sandbox that is gone are told apart", async () => {
  const unreadable = await asked(ready(), { ...DONE, exitCode: 127, stdout: "" });
  const slow = await asked(ready(), refusal("deadline-exceeded", "It took too long."));
  expect((await asked(ready(), { ...DONE, exitCode: 124, stdout: "" })).told).toEqual(slow.told);
  const gone = await asked(ready(), refusal("unknown", "The sandbox host does not answer."));
  expect([unreadable.told, slow.told, gone.told]).toEqual([
    [409, "The changes could not be read from the work folder.", expect.stringContaining("git")],
    [409, "To look at the changes took too long.", "Name what is generated in .gitignore."],
    [503, "The sandbox host does not answer.", undefined],
  ]);
});
