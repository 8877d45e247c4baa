/**
 * What stands in for Modal's machines: a sandbox is a process under bubblewrap with folders of its own, a command really
 * runs in its namespaces, an image is a copy of its folders. It has no network, or this machine's.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { cpSync, existsSync, lstatSync, mkdirSync, readlinkSync, realpathSync, rmSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { json } from "node:stream/consumers";
import { childrenOf, until } from "@berth/sandbox-runtime/processes/process-table";

const FOLDERS = { work: "/workspace", home: "/home/agent", tmp: "/tmp", run: "/run" } as const;
const SYSTEM = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];
const ETC = ["alternatives", "hosts", "resolv.conf", "ld.so.cache", "nsswitch.conf", "passwd", "group", "ssl"];
const SET_UP_MS = 20_000;
const PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin";

/** Output that is read from any place on, while it still grows. */
export class Output {
  #bytes = Buffer.alloc(0);
  #isClosed = false;
  #wake: (() => void)[] = [];

  constructor(stream: Readable) {
    stream.on("data", (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#rouse();
    });
    stream.once("close", () => {
      this.#isClosed = true;
      this.#rouse();
    });
  }

  async *from(offset: number): AsyncGenerator<Buffer> {
    for (let at = offset; ; ) {
      const chunk = this.#bytes.subarray(at, at + 1024 * 1024);
      if (chunk.length > 0) yield Buffer.from(chunk);
      else if (this.#isClosed) return;
      else await new Promise<void>((resolve) => this.#wake.push(resolve));
      at += chunk.length;
    }
  }

  #rouse(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

export interface Exit {
  readonly code?: number;
  readonly signal?: number;
}

/** A process with its input and outputs. */
export class Running {
  readonly child: ChildProcess;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly exited: Promise<Exit>;
  written = 0;

  constructor(child: ChildProcess) {
    this.child = child;
    this.stdout = new Output(child.stdout as Readable);
    this.stderr = new Output(child.stderr as Readable);
    child.stdin?.on("error", () => undefined);
    this.exited = new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code, name) => resolve(code === null ? { signal: constants.signals[name ?? "SIGKILL"] } : { code }));
    });
    this.exited.catch(() => undefined);
  }

  /** What comes once more, since its answer was lost, is dropped. */
  write(offset: number, data: Uint8Array, eof: boolean): void {
    const fresh = data.subarray(Math.max(0, this.written - offset));
    this.written += fresh.length;
    if (fresh.length > 0) this.child.stdin?.write(fresh);
    if (eof) this.child.stdin?.end();
  }
}

export interface MachineRequest {
  readonly root: string;
  readonly name: string;
  /** Folders that it begins with; absent: none. */
  readonly begins?: string | undefined;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly sharesNetwork: boolean;
  /** Of this machine, by where they are inside. */
  readonly programs: Readonly<Record<string, string>>;
}

export class Machine {
  readonly main: Running;
  readonly #folder: string;
  readonly #init: Promise<number>;
  readonly #sharesNetwork: boolean;
  readonly #environment: Readonly<Record<string, string>>;

  readonly #programs: Readonly<Record<string, string>>;

  constructor({ root, name, begins, command, environment, sharesNetwork, programs }: MachineRequest) {
    this.#programs = programs;
    this.#folder = join(root, name);
    mkdirSync(this.#folder, { recursive: true });
    if (begins !== undefined) cpSync(begins, this.#folder, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
    for (const part of Object.keys(FOLDERS)) mkdirSync(join(this.#folder, part), { recursive: true });
    this.#sharesNetwork = sharesNetwork;
    this.#environment = { PATH, HOME: "/root", ...environment };
    const child = spawn("bwrap", [...this.#arguments(), "--", ...(command.length === 0 ? ["sleep", "infinity"] : command)], { stdio: ["pipe", "pipe", "pipe", "pipe"], detached: true });
    this.main = new Running(child);
    this.#init = json(child.stdio[3] as Readable).then(async (info) => {
      const pid = (info as { "child-pid": number })["child-pid"];
      // It starts the command once its folders are mounted.
      await until(() => childrenOf(pid).length > 0, SET_UP_MS);
      return pid;
    });
    this.#init.catch(() => undefined);
  }

  /** Really inside: in the namespaces of the sandbox's first process. */
  async exec(command: readonly string[], environment: Readonly<Record<string, string>>): Promise<Running> {
    const spaces = ["--user", "--mount", "--pid", "--ipc", "--uts", ...(this.#sharesNetwork ? [] : ["--net"])];
    const variables = Object.entries({ ...this.#environment, ...environment }).map(([name, value]) => `${name}=${value}`);
    return new Running(spawn("nsenter", ["--target", String(await this.#init), ...spaces, "--preserve-credentials", "--", "env", "-i", ...variables, ...command], { stdio: ["pipe", "pipe", "pipe"] }));
  }

  /** With all that it started. */
  async kill(): Promise<void> {
    const init = await this.#init.catch(() => null);
    try {
      process.kill(init ?? this.main.child.pid ?? 0, "SIGKILL");
    } catch {
      // It has ended already.
    }
    await this.main.exited;
  }

  copyTo(folder: string): void {
    cpSync(this.#folder, folder, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #arguments(): string[] {
    const isRoot = process.getuid?.() === 0;
    return [
      ...["--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--new-session", "--die-with-parent", "--info-fd", "3", "--cap-drop", "ALL", "--clearenv"],
      ...(this.#sharesNetwork ? [] : ["--unshare-net"]),
      // A second user namespace comes with another id, whose mounts only root may enter.
      ...(isRoot ? ["--uid", "1000", "--gid", "1000"] : []),
      ...Object.entries(this.#environment).flatMap(([name, value]) => ["--setenv", name, value]),
      ...SYSTEM.filter((path) => existsSync(path)).flatMap((path) => (lstatSync(path).isSymbolicLink() ? ["--symlink", readlinkSync(path), path] : ["--ro-bind", path, path])),
      ...ETC.flatMap((name) => ["--ro-bind-try", `/etc/${name}`, `/etc/${name}`]),
      ...["--proc", "/proc", "--dev", "/dev"],
      ...Object.entries(this.#programs).flatMap(([inside, path]) => ["--ro-bind", realpathSync(path), inside]),
      ...Object.entries(FOLDERS).flatMap(([part, path]) => ["--bind", join(this.#folder, part), path]),
      ...["--remount-ro", "/", "--chdir", "/workspace"],
    ];
  }
}
