/**
 * A supervised child: started, watched, started again with growing pauses when it dies, ended with its whole tree.
 * A child says that it is ready by one JSON line `{"listening": port}` on stdout; everything else it prints is its log.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { createWriteStream, mkdirSync, type WriteStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { LocalState } from "./local-state.ts";
import { endProcess } from "./process-table.ts";
import { UserError } from "./progress.ts";

export interface ChildSpec {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** Asked for at every start, since a port of another child may have changed. */
  env(): Record<string, string>;
  readonly readyTimeoutMs: number;
  /** False leaves what it started alive when it ends: sandboxes outlive their host. */
  readonly endsWithTree: boolean;
}

const RESTART_PAUSE_MIN_MS = 100;
const RESTART_PAUSE_MAX_MS = 5_000;

export class SupervisedChild {
  readonly #spec: ChildSpec;
  readonly #state: LocalState;
  readonly #log: WriteStream;
  #process: ChildProcess | null = null;
  #stopping = false;
  #restarting = Promise.resolve();
  #pauseMs = RESTART_PAUSE_MIN_MS;
  #lastLines: string[] = [];
  port = 0;

  constructor(spec: ChildSpec, state: LocalState) {
    this.#spec = spec;
    this.#state = state;
    const logs = join(state.dataDir, "logs");
    mkdirSync(logs, { recursive: true, mode: 0o700 });
    this.#log = createWriteStream(join(logs, `${spec.name}.log`), { flags: "a", mode: 0o600 });
  }

  get name(): string {
    return this.#spec.name;
  }

  get pid(): number | null {
    return this.#process?.pid ?? null;
  }

  async start(): Promise<void> {
    await this.#launch();
  }

  /** Ends it and starts it again, on the same port when its environment says so. Nothing after it was asked to stop. */
  restart(): Promise<void> {
    this.#restarting = this.#restarting.catch(() => undefined).then(() => this.#relaunch());
    return this.#restarting;
  }

  async #relaunch(): Promise<void> {
    if (this.#stopping) return;
    const old = this.#process;
    this.#process = null; // its exit is meant and starts nothing
    if (old?.pid !== undefined) await this.#end(old.pid, 8_000);
    if (!this.#stopping) await this.#launch();
  }

  async stop(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    const pid = this.#process?.pid;
    if (pid !== undefined && this.#process?.exitCode === null) await this.#end(pid, 8_000);
    await this.#restarting.catch(() => undefined);
    this.#state.forgetChild(this.#spec.name);
    this.#log.end();
  }

  async #launch(): Promise<void> {
    const [command, ...args] = this.#spec.command;
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], env: this.#spec.env(), detached: true });
    this.#process = child;
    this.#lastLines = [];
    if (child.pid !== undefined) this.#state.rememberChild(this.#spec.name, child.pid);
    child.on("exit", (code, signal) => void this.#exited(child, code ?? signal));
    await this.#ready(child);
    this.#pauseMs = RESTART_PAUSE_MIN_MS;
  }

  #end(pid: number, graceMs: number): Promise<void> {
    return endProcess(pid, graceMs, this.#spec.endsWithTree);
  }

  #ready(child: ChildProcess): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (why: string): void =>
        reject(new UserError(`${this.#spec.name} ${why}. Its last lines:\n${this.#lastLines.slice(-15).join("\n")}`));
      const timer = setTimeout(() => fail(`was not ready after ${this.#spec.readyTimeoutMs / 1000} s`), this.#spec.readyTimeoutMs);
      child.on("error", (error) => fail(`could not be started: ${error.message}`));
      child.on("exit", (code, signal) => {
        clearTimeout(timer);
        fail(`ended (${code ?? signal}) before it was ready`);
      });
      const onLine = (line: string): void => {
        this.#log.write(`${line}\n`);
        this.#lastLines = [...this.#lastLines.slice(-40), line];
        const match = /^\{"listening":\s*(\d+)\}$/.exec(line);
        if (!match) return;
        clearTimeout(timer);
        this.port = Number(match[1]);
        resolve();
      };
      if (child.stdout) createInterface({ input: child.stdout }).on("line", onLine);
      if (child.stderr) createInterface({ input: child.stderr }).on("line", onLine);
    });
  }

  async #exited(child: ChildProcess, how: number | string | null): Promise<void> {
    if (this.#stopping || this.#process !== child) return;
    this.#log.write(`-- ended (${how}), starting again in ${this.#pauseMs} ms\n`);
    if (child.pid !== undefined) await this.#end(child.pid, 0);
    await new Promise((resolve) => setTimeout(resolve, this.#pauseMs));
    this.#pauseMs = Math.min(this.#pauseMs * 2, RESTART_PAUSE_MAX_MS);
    if (this.#stopping) return;
    // A launch that fails ends in `exit` again, which comes back here; one that hangs is made to.
    await this.#launch().catch(async (error: Error) => {
      this.#log.write(`-- ${error.message}\n`);
      const hung = this.#process;
      if (hung?.pid !== undefined && hung.exitCode === null && hung.signalCode === null) await this.#end(hung.pid, 0);
    });
  }
}
