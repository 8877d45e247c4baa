/** What an instance keeps between starts: its secrets (mode 0600), its lock and the pids of its children. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "./progress.ts";
import { isSameProcess, startTimeOf } from "./process-table.ts";

export interface LocalSecrets {
  /** Base64 of 32 bytes; everything in the vault hangs on it. */
  readonly masterKey: string;
  readonly authSecret: string;
  readonly operatorToken: string;
  readonly sandboxHostSecret: string;
  readonly postgresPassword: string;
  /** The key printed at start; null until the first start made it. */
  apiKey: string | null;
}

export interface RunningInstance {
  readonly pid: number;
  readonly startTime: string | null;
  readonly url: string | null;
}

export class LocalState {
  readonly dataDir: string;

  constructor(dataDir: string) {
    this.dataDir = dataDir;
  }

  secrets(): LocalSecrets {
    const existing = this.#read<LocalSecrets>("secrets.json");
    if (existing) return existing;
    const hex = (): string => randomBytes(32).toString("hex");
    const fresh: LocalSecrets = {
      masterKey: randomBytes(32).toString("base64"),
      authSecret: hex(),
      operatorToken: hex(),
      sandboxHostSecret: hex(),
      postgresPassword: hex(),
      apiKey: null,
    };
    this.saveSecrets(fresh);
    return fresh;
  }

  saveSecrets(secrets: LocalSecrets): void {
    this.#write("secrets.json", secrets);
  }

  /** The instance that holds this folder, if its process still lives. */
  running(): RunningInstance | null {
    const lock = this.#read<RunningInstance>("instance.json");
    return lock && isSameProcess(lock.pid, lock.startTime) ? lock : null;
  }

  lock(url: string | null): void {
    const other = this.running();
    if (other && other.pid !== process.pid) {
      throw new UserError(
        `Berth already runs from ${this.dataDir} (pid ${other.pid}${other.url ? `, ${other.url}` : ""}). ` +
          `Stop it with: kill ${other.pid}\nor start a second one with another --data-dir and --port.`,
      );
    }
    this.#write("instance.json", { pid: process.pid, startTime: startTimeOf(process.pid), url });
  }

  unlock(): void {
    rmSync(join(this.dataDir, "instance.json"), { force: true });
  }

  rememberChild(name: string, pid: number): void {
    this.#write(`children-${name}.json`, { pid, startTime: startTimeOf(pid) });
  }

  forgetChild(name: string): void {
    rmSync(join(this.dataDir, `children-${name}.json`), { force: true });
  }

  /** A child of an earlier start that is still there, because that start was killed. */
  leftoverChild(name: string): number | null {
    const child = this.#read<{ pid: number; startTime: string | null }>(`children-${name}.json`);
    return child && isSameProcess(child.pid, child.startTime) ? child.pid : null;
  }

  #read<T>(file: string): T | null {
    const path = join(this.dataDir, file);
    if (!existsSync(path)) return null;
    return JSON.parse(readFileSync(path, "utf8")) as T;
  }

  #write(file: string, value: object): void {
    mkdirSync(this.dataDir, { recursive: true, mode: 0o700 });
    const path = join(this.dataDir, file);
    writeFileSync(`${path}.new`, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }
}
