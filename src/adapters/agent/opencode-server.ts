/** The OpenCode server process: started, found healthy, watched and stopped with everything it started. */
import type { ChildProcess } from "node:child_process";
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { startAgentProcess } from "./agent-process.ts";
import { StartFailure } from "./opencode-classify.ts";

export interface ServerOptions {
  readonly executable: string;
  readonly workFolder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly password: string;
  readonly startTimeoutMs: number;
  readonly signal: AbortSignal;
}

export interface OpenCodeServer {
  readonly url: string;
  readonly version: string;
  readonly pid: number;
  /** Resolves when the process is gone, however that came, and with it whatever its tools left running. */
  readonly exited: Promise<void>;
  stop(): Promise<void>;
}

/**
 * A health request sent while the server boots may never be answered, so each attempt has its own time-out.
 */
const HEALTH_ATTEMPT_MS = 300;
const HEALTH_PAUSE_MS = 40;
const LOG_TAIL_CHARACTERS = 2_000;

export function authorization(password: string): string {
  return `Basic ${Buffer.from(`opencode:${password}`).toString("base64")}`;
}

/** @throws StartFailure, or the raw error of spawn */
export async function startOpenCodeServer(options: ServerOptions): Promise<OpenCodeServer> {
  const { executable, workFolder, environment, password, startTimeoutMs, signal } = options;
  const command = [executable, "serve", "--hostname", "127.0.0.1", "--port", String(await freePort())];
  const { child, exited, stop } = startAgentProcess({ command, workFolder, environment, marker: `OPENCODE_SERVER_PASSWORD=${password}`, takesInput: false });
  const output = new OutputTail(child);
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(startTimeoutMs)]);
  try {
    const url = await Promise.race([output.address(deadline), exited.then(() => Promise.reject(new StartFailure("exited", output.text)))]);
    const version = await healthy(url, password, deadline, output);
    return { url, version, pid: child.pid ?? 0, exited, stop };
  } catch (error) {
    if (child.pid !== undefined) await stop();
    throw error;
  }
}

async function healthy(url: string, password: string, deadline: AbortSignal, output: OutputTail): Promise<string> {
  while (!deadline.aborted) {
    try {
      const response = await fetch(`${url}/global/health`, {
        headers: { authorization: authorization(password) },
        signal: AbortSignal.timeout(HEALTH_ATTEMPT_MS),
      });
      const body = (await response.json()) as { healthy?: unknown; version?: unknown };
      if (response.ok && body.healthy === true) return String(body.version);
    } catch {
      // Not up yet; the deadline decides.
    }
    await delay(HEALTH_PAUSE_MS);
  }
  throw new StartFailure("never-healthy", output.text);
}

/** Reads the address OpenCode prints, and keeps the end of what it prints for the error when it does not come up. */
class OutputTail {
  #text = "";
  #found: ((url: string) => void) | null = null;

  constructor(child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (chunk: string) => this.#add(chunk));
    }
  }

  get text(): string {
    return this.#text.trim();
  }

  async address(deadline: AbortSignal): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#found = resolve;
      const giveUp = (): void => reject(new StartFailure("never-healthy", this.text));
      if (deadline.aborted) giveUp();
      deadline.addEventListener("abort", giveUp, { once: true });
      this.#add("");
    });
  }

  #add(chunk: string): void {
    this.#text = (this.#text + chunk).slice(-LOG_TAIL_CHARACTERS);
    const match = /listening on (http:\/\/127\.0\.0\.1:\d+)/.exec(this.#text);
    if (match) this.#found?.(match[1] as string);
  }
}

/**
 * A port of its own for every start. Left to itself OpenCode takes the same one again, and a connection kept from the
 * server before it breaks the first request to the new one.
 */
function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const probe = createServer();
    probe.on("error", fail);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => (typeof address === "object" && address ? done(address.port) : fail(new Error("no port"))));
    });
  });
}
