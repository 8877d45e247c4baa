/** What an instance keeps between starts: its secrets (mode 0600), its lock and the pids of its children. */
import { randomBytes } from "node:crypto";
import { closeSync, existsSync, fsyncSync, linkSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { folderProblem, makeFolder } from "./data-folder.ts";
import { UserError } from "./progress.ts";
import { commandOf, isSameProcess, startTimeOf } from "./process-table.ts";

const LocalSecrets = z.object({
  /** Base64 of 32 bytes; everything in the vault hangs on it. */
  masterKey: z.base64().length(44),
  masterKeyVersion: z.int().positive().default(1),
  /** Earlier ones as `version:base64`, for secrets that are still under them. */
  olderMasterKeys: z.array(z.string().regex(/^[1-9]\d*:[A-Za-z0-9+/]{43}=$/)).default([]),
  authSecret: z.string().min(32),
  operatorToken: z.string().min(32),
  sandboxHostSecret: z.string().min(32),
  postgresPassword: z.string().min(1),
  /** The key printed at start; null until the first start made it. */
  apiKey: z.string().nullable(),
});
export type LocalSecrets = z.infer<typeof LocalSecrets>;

const RunningInstance = z.object({
  pid: z.int().positive(),
  startTime: z.string().nullable(),
  url: z.string().nullable(),
  /** True once it was asked to end; whoever comes next may wait for it. */
  ending: z.boolean().default(false),
});
export type RunningInstance = z.infer<typeof RunningInstance>;

const ChildProcess = z.object({ pid: z.int().positive(), startTime: z.string().nullable() });

export interface Leftover {
  readonly name: string;
  readonly pid: number;
  readonly command: string;
}

/** How long an instance that was just orphaned takes at most to notice it and say that it is ending. */
const NOTICE_MS = 1_500;
const ENDING_MS = 40_000;

export class LocalState {
  readonly dataDir: string;

  constructor(dataDir: string) {
    this.dataDir = dataDir;
  }

  /** @throws UserError in words, when the folder cannot be made or written */
  prepareFolder(): void {
    try {
      makeFolder(this.dataDir);
      const probe = join(this.dataDir, `.probe-${process.pid}`);
      closeSync(openSync(probe, "w", 0o600));
      rmSync(probe);
    } catch (error) {
      throw new UserError(folderProblem(this.dataDir, error as NodeJS.ErrnoException));
    }
  }

  /** @throws UserError when the file is there and is not what was written, or is gone while the data it protects is not */
  secrets(): LocalSecrets {
    const existing = this.knownSecrets();
    if (existing) return existing;
    if (existsSync(join(this.dataDir, "postgres", "PG_VERSION"))) {
      throw new UserError(
        `${join(this.dataDir, "secrets.json")} is gone, but the database beside it was made with it.\n` +
          "Put the file back, or start over without the old data:  npm start -- --reset",
      );
    }
    const hex = (): string => randomBytes(32).toString("hex");
    const fresh: LocalSecrets = {
      masterKey: newMasterKey(),
      masterKeyVersion: 1,
      olderMasterKeys: [],
      authSecret: hex(),
      operatorToken: hex(),
      sandboxHostSecret: hex(),
      postgresPassword: hex(),
      apiKey: null,
    };
    this.saveSecrets(fresh);
    return fresh;
  }

  /** The secrets of an earlier start; null before the first. @throws UserError when the file is damaged */
  knownSecrets(): LocalSecrets | null {
    const path = join(this.dataDir, "secrets.json");
    if (!existsSync(path)) return null;
    const parsed = LocalSecrets.safeParse(parseJson(readFileSync(path, "utf8")));
    if (parsed.success) return parsed.data;
    const wrong = parsed.error.issues.map((issue) => issue.path.join(".")).filter((name) => name !== "");
    throw new UserError(
      `${path} is damaged${wrong.length > 0 ? ` (${wrong.join(", ")})` : ": it is not JSON"}. It holds the key of everything in the vault.\n` +
        "Put back a copy of it, or start over without the old data:  npm start -- --reset",
    );
  }

  saveSecrets(secrets: LocalSecrets): void {
    this.#write("secrets.json", secrets);
  }

  /** The instance that holds this folder, if its process still lives. */
  running(): RunningInstance | null {
    const lock = this.#read("instance.json", RunningInstance);
    return lock && isSameProcess(lock.pid, lock.startTime) ? lock : null;
  }

  /**
   * Takes the folder for this process, after an instance that is already ending.
   * @param signInUrl a new way into the instance that holds it: a link that was lost is no reason to stop everything
   * @throws UserError naming who holds it
   */
  async lock(signInUrl?: (url: string) => Promise<string>): Promise<void> {
    const started = Date.now();
    while (!this.#tryLock()) {
      const other = this.running();
      if (other === null) continue;
      if (Date.now() - started > (other.ending ? ENDING_MS : NOTICE_MS)) {
        const link = other.url && !other.ending ? await signInUrl?.(other.url).catch(() => undefined) : undefined;
        throw new UserError(
          `Berth already runs from ${this.dataDir} (pid ${other.pid}${other.url ? `, ${other.url}` : ""}).\n` +
            (link ? `To sign in, open:  ${link}\n` : "") +
            `Either stop it:  kill ${other.pid}\nor start a second one beside it:  npm start -- --port 0 --data-dir DIR`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** A lock of a process that is gone is taken over; of two that start at once only one gets it. */
  #tryLock(): boolean {
    const holder = this.running();
    if (holder !== null) return holder.pid === process.pid;
    const mine = `lock-${process.pid}.json`;
    this.#write(mine, { pid: process.pid, startTime: startTimeOf(process.pid), url: null, ending: false });
    try {
      this.unlock();
      linkSync(join(this.dataDir, mine), join(this.dataDir, "instance.json"));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      return false;
    } finally {
      rmSync(join(this.dataDir, mine), { force: true });
    }
  }

  announce(instance: { readonly url: string | null; readonly ending: boolean }): void {
    this.#write("instance.json", { pid: process.pid, startTime: startTimeOf(process.pid), ...instance });
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
    const child = this.#read(`children-${name}.json`, ChildProcess);
    return child && isSameProcess(child.pid, child.startTime) ? child.pid : null;
  }

  leftovers(): Leftover[] {
    if (!existsSync(this.dataDir)) return [];
    return readdirSync(this.dataDir).flatMap((file) => {
      const name = /^children-(.+)\.json$/.exec(file)?.[1];
      const pid = name === undefined ? null : this.leftoverChild(name);
      return name === undefined || pid === null ? [] : [{ name, pid, command: commandOf(pid) }];
    });
  }

  /** A lock or pid file that cannot be read says nothing that could be relied on, so it counts as absent. */
  #read<T>(file: string, schema: z.ZodType<T>): T | null {
    const path = join(this.dataDir, file);
    if (!existsSync(path)) return null;
    return schema.safeParse(parseJson(readFileSync(path, "utf8"))).data ?? null;
  }

  #write(file: string, value: object): void {
    makeFolder(this.dataDir);
    const path = join(this.dataDir, file);
    const descriptor = openSync(`${path}.new`, "w", 0o600);
    writeSync(descriptor, `${JSON.stringify(value, null, 2)}\n`);
    // Without it a power cut may leave the new name with nothing in it.
    fsyncSync(descriptor);
    closeSync(descriptor);
    renameSync(`${path}.new`, path);
  }
}

function newMasterKey(): string {
  return randomBytes(32).toString("base64");
}

/** As the Worker's variable has them, the newest last. */
export function masterKeysOf({ masterKey, masterKeyVersion, olderMasterKeys }: LocalSecrets): string {
  return [...olderMasterKeys, `${masterKeyVersion}:${masterKey}`].join(",");
}

/** The same with a new master key, under which everything is written from the next start on. */
export function withNewMasterKey(secrets: LocalSecrets): LocalSecrets {
  return { ...secrets, masterKey: newMasterKey(), masterKeyVersion: secrets.masterKeyVersion + 1, olderMasterKeys: masterKeysOf(secrets).split(",") };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
