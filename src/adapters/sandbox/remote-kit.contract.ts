/** A real sandbox host over HTTP with a client to it, and the faults of the wire between the two. */
import { randomBytes } from "node:crypto";
import type { Server } from "node:http";
import { createHostServer, listen } from "@berth/sandbox-host/server";
import type { SandboxProvider } from "../../ports/sandbox/sandbox.port.ts";
import { createRemoteSandboxProvider } from "./remote.ts";

export const SECRET = "example-secret-of-a-contract-run-only";
/** Long enough for a loaded machine, short enough to wait for a lost answer. */
const CREATE_TIMEOUT_MS = 1_500;

const NEVER = new Promise<never>(() => undefined);

export class RemoteKit {
  #server: Server | null = null;
  #port = 0;
  #deps = { secret: SECRET };
  #portOfNext: number | null = null;
  #loseCreate = false;
  #cutExec = false;
  #execArrived: () => void = () => undefined;
  #execArrival: Promise<void> = NEVER;

  /** Starts a host over `inner`, or another one in place of the last. */
  async open(inner: SandboxProvider): Promise<SandboxProvider> {
    await this.close();
    this.#execArrival = new Promise((resolve) => {
      this.#execArrived = resolve;
    });
    const { backend, isolation, capabilities } = inner;
    const report = { backend, isolation, capabilities, reason: null, fix: null };
    const options = { providers: [this.#breakable(inner)], reports: [report], machine: null, secret: SECRET, now: Date.now, log: () => undefined };
    this.#server = createHostServer(options);
    this.#port = await listen(this.#server, 0);
    return this.#client(inner);
  }

  /** The next call goes to a port nobody listens on. */
  async becomeUnreachable(): Promise<void> {
    const server = createHostServer({ providers: [], reports: [], machine: null, secret: SECRET, now: Date.now, log: () => undefined });
    const port = await listen(server, 0);
    await new Promise((resolve) => server.close(resolve));
    this.#portOfNext = port;
  }

  /** The next create happens and is not answered. */
  loseNextCreate(): void {
    this.#loseCreate = true;
  }

  /** The next command runs, and its connection is cut before the answer. */
  cutNextExec(): void {
    this.#cutExec = true;
  }

  forgetSecret(): void {
    this.#deps.secret = "another-secret-of-a-contract-run-only";
  }

  /** A command has reached the host. */
  execArrives(): Promise<void> {
    return this.#execArrival;
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    server?.closeAllConnections();
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  #client(inner: SandboxProvider): SandboxProvider {
    const { backend, isolation, capabilities } = inner;
    const deps = {
      fetch: (url: string, init: RequestInit) => fetch(this.#redirected(url), init),
      baseUrl: `http://127.0.0.1:${this.#port}`,
      secret: SECRET,
      backend,
      isolation,
      capabilities,
      timeoutsMs: { create: CREATE_TIMEOUT_MS },
      now: Date.now,
      randomBytes: (length: number) => randomBytes(length),
    };
    this.#deps = deps;
    return createRemoteSandboxProvider(deps);
  }

  #redirected(url: string): string {
    const port = this.#portOfNext;
    this.#portOfNext = null;
    return port === null ? url : url.replace(`:${this.#port}/`, `:${port}/`);
  }

  #breakable(inner: SandboxProvider): SandboxProvider {
    const { backend, isolation, capabilities } = inner;
    return {
      backend,
      isolation,
      capabilities,
      create: async (spec) => {
        const made = await inner.create(spec);
        if (!this.#loseCreate) return made;
        this.#loseCreate = false;
        return NEVER;
      },
      exec: async (id, request) => {
        const running = inner.exec(id, request);
        this.#execArrived();
        const result = await running;
        if (this.#cutExec) this.#server?.closeAllConnections();
        this.#cutExec = false;
        return result;
      },
      describe: (id) => inner.describe(id),
      list: (filter) => inner.list(filter),
      readFile: (id, path) => inner.readFile(id, path),
      writeFile: (id, path, bytes) => inner.writeFile(id, path, bytes),
      applyWork: (id, request) => inner.applyWork(id, request),
      describePolicy: (id) => inner.describePolicy(id),
      stop: (id) => inner.stop(id),
      destroy: (id) => inner.destroy(id),
    };
  }
}
