/** When checkpoints are made, what is kept of them, and what happens when one cannot be made or restored. */
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { UpMessage } from "@berth/protocol";
import { Checkpointer } from "../../src/checkpoint/checkpointer.ts";
import { CheckpointError } from "../../src/checkpoint/failure.ts";
import { KeptState } from "../../src/checkpoint/kept.ts";
import { blobsOf, readManifest } from "../../src/checkpoint/manifest.ts";
import { intervalAfter, RETRY_MS, SAVED_WITHIN_MS } from "../../src/checkpoint/pace.ts";
import { ManualClock } from "../manual-clock.ts";
import { contentOf, FileMemory, newFolder } from "./folder.ts";
import { MemoryBlobs } from "./memory-blobs.ts";

/** A sandbox of a session; the blobs outlive it. */
class Sandbox {
  readonly folder = newFolder();
  readonly work = join(this.folder, "work");
  readonly home = join(this.folder, "home");
  readonly memory = new FileMemory(this.home);
  readonly clock = new ManualClock();
  readonly ups: UpMessage[] = [];
  readonly logged: string[] = [];
  /** Ids that the session has not committed yet. */
  readonly onTheirWay = new Set<string>();
  readonly blobs: MemoryBlobs;

  constructor(blobs = new MemoryBlobs()) {
    this.blobs = blobs;
    mkdirSync(this.work);
  }

  /** Another one in the same sandbox is the runtime after a crash. */
  runtime(epoch = 1): Checkpointer {
    const { work, home, memory, blobs, clock } = this;
    const kept = new KeptState(join(home, "kept"), "ses_example", epoch);
    const checkpointer = new Checkpointer({ workFolder: work, memory, blobs, kept, scratch: join(home, "scratch"), epoch, clock, log: (line) => void this.logged.push(line) });
    checkpointer.listen({ post: (message) => void this.ups.push(message), isOnItsWay: (id) => this.onTheirWay.has(id) });
    return checkpointer;
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.work, name), text);
  }

  get saved(): string[] {
    return this.ups.flatMap((up) => (up.type === "checkpoint-saved" ? [up.checkpoint.id] : []));
  }

  get failures(): string[] {
    return this.ups.flatMap((up) => (up.type === "checkpoint-failed" ? [up.failure.code] : []));
  }

  async until(isThere: () => boolean): Promise<void> {
    await expect.poll(isThere, { interval: 5, timeout: 20_000 }).toBe(true);
  }
}

/** A session whose sandbox saved twice, `one` and then `two`. */
async function savedTwice(): Promise<Sandbox> {
  const sandbox = new Sandbox();
  const checkpointer = sandbox.runtime();
  await checkpointer.begin(null);
  for (const text of ["one", "two"]) {
    sandbox.write("file", text);
    writeFileSync(sandbox.memory.path, `knows ${text}`);
    await checkpointer.turnEnded();
  }
  return sandbox;
}

