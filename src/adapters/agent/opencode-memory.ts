/**
 * What OpenCode must find again in another sandbox: its database, by SQLite's own online backup since a copy of its files
 * may be torn, and the log that says which of its sessions and messages are whose.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

export interface OpenCodeMemoryDeps {
  /** HOME of the agent. */
  readonly home: string;
  /** Where it works, as it knows it: OpenCode finds a conversation by it. */
  readonly workFolder: string;
  /** The log of ids that the agent reads when it is opened. */
  readonly log: { readonly lines: readonly string[]; rewrite(lines: readonly string[]): void };
}

const DATABASE = "opencode.db";
const ID_LOG = "ids.jsonl";
/** The path of the work folder when it was saved. */
const WORK_FOLDER = "work-folder";
/** Where OpenCode keeps paths that it looks a conversation up by; `path` has them without the slash at their beginning. */
const PLACES = [
  ["session", "directory"],
  ["session", "path"],
  ["project", "worktree"],
  ["project_directory", "directory"],
  ["workspace", "directory"],
] as const;
const BESIDE = ["-wal", "-shm"] as const;
/** Copied before others may write; pages of 4 KB. */
const PAGES_AT_ONCE = 2_000;

/** Made for the runtime's checkpoints; nothing of it needs the agent to be open. */
export function createOpenCodeMemory({ home, workFolder, log }: OpenCodeMemoryDeps) {
  const database = join(home, ".local/share/opencode", DATABASE);
  return {
    /** Every id is followed by what OpenCode stores under it. */
    fingerprint: (): string => [database, `${database}-wal`].map(stampOf).join(" "),
    async save(folder: string): Promise<void> {
      writeFileSync(join(folder, ID_LOG), log.lines.map((line) => `${line}\n`).join(""));
      writeFileSync(join(folder, WORK_FOLDER), workFolder);
      if (existsSync(database)) await backUp(database, join(folder, DATABASE));
    },
    async restore(folder: string): Promise<void> {
      const saved = join(folder, DATABASE);
      const hasDatabase = existsSync(saved);
      if (hasDatabase) {
        await requireWhole(saved);
        await moveConversations(saved, workFolderOf(folder), workFolder);
      }
      for (const suffix of ["", ...BESIDE]) rmSync(database + suffix, { force: true });
      if (hasDatabase) put(saved, database);
      log.rewrite(linesOf(join(folder, ID_LOG)));
    },
  };
}

function linesOf(path: string): readonly string[] {
  return readFileSync(path, "utf8").split("\n").filter((line) => line !== "");
}

function stampOf(path: string): string {
  try {
    const { size, mtimeNs, ino } = statSync(path, { bigint: true });
    return `${size}.${mtimeNs}.${ino}`;
  } catch {
    return "-";
  }
}

async function backUp(from: string, to: string): Promise<void> {
  const { DatabaseSync, backup } = await import("node:sqlite");
  const open = new DatabaseSync(from, { readOnly: true });
  try {
    await backup(open, to, { rate: PAGES_AT_ONCE });
  } finally {
    open.close();
  }
}

/** @throws Error that says what SQLite found */
async function requireWhole(path: string): Promise<void> {
  const { DatabaseSync } = await import("node:sqlite");
  const open = new DatabaseSync(path, { readOnly: true });
  try {
    const found = open.prepare("PRAGMA integrity_check").all();
    if (found.length !== 1 || found[0]?.["integrity_check"] !== "ok") throw new Error("the agent's database is damaged");
  } finally {
    open.close();
  }
}

/** Null for a copy of a time when it was not written down. */
function workFolderOf(folder: string): string | null {
  const path = join(folder, WORK_FOLDER);
  return existsSync(path) ? readFileSync(path, "utf8") : null;
}

/** Another backend has the work folder at another path. What was said of files there stays as it was said. */
async function moveConversations(database: string, from: string | null, to: string): Promise<void> {
  if (from === null || from === to) return;
  const { DatabaseSync } = await import("node:sqlite");
  const open = new DatabaseSync(database);
  try {
    for (const [table, column] of PLACES) {
      if (!open.prepare(`PRAGMA table_info(${table})`).all().some(({ name }) => name === column)) continue;
      const [old, now] = column === "path" ? [from.slice(1), to.slice(1)] : [from, to];
      open.prepare(`UPDATE OR REPLACE ${table} SET ${column} = ?1 || substr(${column}, length(?2) + 1) WHERE ${column} = ?2 OR substr(${column}, 1, length(?2) + 1) = ?2 || '/'`).run(now, old);
    }
  } finally {
    open.close();
  }
}

/** Whole or not at all. */
function put(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(`${to}.next`, readFileSync(from), { mode: 0o600, flush: true });
  renameSync(`${to}.next`, to);
}
