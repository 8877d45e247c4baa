/** A provider that breaks the contract in one small way: the one in memory, bent. */
import { PortError, type PortErrorCode, type Retry } from "../../../core/kernel/port-error.ts";
import type { InMemorySandboxOptions } from "../sandbox.fake.ts";
import type { ExecRequest, ExecResult, SandboxDescription, SandboxId, SandboxProvider, SandboxSpec } from "../sandbox.port.ts";

export interface Around {
  /** It is a second provider of the same backend. */
  readonly reopened: boolean;
  /** Sandboxes whose runtime was attached. */
  readonly linked: ReadonlySet<SandboxId>;
}

export interface Broken {
  readonly options?: Partial<InMemorySandboxOptions>;
  bend(inner: SandboxProvider, around: Around): Partial<SandboxProvider>;
}

type Operation = Exclude<keyof SandboxProvider, "backend" | "isolation" | "capabilities">;
const OPERATIONS: readonly Operation[] = ["create", "describe", "list", "exec", "readFile", "writeFile", "applyWork", "describePolicy", "stop", "destroy"];

export function bent(inner: SandboxProvider, { bend }: Broken, around: Around): SandboxProvider {
  return { ...plain(inner), ...bend(inner, around) };
}

/** Its methods as functions of an object of their own. */
function plain(inner: SandboxProvider): SandboxProvider {
  return {
    backend: inner.backend,
    isolation: inner.isolation,
    capabilities: inner.capabilities,
    create: (spec) => inner.create(spec),
    describe: (id) => inner.describe(id),
    list: (filter) => inner.list(filter),
    exec: (id, request) => inner.exec(id, request),
    readFile: (id, path) => inner.readFile(id, path),
    writeFile: (id, path, bytes) => inner.writeFile(id, path, bytes),
    applyWork: (id, request) => inner.applyWork(id, request),
    describePolicy: (id) => inner.describePolicy(id),
    stop: (id) => inner.stop(id),
    destroy: (id) => inner.destroy(id),
  };
}

/** Every operation's errors become others. */
export function withErrors(change: (error: PortError) => Partial<Pick<PortError, "code" | "outcome" | "retry" | "message" | "operation">>): Broken {
  return {
    bend: (inner) =>
      Object.fromEntries(
        OPERATIONS.map((operation) => [
          operation,
          (...args: readonly unknown[]) =>
            (inner[operation] as (...all: readonly unknown[]) => Promise<unknown>)(...args).catch((error: PortError) => {
              throw new PortError({ ...error.toWire(), ...change(error) });
            }),
        ]),
      ) as Partial<SandboxProvider>,
  };
}

/** Every description, wherever it is told. */
export function withDescriptions(change: (description: SandboxDescription) => SandboxDescription): Broken {
  return {
    bend: (inner) => ({
      create: async (spec) => change(await inner.create(spec)),
      describe: async (id) => change(await inner.describe(id)),
      list: async (filter) => (await inner.list(filter)).map(change),
    }),
  };
}

export function withExec(exec: (inner: SandboxProvider, id: SandboxId, request: ExecRequest) => Promise<ExecResult>): Broken {
  return { bend: (inner) => ({ exec: (id, request) => exec(inner, id, request) }) };
}

export function withResults(change: (result: ExecResult, request: ExecRequest) => ExecResult): Broken {
  return withExec(async (inner, id, request) => change(await inner.exec(id, request), request));
}

export const DONE: ExecResult = { exitCode: 0, stdout: "", stderr: "", truncated: false };

export function refuse(operation: string, code: PortErrorCode, retry: Retry = "never"): never {
  throw new PortError({ port: "sandbox", operation, code, outcome: "not-applied", retry, message: "It is refused for no good reason." });
}

/** What the running takes part in, unless it is refused with that code. */
export async function unless<T>(code: PortErrorCode, running: Promise<T>, instead: (error: PortError) => T | Promise<T>): Promise<T> {
  try {
    return await running;
  } catch (error) {
    if ((error as PortError).code === code) return instead(error as PortError);
    throw error;
  }
}

/** A description of what was never made. */
export function madeUp({ id, orgId, sessionId, epoch }: SandboxSpec, inner: SandboxProvider): SandboxDescription {
  return { id, orgId, sessionId, epoch, backend: inner.backend, isolation: inner.isolation, phase: "running", createdAtMs: Date.UTC(2026, 10, 20) };
}

export const sessionOf = (id: SandboxId): string => id.slice(0, id.lastIndexOf("-"));