describe("when work is saved", () => {
  test("[CHK5] after each turn, and only when something changed", async () => {
    const sandbox = await savedTwice();
    expect(sandbox.saved).toHaveLength(2);
    expect(sandbox.ups[1]).toMatchObject({ checkpoint: { files: 1, bytes: 3 } });
    const checkpointer = sandbox.runtime();
    await checkpointer.begin(null);
    await new Promise((resolve) => setTimeout(resolve, 60));
    await checkpointer.turnEnded();
    const before = sandbox.saved.length;
    await checkpointer.turnEnded();
    expect(sandbox.saved).toHaveLength(before);
  });

  test("[CHK5] who asks is always answered, with the last one when nothing changed", async () => {
    const sandbox = new Sandbox();
    const checkpointer = sandbox.runtime();
    checkpointer.request();
    expect(sandbox.ups).toEqual([]);
    await checkpointer.begin(null);
    await sandbox.until(() => sandbox.saved.length === 1);
    checkpointer.request();
    await sandbox.until(() => sandbox.saved.length === 2);
    expect(sandbox.saved[1]).toBe(sandbox.saved[0]);
  });

  test("[CHK5] inside a turn while files change, and not after it", async () => {
    const sandbox = new Sandbox();
    const checkpointer = sandbox.runtime();
    await checkpointer.begin(null);
    checkpointer.turnStarted();
    for (let n = 1; n <= 3; n++) {
      appendFileSync(join(sandbox.work, "lines"), `${n}\n`);
      sandbox.clock.advance(10_000);
      await sandbox.until(() => sandbox.saved.length === n && sandbox.clock.nextMs !== null);
    }
    await checkpointer.turnEnded();
    const { length } = sandbox.saved;
    expect(sandbox.clock.nextMs).toBeNull();
    appendFileSync(join(sandbox.work, "lines"), "after\n");
    sandbox.clock.advance(60_000);
    expect(sandbox.saved).toHaveLength(length);
  });

  test("[CHK5] while people work by shells as inside a turn, with a turn in the middle of it, and once more when they are done", async () => {
    const sandbox = new Sandbox();
    const checkpointer = sandbox.runtime();
    // A shell may be there before the folder is.
    checkpointer.peopleAtWork(true);
    sandbox.clock.advance(10_000);
    await checkpointer.begin(null);
    await sandbox.until(() => sandbox.clock.nextMs !== null);
    // What changed a moment ago may be saved twice, so what counts is that one more came.
    const oneMoreAfter = async (act: () => void): Promise<void> => {
      const before = sandbox.saved.length;
      appendFileSync(join(sandbox.work, "lines"), "more\n");
      act();
      await sandbox.until(() => sandbox.saved.length > before);
    };
    const savesInTime = async (): Promise<void> => {
      await oneMoreAfter(() => sandbox.clock.advance(10_000));
      await sandbox.until(() => sandbox.clock.nextMs !== null);
    };
    await savesInTime();
    await savesInTime();
    checkpointer.turnStarted();
    await savesInTime();
    await checkpointer.turnEnded();
    await savesInTime();
    checkpointer.turnStarted();
    checkpointer.peopleAtWork(false);
    await savesInTime();
    checkpointer.peopleAtWork(true);
    await checkpointer.turnEnded();
    await oneMoreAfter(() => checkpointer.peopleAtWork(false));
    expect(sandbox.clock.nextMs).toBeNull();
  });

  test("[CHK5] one is made at a time, and who asks meanwhile gets one that began later", async () => {
    const sandbox = new Sandbox();
    const checkpointer = sandbox.runtime();
    await checkpointer.begin(null);
    const { promise, resolve } = Promise.withResolvers<void>();
    sandbox.blobs.gate = promise;
    sandbox.write("file", "before");
    const first = checkpointer.turnEnded();
    await new Promise((done) => setTimeout(done, 20));
    sandbox.write("file", "after");
    const [second, third] = [checkpointer.turnEnded(), checkpointer.turnEnded()];
    expect(sandbox.saved).toEqual([]);
    resolve();
    await Promise.all([first, second, third]);
    expect(sandbox.saved).toHaveLength(2);
    const other = new Sandbox(sandbox.blobs);
    await other.runtime().begin(sandbox.saved[1] ?? "");
    expect(readFileSync(join(other.work, "file"), "utf8")).toBe("after");
  });

  test("[CHK5] a checkpoint that takes long is made less often, and never later than the bound", () => {
    expect([10, 500, 1_000].map(intervalAfter)).toEqual([10_000, 10_000, 10_000]);
    expect(intervalAfter(2_000)).toBe(20_000);
    for (let tookMs = 0; tookMs < 14_000; tookMs += 100) expect(intervalAfter(tookMs) + tookMs).toBeLessThan(SAVED_WITHIN_MS);
    // What cannot be in time is begun as soon as it can.
    expect(intervalAfter(40_000)).toBe(41_000);
  });
});

