/** Real processes that try to be missed. Each writes its pid to a file of its own, by which it is asked after. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Family } from "../../src/processes/family.ts";
import { identify, isAlive, signal, type ProcessIdentity } from "../../src/processes/process-table.ts";

const MARKER = `BERTH_TEST_FAMILY=${process.pid}`;
const END_MS = 10_000;

let folder = "";
const started: ProcessIdentity[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "berth-family-"));
});

afterEach(() => {
  for (const identity of started.splice(0)) if (isAlive(identity)) signal(identity.pid, "SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** @param script has `$note`, which writes the pid of the process that it becomes under the name it is given, and waits */
function start(script: string, marker: string): ProcessIdentity {
  const note = `sh -c 'echo $$ > ${folder}/$0.new; mv ${folder}/$0.new ${folder}/$0; exec sleep 1000'`;
  const env = { PATH: process.env["PATH"] ?? "", [marker.split("=")[0] ?? ""]: marker.split("=")[1] ?? "" };
  const child = spawn("sh", ["-c", script.replaceAll("$note", () => note)], { detached: true, stdio: "ignore", env });
  const leader = identify(child.pid ?? 0);
  if (!leader) throw new Error("it ended at once");
  started.push(leader);
  return leader;
}

async function noted(name: string): Promise<ProcessIdentity> {
  const pid = await vi.waitFor(() => Number(readFileSync(join(folder, name), "utf8")), { timeout: 10_000, interval: 5 });
  const identity = identify(pid);
  if (!identity) throw new Error(`${name} ended by itself`);
  started.push(identity);
  return identity;
}

describe("a family of processes", () => {
  test("is found by its environment in other sessions, by descent without one, and in its leader's group when the leader is gone", async () => {
    const leader = start("setsid $note elsewhere & setsid env -i $note bare & env -i $note grouped & exec sleep 1000", MARKER);
    const members = [leader, await noted("elsewhere"), await noted("grouped")];
    const bare = await noted("bare");
    const family = new Family({ leader, marker: MARKER });
    family.note();
    process.kill(leader.pid, "SIGKILL");
    await vi.waitFor(() => expect(isAlive(leader)).toBe(false));
    expect(await family.end(END_MS)).toBe(true);
    expect([...members, bare].map(isAlive)).toEqual([false, false, false, false]);
  });

  test("leaves others alone, and one that is gone already is ended", async () => {
    const other = start("$note other & exec sleep 1000", `${MARKER}0`);
    const others = [other, await noted("other")];
    const leader = start("exec sleep 1000", MARKER);
    process.kill(leader.pid, "SIGKILL");
    await vi.waitFor(() => expect(isAlive(leader)).toBe(false));
    expect(await new Family({ leader, marker: MARKER }).end(END_MS)).toBe(true);
    // A number that another process was given since. Not the start of the one above: both may start in one tick of the clock.
    const recycled = { pid: other.pid, startedAt: "1" };
    expect(await new Family({ leader: recycled, marker: MARKER }).end(END_MS)).toBe(true);
    expect(others.map(isAlive)).toEqual([true, true]);
  });

  test("leaves the session alone that another leader of the same number began and left", async () => {
    // The one that leads is gone, and who it started is in its session still.
    const gone = start("$note stays & wait", `${MARKER}0`);
    const stays = await noted("stays");
    process.kill(gone.pid, "SIGKILL");
    await vi.waitFor(() => expect(isAlive(gone)).toBe(false));
    expect(await new Family({ leader: { pid: gone.pid, startedAt: "1" }, marker: MARKER }).end(END_MS)).toBe(true);
    expect(isAlive(stays)).toBe(true);
  });
});
