/** What the cases of the sandbox contract share: the harness, specs, and waiting for a start to be over. Needs no test framework. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import type { ContractHarness } from "@berth/testkit";
import { isPortError, type Outcome, type PortError, type PortErrorCode, type Retry } from "../../core/kernel/port-error.ts";
import type { SandboxCapabilities, SandboxDescription, SandboxId, SandboxProvider, SandboxSpec } from "./sandbox.port.ts";

/** A folder with a repository whose only commit, on `main`, holds README.md saying "hello". */
export interface ContractFolder {
  readonly path: string;
  /** A file of a branch; null when the branch or the file is not there. */
  read(branch: string, file: string): Promise<string | null> | string | null;
  /** Somebody else commits to a branch. */
  commitElsewhere(branch: string): Promise<void> | void;
}

/** What the system that commands run on may not have. */
export type SystemPart = "links" | "pipes" | "signals";

export interface SandboxHarness extends ContractHarness<SandboxProvider> {
  readonly capabilities: SandboxCapabilities;
  readonly isolation: SandboxProvider["isolation"];
  /** How many of `create`'s subject may be alive at once; at least three. */
  readonly sandboxesMax: number;
  /** Cases that need a part that is lacking are left out. */
  readonly lacks?: readonly SystemPart[];
  /** How long what must come may take. */
  readonly patienceMs?: number;
  makeFolder?(): Promise<ContractFolder> | ContractFolder;
  /** The same backend, opened by a new provider. */
  reopen?(subject: SandboxProvider): Promise<SandboxProvider> | SandboxProvider;
  /** The runtime of a running sandbox ends by itself. */
  kill?(subject: SandboxProvider, id: SandboxId): Promise<void> | void;
  /** Lets starts that `sandbox:create:slow-success` holds back go on. */
  release?(subject: SandboxProvider): void;
}

export const TOKEN = "berth_sbx_contract-token-that-is-nobodys";
export const EXEC = { timeoutMs: 10_000, outputBytesMax: 64 * 1024 } as const;
const PATIENCE_MS = 15_000;
const LOOK_MS = 15;

/** Sixteen characters are enough for a session id that looks real. */
export function specOf(session: string, epoch = 1, part: Partial<SandboxSpec> = {}): SandboxSpec {
  const sessionId = `ses_${session}`;
  return {
    id: `${sessionId}-${epoch}`,
    orgId: "org_1",
    sessionId,
    epoch,
    workspace: { kind: "empty" },
    link: { url: "ws://127.0.0.1:1/v1/sandbox/link", token: TOKEN },
    demoOnly: true,
    ...part,
  };
}

/** Looks until what was looked for is there. @throws Error with the last look */
export async function eventually<T>(look: () => Promise<T>, isThere: (found: T) => boolean, patienceMs = PATIENCE_MS): Promise<T> {
  const end = performance.now() + patienceMs;
  for (;;) {
    const found = await look();
    if (isThere(found)) return found;
    if (performance.now() > end) throw new Error(`within ${patienceMs} ms it did not come to what was expected: ${JSON.stringify(found)}`);
    await delay(LOOK_MS);
  }
}

/** Creation is asynchronous by contract, so its end is looked for. */
export function settled(subject: SandboxProvider, id: SandboxId, patienceMs = PATIENCE_MS): Promise<SandboxDescription> {
  return eventually(() => subject.describe(id), ({ phase }) => phase !== "accepted", patienceMs);
}

export async function started(subject: SandboxProvider, spec: SandboxSpec, patienceMs = PATIENCE_MS): Promise<SandboxId> {
  await subject.create(spec);
  const { phase, failure } = await settled(subject, spec.id, patienceMs);
  assert.equal(phase, "running", `${spec.id} came to ${phase}: ${failure?.message ?? "no reason is given"}`);
  return spec.id;
}

export async function expectRefusal(running: Promise<unknown>, code: PortErrorCode, outcome: Outcome = "not-applied", retry?: Retry): Promise<PortError> {
  const error = await running.then(
    (value) => assert.fail(`expected ${code}, got ${JSON.stringify(value) ?? "an answer"}`),
    (raw: unknown) => raw,
  );
  if (!isPortError(error)) throw error;
  assert.deepEqual({ port: error.port, code: error.code, outcome: error.outcome }, { port: "sandbox", code, outcome });
  if (retry !== undefined) assert.deepEqual(error.retry, retry);
  return error;
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (found: Uint8Array | null): string | null => (found ? new TextDecoder().decode(found) : null);