describe("what is restored", () => {
  test("[CHK1] [CHK9] into a fresh folder: the work and the memory of the newest", async () => {
    const sandbox = await savedTwice();
    const next = new Sandbox(sandbox.blobs);
    next.write("of the clone", "goes");
    const restored = await next.runtime().begin(sandbox.saved[1] ?? "");
    expect(restored).toEqual({ id: sandbox.saved[1], files: 1, bytes: 3 });
    expect(contentOf(next.work)).toEqual(contentOf(sandbox.work));
    expect(readFileSync(next.memory.path, "utf8")).toBe("knows two");
  });

  test("[CHK1] what is saved after that goes on with the chain", async () => {
    const sandbox = await savedTwice();
    const next = new Sandbox(sandbox.blobs);
    const checkpointer = next.runtime();
    await checkpointer.begin(sandbox.saved[1] ?? "");
    next.write("more", "three");
    await checkpointer.turnEnded();
    const { manifest } = await readManifest(next.saved[0] ?? "", sandbox.blobs);
    expect(manifest).toMatchObject({ previous: sandbox.saved[1] });
    expect(manifest.layers).toHaveLength(3);
    const third = new Sandbox(sandbox.blobs);
    await third.runtime().begin(next.saved[0] ?? "");
    expect(contentOf(third.work)).toEqual(contentOf(next.work));
  });

  test("[CHK4] nothing over a live tree: not after a crash of the runtime, not in a later epoch, not with a mark that cannot be read", async () => {
    const sandbox = await savedTwice();
    sandbox.write("file", "not saved yet");
    expect(await sandbox.runtime().begin(sandbox.saved[0] ?? "")).toBeNull();
    expect(readFileSync(join(sandbox.work, "file"), "utf8")).toBe("not saved yet");
    const kept = join(sandbox.home, "kept");
    for (const name of readdirSync(kept)) writeFileSync(join(kept, name), "{");
    expect(await sandbox.runtime().begin(sandbox.saved[0] ?? "")).toBeNull();
    expect(readFileSync(join(sandbox.work, "file"), "utf8")).toBe("not saved yet");
  });

  test("[CHK4] a folder that the session left behind, since a later epoch worked in another one, is no live tree", async () => {
    const behind = await savedTwice();
    const elsewhere = new Sandbox(behind.blobs);
    const fallback = elsewhere.runtime(2);
    await fallback.begin(behind.saved[1] ?? "");
    elsewhere.write("file", "done on the fallback");
    await fallback.turnEnded();
    const known = elsewhere.saved.at(-1) ?? "";
    behind.blobs.failure = new CheckpointError({ code: "checkpoint-store-unreachable", message: "No answer." });
    await expect(behind.runtime(3).begin(known)).rejects.toMatchObject({ failure: { code: "checkpoint-store-unreachable" } });
    behind.blobs.failure = null;
    expect(await behind.runtime(3).begin(known)).toMatchObject({ id: known });
    expect(readFileSync(join(behind.work, "file"), "utf8")).toBe("done on the fallback");

    // From here on it is this folder's turn again.
    behind.write("file", "not saved yet");
    expect(await behind.runtime(4).begin(known)).toBeNull();
    expect(readFileSync(join(behind.work, "file"), "utf8")).toBe("not saved yet");
  });

  test("[CHK4] a runtime that crashes while it restores leaves no live tree: the next one begins anew", async () => {
    const sandbox = await savedTwice();
    const next = new Sandbox(sandbox.blobs);
    sandbox.blobs.failure = new CheckpointError({ code: "checkpoint-store-unreachable", message: "No answer." });
    await expect(next.runtime().begin(sandbox.saved[1] ?? "")).rejects.toMatchObject({ failure: { code: "checkpoint-store-unreachable" } });
    sandbox.blobs.failure = null;
    expect(await next.runtime().begin(sandbox.saved[1] ?? "")).toMatchObject({ id: sandbox.saved[1] });
  });

  test.each(["damaged", "missing"])("[CHK3] when a part is %s, the one before is restored, and the session is told", async (how) => {
    const sandbox = await savedTwice();
    const [first, second] = await Promise.all(sandbox.saved.map((id) => readManifest(id, sandbox.blobs)));
    const own = blobsOf(second as NonNullable<typeof second>).filter((name) => !blobsOf(first as NonNullable<typeof first>).includes(name));
    expect(own.length).toBe(3);
    for (const name of own) {
      const blobs = new MemoryBlobs();
      for (const [key, bytes] of sandbox.blobs.stored) blobs.stored.set(key, bytes);
      if (how === "damaged") blobs.damage(name);
      else blobs.stored.delete(name);
      const next = new Sandbox(blobs);
      expect(await next.runtime().begin(sandbox.saved[1] ?? "")).toMatchObject({ id: sandbox.saved[0] });
      expect(readFileSync(join(next.work, "file"), "utf8")).toBe("one");
      expect(readFileSync(next.memory.path, "utf8")).toBe("knows one");
      expect(next.ups).toMatchObject([{ type: "checkpoint-failed", failure: { code: "checkpoint-passed-over", message: expect.stringContaining(`a part of it is ${how}`) } }]);
    }
  });

  test("[CHK3] when none can be restored the failure says why", async () => {
    const sandbox = await savedTwice();
    for (const name of sandbox.blobs.stored.keys()) if (!sandbox.saved.includes(`cp_${name}`)) sandbox.blobs.damage(name);
    const next = new Sandbox(sandbox.blobs);
    await expect(next.runtime().begin(sandbox.saved[1] ?? "")).rejects.toMatchObject({ failure: { code: "checkpoint-broken", message: expect.stringContaining("damaged"), fix: expect.any(String) } });
  });
});

