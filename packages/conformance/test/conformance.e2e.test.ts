/** The kit on a running instance: Worker, sandbox host, OpenCode and PostgreSQL, driven by the demo model. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addOrganization } from "../../../test/e2e/support/second-org.ts";
import { startTestStack, type TestStack } from "../../../test/e2e/support/stack.ts";
import { eventually, untilHealthy } from "../../../test/e2e/support/waiting.ts";
import { signalAll } from "../../../test/e2e/kill/victims.ts";
import { descendantsOf } from "../../launcher/src/process-table.ts";
import { demoDriver } from "../src/driver.ts";
import type { Outcome } from "../src/run.ts";
import { runServerCases } from "../src/run-server-cases.ts";
import { SERVER_CASES } from "../src/server-cases/all.ts";
import { testEach } from "./suite.ts";

/** Ten thousand events stay in a session, which a run of tests does not pass. */
const isAsked = ({ needs }: { readonly needs?: readonly string[] }): boolean => !needs?.includes("archive");
const CASES_MS = 1_200_000;
/** A first turn of three agents at once takes its time on a busy machine. */
const PATIENCE_MS = 60_000;

/** OpenCode cuts at 50 KB what its tools print, unless the work folder says otherwise. */
const OPENCODE = { tool_output: { max_bytes: 1_000_000, max_lines: 100_000 } };

let repository = "";
let stack: TestStack;
let outcomes: Promise<Outcome[]>;

beforeAll(async () => {
  repository = mkdtempSync(join(tmpdir(), "berth-conformance-"));
  makeRepository(repository);
  stack = await startTestStack();
  const otherKey = await addOrganization(stack, "stranger");
  const tell = ({ id, status, reason }: Outcome): void => void (status === "failed" && console.log(`${id}: ${reason}`));
  const session = { workspace: { kind: "folder", path: repository } };
  outcomes = runServerCases({ url: stack.url, key: stack.apiKey, otherKey, session, restart: () => restartWorker(stack), driver: demoDriver, sessionsMax: 3, patienceMs: PATIENCE_MS }, { atATime: 3, tell });
  outcomes.catch(() => undefined);
});

afterAll(async () => {
  await outcomes;
  await stack?.end();
  rmSync(repository, { recursive: true, force: true });
}, CASES_MS);

describe("a running instance", () => {
  testEach(SERVER_CASES.filter(isAsked), () => outcomes, CASES_MS);

  test("leaves out only what is asked of the archive", async () => {
    const [all, leftOut] = [await outcomes, (await outcomes).filter(({ status }) => status === "left-out")];
    console.log(`${all.filter(({ status }) => status === "passed").length}/${all.length - leftOut.length} passed; ${leftOut.length} about the archive were not asked`);
    expect(leftOut.map(({ id }) => id)).toEqual(SERVER_CASES.filter((one) => !isAsked(one)).map(({ id }) => id));
  }, CASES_MS);
});

/** The Worker with all below it dies, and another one takes its place. Sandboxes, PostgreSQL and what is on disk stay. */
async function restartWorker({ url, pids }: TestStack): Promise<void> {
  const { worker } = pids();
  if (!worker) throw new Error("the Worker has no process");
  signalAll([worker, ...descendantsOf(worker)], "SIGKILL");
  await eventually("a new Worker", () => (![worker, null].includes(pids()["worker"] ?? null) ? true : "the old one"), PATIENCE_MS);
  await untilHealthy(url, PATIENCE_MS);
}

function makeRepository(folder: string): void {
  const git = (...args: string[]): void => void execFileSync("git", ["-C", folder, ...args]);
  writeFileSync(join(folder, "opencode.json"), JSON.stringify(OPENCODE));
  git("init", "--quiet", "--initial-branch=main");
  git("add", "opencode.json");
  git("-c", "user.name=Kit", "-c", "user.email=kit@example.com", "commit", "--quiet", "--message=Start");
}
