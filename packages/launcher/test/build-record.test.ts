/** What a build of the image says of itself: its step, its end, and nothing when its process is gone. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readImageBuild } from "../../../src/adapters/sandbox/docker/image-build.ts";
import { BuildRecord, reasonIn } from "../src/image/build-record.ts";
import { UserError } from "../src/progress.ts";

let dir = "";
let file = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "berth-record-"));
  file = join(dir, "image", "build.json");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test("[DKR9] while a step runs its title is told for that image, a second build is refused, and what is over says nothing", async () => {
  const record = BuildRecord.begin(file, "x:latest");
  await record.step("Building x:latest", async () => {
    expect(readImageBuild(file, "x:latest")).toMatchObject({ state: "building", step: "Building x:latest" });
    expect(readImageBuild(file, "y:latest")).toBeNull();
  });
  BuildRecord.announce(file, "x:latest", process.ppid);
  expect(() => BuildRecord.begin(file, "y:latest")).toThrow(/x:latest is being built already, by pid \d+: beginning\.\n.*kill \d+/);
  record.over();
  expect([readImageBuild(file), existsSync(file)]).toEqual([null, false]);
});

test("[DKR9] a build that failed says why until the next one begins, and one whose process is gone says nothing", async () => {
  BuildRecord.begin(file, "x").failed(new UserError("docker build failed.\nStep 1/9\nStep 2/9\nE: Unable to fetch some archives"));
  expect(readImageBuild(file)).toEqual({ state: "failed", image: "x", reason: "docker build failed. E: Unable to fetch some archives" });
  await BuildRecord.begin(file, "x").step("Again", async () => expect(readImageBuild(file)).toMatchObject({ step: "Again" }));
  writeFileSync(file, readFileSync(file, "utf8").replace(/"startedAt":"[^"]*"/, '"startedAt":"another boot:1"'));
  expect(readImageBuild(file)).toBeNull();
  writeFileSync(file, "{");
  expect(readImageBuild(file)).toBeNull();
});

test("a reason is one line: what failed and why", () => {
  expect(reasonIn("It broke.")).toBe("It broke.");
  expect(reasonIn("")).toBe("It failed without a word.");
  expect(reasonIn(`a\n${"b".repeat(1_000)}`)).toHaveLength(300);
});
