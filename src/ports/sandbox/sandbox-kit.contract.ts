/** What the suites of the sandbox contract share: the harness, specs, and waiting for a start to be over. */
import type { ContractHarness } from "@berth/testkit";
import { expect, vi } from "vitest";
import { isPortError, type Outcome, type PortErrorCode } from "../../core/kernel/port-error.ts";
import type { SandboxCapabilities, SandboxDescription, SandboxId, SandboxProvider, SandboxSpec } from "./sandbox.port.ts";

/** A folder with a repository whose only commit, on `main`, holds README.md saying "hello". */
export interface ContractFolder {
  readonly path: string;
  /** A file of a branch; null when the branch or the file is not there. */
  read(branch: string, file: string): Promise<string | null> | string | null;
  /** Somebody else commits to a branch. */
  commitElsewhere(branch: string): Promise<void> | void;
}

export interface SandboxHarness extends ContractHarness<SandboxProvider> {
  readonly capabilities: SandboxCapabilities;
  readonly isolation: SandboxProvider["isolation"];
  /** How many of `create`'s subject may be alive at once. */
  readonly sandboxesMax: number;
  makeFolder(): Promise<ContractFolder> | ContractFolder;
  /** The same backend, opened by a new provider. */
  reopen(subject: SandboxProvider): Promise<SandboxProvider> | SandboxProvider;
  /** The runtime of a running sandbox ends by itself. */
  kill(subject: SandboxProvider, id: SandboxId): Promise<void> | void;
  /** Lets starts that `sandbox:create:slow-success` holds back go on. */
  release(subject: SandboxProvider): void;
}

export const TOKEN = "berth_sbx_contract-token-that-is-nobodys";
export const EXEC = { timeoutMs: 10_000, outputBytesMax: 64 * 1024 } as const;

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

/** Creation is asynchronous by contract, so its end is polled for. */
export function settled(subject: SandboxProvider, id: SandboxId): Promise<SandboxDescription> {
  return vi.waitFor(
    async () => {
      const description = await subject.describe(id);
      expect(description.phase).not.toBe("accepted");
      return description;
    },
    { timeout: 15_000, interval: 15 },
  );
}

export async function started(subject: SandboxProvider, spec: SandboxSpec): Promise<SandboxId> {
  await subject.create(spec);
  expect(await settled(subject, spec.id)).toMatchObject({ phase: "running" });
  return spec.id;
}

export async function expectRefusal(running: Promise<unknown>, code: PortErrorCode, outcome: Outcome = "not-applied"): Promise<void> {
  const error = await running.then(
    (value) => expect.fail(`expected ${code}, got ${JSON.stringify(value)}`),
    (raw: unknown) => raw,
  );
  if (!isPortError(error)) throw error;
  expect({ port: error.port, code: error.code, outcome: error.outcome }).toEqual({ port: "sandbox", code, outcome });
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (found: Uint8Array | null): string | null => (found ? new TextDecoder().decode(found) : null);
