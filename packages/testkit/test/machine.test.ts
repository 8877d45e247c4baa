import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { lacks, type Lack } from "../src/machine.ts";

const MODULE = fileURLToPath(new URL("../src/machine.ts", import.meta.url));

/** Asks in a process of its own, on a machine whose programs are only in `path`. */
function lacksWith(path: string, what: string): Lack | null {
  const script = `const { lacks } = await import(process.argv[1]); console.log(JSON.stringify(lacks(process.argv[2])));`;
  const args = ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", script, MODULE, what];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8", env: { PATH: path } })) as Lack | null;
}

describe("what a machine lacks", () => {
  test("is nothing for a program that answers", () => {
    expect(lacks("git")).toBeNull();
  });

  for (const [what, name] of [["git", "git"], ["bubblewrap", "bubblewrap"], ["docker", "docker.io"]] as const) {
    test.runIf(process.platform === "linux")(`is told with its reason and the one command that adds it: ${what}`, () => {
      expect(lacksWith("/nonexistent", what)).toMatchObject({ what, reason: "not installed", fix: expect.stringMatching(new RegExp(`apt-get install -y ${name}$`)) });
    });
  }
});
