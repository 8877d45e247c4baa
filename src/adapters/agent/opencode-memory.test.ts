import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createOpenCodeMemory } from "./opencode-memory.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "berth-memory-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A sandbox's home with OpenCode's database and the log of ids. */
function home(name: string, workFolder = "/workspace") {
  const path = join(folder, name);
  const database = join(path, ".local/share/opencode/opencode.db");
  mkdirSync(join(database, ".."), { recursive: true });
  const log = {
    lines: [] as readonly string[],
    rewrite: (lines: readonly string[]): void => {
      log.lines = lines;
    },
  };
  return { database, log, memory: createOpenCodeMemory({ home: path, workFolder, log }) };
}

function newCopy(): string {
  return mkdtempSync(join(folder, "copy-"));
}

const WRITER = `
const { DatabaseSync } = require("node:sqlite");
const db = new DatabaseSync(process.argv[1]);
db.exec("PRAGMA journal_mode = WAL; CREATE TABLE message (n INTEGER PRIMARY KEY, text TEXT)");
const add = db.prepare("INSERT INTO message (text) VALUES (?)");
for (let n = 1; ; n++) {
  db.exec("BEGIN");
  for (let i = 0; i < 10; i++) add.run("x".repeat(500 + ((n * 37) % 3000)));
  db.exec("COMMIT");
  if (n === 20) console.log("begun");
}`;

describe("OpenCode's memory", () => {
  test("[CHK8] is a whole database of whole transactions, copied while another process writes to it", async () => {
    const { database, memory } = home("a");
    const writer = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", "-e", WRITER, database], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      await new Promise((begun) => writer.stdout.once("data", begun));
      for (let i = 0; i < 3; i++) {
        const before = memory.fingerprint();
        const copy = newCopy();
        await memory.save(copy);
        const { database: restoredTo, memory: other } = home(`b${i}`);
        await other.restore(copy);
        const open = new DatabaseSync(restoredTo);
        expect(open.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
        const { count } = open.prepare("SELECT count(*) AS count FROM message").get() as { count: number };
        open.close();
        expect(count).toBeGreaterThan(0);
        expect(count % 10, "rows of the last transaction").toBe(0);
        expect(memory.fingerprint()).not.toBe(before);
      }
    } finally {
      const ended = new Promise((done) => writer.once("exit", done));
      writer.kill("SIGKILL");
      await ended;
    }
  }, 60_000);

  test("[CHK8] takes the place of what was there, with its ids", async () => {
    const from = home("a");
    from.log.lines = ['{"session":"ses_1"}', '{"message":"msg_1","id":"msg_2"}'];
    new DatabaseSync(from.database).exec("CREATE TABLE t (x)");
    const copy = newCopy();
    await from.memory.save(copy);
    const to = home("b");
    to.log.lines = ['{"session":"ses_other"}'];
    writeFileSync(to.database, "something else");
    writeFileSync(`${to.database}-wal`, "of something else");
    await to.memory.restore(copy);
    expect(to.log.lines).toEqual(from.log.lines);
    expect(new DatabaseSync(to.database).prepare("SELECT name FROM sqlite_master").all()).toEqual([{ name: "t" }]);
  });

  test("[CHK13] a conversation is where the work folder is now, and what was elsewhere stays there", async () => {
    const from = home("a", "/data/o'ne/work");
    const made = new DatabaseSync(from.database);
    made.exec("CREATE TABLE session (id TEXT, directory TEXT, path TEXT); CREATE TABLE project (id TEXT, worktree TEXT); CREATE TABLE project_directory (project_id TEXT, directory TEXT, PRIMARY KEY (project_id, directory))");
    const add = made.prepare("INSERT INTO session VALUES (?, ?, ?)");
    add.run("ses_1", "/data/o'ne/work", "data/o'ne/work");
    add.run("ses_2", "/data/o'ne/work/src", "src");
    add.run("ses_3", "/data/o'ne/workshop", "");
    made.exec("INSERT INTO project VALUES ('global', '/')");
    made.prepare("INSERT INTO project_directory VALUES ('p', ?), ('p', '/workspace')").run("/data/o'ne/work");
    made.close();
    const copy = newCopy();
    await from.memory.save(copy);
    const to = home("b");
    await to.memory.restore(copy);
    const open = new DatabaseSync(to.database);
    expect(open.prepare("SELECT directory, path FROM session ORDER BY id").all().map((row) => Object.values(row))).toEqual([["/workspace", "workspace"], ["/workspace/src", "src"], ["/data/o'ne/workshop", ""]]);
    expect(open.prepare("SELECT worktree FROM project").all()).toEqual([{ worktree: "/" }]);
    expect(open.prepare("SELECT directory FROM project_directory").all()).toEqual([{ directory: "/workspace" }]);
    open.close();
  });

  test("[CHK8] a damaged database is refused, and what was there stays", async () => {
    const from = home("a");
    const open = new DatabaseSync(from.database);
    open.exec("CREATE TABLE t (x); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) INSERT INTO t SELECT hex(randomblob(50)) FROM n");
    open.close();
    const copy = newCopy();
    await from.memory.save(copy);
    truncateSync(join(copy, "opencode.db"), 100_000);
    const to = home("b");
    writeFileSync(to.database, "as it was");
    await expect(to.memory.restore(copy)).rejects.toThrow();
    expect(readFileSync(to.database, "utf8")).toBe("as it was");
  });

  test("[CHK8] an agent that never ran has nothing but its ids", async () => {
    const from = home("a");
    const copy = newCopy();
    await from.memory.save(copy);
    const to = home("b");
    await to.memory.restore(copy);
    expect(to.log.lines).toEqual([]);
  });
});