describe("what is deleted", () => {
  test("[CHK6] everything but the newest two that the session knows of, and what is newer", async () => {
    const sandbox = new Sandbox();
    const checkpointer = sandbox.runtime();
    await checkpointer.begin(null);
    sandbox.blobs.stored.set("f".repeat(64), new Uint8Array(1));
    for (let n = 1; n <= 30; n++) {
      sandbox.write(`f${n % 4}`, `turn ${n}`);
      writeFileSync(sandbox.memory.path, `knows ${n}`);
      await checkpointer.turnEnded();
      const needed = await Promise.all(sandbox.saved.slice(-2).map(async (id) => blobsOf(await readManifest(id, sandbox.blobs))));
      expect(new Set(sandbox.blobs.stored.keys()), `after ${n}`).toEqual(new Set(needed.flat()));
    }
  });

  test("[CHK6] nothing while the session has not committed a newer one", async () => {
    const sandbox = await savedTwice();
    const [, known] = sandbox.saved;
    const next = new Sandbox(sandbox.blobs);
    const checkpointer = next.runtime();
    await checkpointer.begin(known ?? "");
    for (let n = 0; n < 5; n++) {
      next.write("file", `unheard ${n}`);
      const { onTheirWay } = next;
      next.ups.push = (...messages) => {
        for (const up of messages) if (up.type === "checkpoint-saved") onTheirWay.add(up.checkpoint.id);
        return Array.prototype.push.apply(next.ups, messages);
      };
      await checkpointer.turnEnded();
    }
    const third = new Sandbox(sandbox.blobs);
    expect(await third.runtime().begin(known ?? "")).toMatchObject({ id: known });
    expect(readFileSync(join(third.work, "file"), "utf8")).toBe("two");
  });
});

describe("what cannot be saved", () => {
  test("[CHK7] says why once, and again to whoever asks; the next one is tried all the same", async () => {
    const sandbox = await savedTwice();
    const checkpointer = sandbox.runtime();
    await checkpointer.begin(null);
    sandbox.memory.failure = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    for (let n = 0; n < 3; n++) {
      writeFileSync(sandbox.memory.path, `more ${n}`);
      await checkpointer.turnEnded();
    }
    expect(sandbox.failures).toEqual(["disk-full"]);
    checkpointer.request();
    await sandbox.until(() => sandbox.failures.length === 2);
    sandbox.memory.failure = null;
    await checkpointer.turnEnded();
    expect(sandbox.saved).toHaveLength(3);
  });

  test("[CHK7] what failed after the turn is tried until it is saved, without another turn", async () => {
    const sandbox = await savedTwice();
    const checkpointer = sandbox.runtime();
    await checkpointer.begin(null);
    sandbox.memory.failure = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    writeFileSync(sandbox.memory.path, "more");
    checkpointer.turnStarted();
    await checkpointer.turnEnded();
    expect(sandbox.failures).toEqual(["disk-full"]);
    sandbox.clock.advance(RETRY_MS);
    await sandbox.until(() => sandbox.clock.nextMs !== null);
    expect(sandbox.failures).toHaveLength(1);
    sandbox.memory.failure = null;
    sandbox.clock.advance(RETRY_MS);
    await sandbox.until(() => sandbox.saved.length === 3);
    expect(sandbox.clock.nextMs).toBeNull();
  });

  test("[CHK7] a work folder that is gone is said as well", async () => {
    const sandbox = await savedTwice();
    const checkpointer = sandbox.runtime();
    await checkpointer.begin(null);
    rmSync(sandbox.work, { recursive: true });
    checkpointer.request();
    await sandbox.until(() => sandbox.failures.length === 1);
    expect(sandbox.ups.at(-1)).toMatchObject({ failure: { code: "checkpoint-failed", message: expect.stringContaining("could not be saved") } });
  });

  test("[CHK7] a sandbox whose time is over says nothing and tries no more", async () => {
    const sandbox = await savedTwice();
    const checkpointer = sandbox.runtime();
    await checkpointer.begin(null);
    sandbox.blobs.failure = new CheckpointError({ code: "checkpoint-revoked", message: "It has a newer sandbox." }, { isOver: true });
    sandbox.write("file", "late");
    await checkpointer.turnEnded();
    sandbox.blobs.failure = null;
    checkpointer.request();
    await checkpointer.turnEnded();
    expect(sandbox.ups).toHaveLength(2);
  });

  test("[CHK7] the last one before the end waits no longer than it may", async () => {
    const sandbox = await savedTwice();
    const checkpointer = sandbox.runtime();
    await checkpointer.begin(null);
    sandbox.blobs.gate = new Promise(() => {});
    sandbox.write("file", "late");
    const last = checkpointer.last(2_500);
    sandbox.clock.advance(2_500);
    await last;
    expect(sandbox.saved).toHaveLength(2);
  });
});
