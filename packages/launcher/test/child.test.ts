/** A supervised child, as a real process. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SupervisedChild } from "../src/child.ts";
import { LocalState } from "../src/local-state.ts";

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "berth-child-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Counts its starts in a file; the second one hangs and never says that it is ready. */
const PROGRAM = `
  const fs = require("node:fs");
  fs.appendFileSync(process.argv[1], "x");
  if (fs.readFileSync(process.argv[1], "utf8").length !== 2) console.log(JSON.stringify({ listening: 1 }));
  setInterval(() => {}, 1000);`;

test("a child that hangs when it is started again is ended and started once more", async () => {
  const starts = join(dir, "starts");
  writeFileSync(starts, "");
  const state = new LocalState(dir);
  state.prepareFolder();
  const child = new SupervisedChild({ name: "hanging", command: [process.execPath, "-e", PROGRAM, starts], env: () => ({}), readyTimeoutMs: 1_000, endsWithTree: true }, state);
  await child.start();
  process.kill(child.pid ?? 0, "SIGKILL");
  const deadline = Date.now() + 20_000;
  while (readFileSync(starts, "utf8").length < 3 && Date.now() < deadline) await delay(50);
  expect(readFileSync(starts, "utf8")).toBe("xxx");
  await child.stop();
}, 30_000);
