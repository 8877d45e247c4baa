import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { folderProblem } from "../src/data-folder.ts";
import { LocalState } from "../src/local-state.ts";
import { startTimeOf } from "../src/process-table.ts";

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "berth-state-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe("secrets", () => {
  test("are made once, readable by their owner only", () => {
    const first = new LocalState(dir).secrets();
    expect(new LocalState(dir).secrets()).toEqual(first);
    expect(statSync(join(dir, "secrets.json")).mode & 0o777).toBe(0o600);
  });

  for (const [how, content] of [["empty", ""], ["cut off", '{"masterKey": "ab'], ["short of a key", '{"masterKey": "short"}']] as const) {
    test(`are refused in words when the file is ${how}, and never made anew over it`, () => {
      writeFileSync(join(dir, "secrets.json"), content);
      expect(() => new LocalState(dir).secrets()).toThrow(/secrets\.json is damaged.*\n.*npm start -- --reset/);
    });
  }

  test("are not made anew beside a database that needs the old ones", () => {
    mkdirSync(join(dir, "postgres"));
    writeFileSync(join(dir, "postgres", "PG_VERSION"), "18");
    expect(() => new LocalState(dir).secrets()).toThrow(/secrets\.json is gone, but the database/);
    expect(existsSync(join(dir, "secrets.json"))).toBe(false);
  });
});

describe("lock", () => {
  test("is refused while its process lives, naming pid, address and both ways on", async () => {
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
    try {
      writeFileSync(join(dir, "instance.json"), JSON.stringify({ pid: child.pid, startTime: startTimeOf(child.pid ?? 0), url: "http://127.0.0.1:8787" }));
      await expect(new LocalState(dir).lock()).rejects.toThrow(
        new RegExp(`already runs from ${dir} \\(pid ${child.pid}, http://127\\.0\\.0\\.1:8787\\).*\n.*kill ${child.pid}\n.*--data-dir DIR`),
      );
    } finally {
      child.kill("SIGKILL");
    }
  });

  for (const [whose, content] of [
    ["a process that is gone", { pid: 2 ** 30, startTime: "1", url: null }],
    ["another process with its pid", { pid: 1, startTime: "not its start time", url: null }],
    ["nobody, since it cannot be read", "{"],
  ] as const) {
    test(`of ${whose} is taken over`, async () => {
      writeFileSync(join(dir, "instance.json"), typeof content === "string" ? content : JSON.stringify(content));
      const state = new LocalState(dir);
      await state.lock();
      expect(state.running()?.pid).toBe(process.pid);
      state.unlock();
      expect(state.running()).toBeNull();
    });
  }
});

describe("a data folder", () => {
  test("is made with its parents, for its owner only", () => {
    const deep = join(dir, "one", "two");
    new LocalState(deep).prepareFolder();
    new LocalState(deep).prepareFolder();
    expect(statSync(deep).mode & 0o777).toBe(0o700);
  });

  test("that is a file, or below one, is refused with the way round it", () => {
    writeFileSync(join(dir, "file"), "");
    for (const path of [join(dir, "file"), join(dir, "file", "data")]) {
      expect(() => new LocalState(path).prepareFolder()).toThrow(/--data-dir.*is not a folder.*\(ENOTDIR\)\.\n.*--data-dir DIR/);
    }
  });

  test.skipIf(!existsSync("/proc/self"))("where the kernel lets nobody make one is refused at once", () => {
    for (const path of ["/proc/berth", "/proc/berth/data", "/proc/self/fd/berth"]) {
      expect(() => new LocalState(path).prepareFolder(), path).toThrow(/--data-dir.*no folder can be made.*\n.*--data-dir DIR/);
    }
  });

  test.each([
    ["EACCES", /cannot be written \(EACCES\)\.\nMake it yours: .*chown .*\n.*--data-dir DIR/],
    ["EROFS", /can only be read \(EROFS\)\.\n.*--data-dir DIR/],
    ["ENOSPC", /full \(ENOSPC\)\.\n.*--data-dir DIR/],
    ["EIO", /cannot be written \(EIO\)\.\n.*--data-dir DIR/],
  ])("refused with %s is told in words", (code, words) => {
    expect(folderProblem("/data", { code, message: "raw" })).toMatch(words);
  });
});
