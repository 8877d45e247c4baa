/** A chain of checkpoints and what comes out of it. */
import { execFileSync } from "node:child_process";
import { appendFileSync, chmodSync, closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createPrng, type Prng } from "../../../../src/core/kernel/prng.ts";
import type { Base } from "../../src/checkpoint/kept.ts";
import { restore } from "../../src/checkpoint/restore.ts";
import { save } from "../../src/checkpoint/save.ts";
import { contentOf, FileMemory, newFolder } from "./folder.ts";
import { MemoryBlobs } from "./memory-blobs.ts";

class Chain {
  readonly #folder = newFolder();
  readonly work = join(this.#folder, "work");
  readonly blobs = new MemoryBlobs();
  readonly memory = new FileMemory(join(this.#folder, "home"));
  base: Base | null = null;

  constructor() {
    mkdirSync(this.work);
  }

  at(name: string): string {
    return join(this.work, name);
  }

  async save(): Promise<boolean> {
    const made = await save(this.#deps(this.work), this.base);
    this.base = made ?? this.base;
    return made !== null;
  }

  /** Into another folder that holds something else. */
  async restored(): Promise<string> {
    const work = join(newFolder(), "other");
    mkdirSync(join(work, "stale/deep"), { recursive: true });
    writeFileSync(join(work, "stale/deep/file"), "from a clone");
    chmodSync(join(work, "stale/deep"), 0o500);
    await restore(this.#deps(work), this.base?.id ?? "");
    return work;
  }

  async check(): Promise<void> {
    await this.save();
    expect(contentOf(await this.restored())).toEqual(contentOf(this.work));
  }

  #deps(workFolder: string) {
    return { workFolder, memory: this.memory, blobs: this.blobs, scratch: join(this.#folder, "scratch"), epoch: 1 };
  }
}

describe("a chain of checkpoints", () => {
  test("[CHK1] what was made, changed, renamed, deleted and given another mode or kind is as it was", async () => {
    const chain = new Chain();
    mkdirSync(chain.at("a/b"), { recursive: true });
    mkdirSync(chain.at("empty"));
    writeFileSync(chain.at("a/b/file"), "one");
    writeFileSync(chain.at("zero"), "");
    writeFileSync(chain.at("old"), "old");
    utimesSync(chain.at("old"), 1_000_000_000, 1_000_000_000);
    writeFileSync(chain.at("ünïcödé 名"), "name");
    writeFileSync(chain.at("long".repeat(50)), "long name");
    symlinkSync("a/b/file", chain.at("link"));
    symlinkSync("../../../etc/passwd", chain.at("outside"));
    symlinkSync("no such place", chain.at("dangling"));
    writeFileSync(chain.at("run"), "#!/bin/sh", { mode: 0o755 });
    writeFileSync(Buffer.concat([Buffer.from(`${chain.work}/`), Buffer.from([0x66, 0xff, 0xfe])]), "bytes");
    symlinkSync(Buffer.from([0xff, 0x2f, 0x61]), chain.at("to bytes"));
    await chain.check();

    writeFileSync(chain.at("a/b/file"), "two");
    renameSync(chain.at("a/b"), chain.at("c"));
    rmSync(chain.at("empty"), { recursive: true });
    writeFileSync(chain.at("empty"), "a file now");
    rmSync(chain.at("run"));
    mkdirSync(chain.at("run"));
    writeFileSync(chain.at("run/inside"), "x");
    rmSync(chain.at("link"));
    symlinkSync("c/file", chain.at("link"));
    chmodSync(chain.at("old"), 0o444);
    await chain.check();

    rmSync(chain.at("run"), { recursive: true });
    symlinkSync("c", chain.at("run"));
    mkdirSync(chain.at("locked"));
    writeFileSync(chain.at("locked/file"), "kept");
    chmodSync(chain.at("locked"), 0o500);
    chmodSync(chain.at("c"), 0o700);
    await chain.check();
    await chain.check();
    chmodSync(chain.at("locked"), 0o700);
    rmSync(chain.at("locked"), { recursive: true });
    await chain.check();
  });

  test("[CHK1] .git and ignored files belong to it", async () => {
    const chain = new Chain();
    mkdirSync(chain.at(".git/objects/pack"), { recursive: true });
    writeFileSync(chain.at(".git/HEAD"), "ref: refs/heads/main\n");
    writeFileSync(chain.at(".gitignore"), "secret\n");
    writeFileSync(chain.at("secret"), "ignored");
    await chain.check();
  });

  test("[CHK1] [CHK5] 5,000 files: an increment holds what changed and nothing else, and no change makes none", async () => {
    const chain = new Chain();
    for (let i = 0; i < 5_000; i++) {
      if (i % 100 === 0) mkdirSync(chain.at(`d${i / 100}`));
      writeFileSync(chain.at(`d${Math.floor(i / 100)}/f${i}`), `file ${i}\n`.repeat(10));
    }
    await settle();
    await chain.save();
    expect(await chain.save()).toBe(false);
    writeFileSync(chain.at("d7/f700"), "changed");
    rmSync(chain.at("d8"), { recursive: true });
    const before = [...chain.blobs.stored.keys()];
    await chain.save();
    const added = [...chain.blobs.stored].filter(([name]) => !before.includes(name)).reduce((sum, [, bytes]) => sum + bytes.length, 0);
    expect(added).toBeLessThan(4_000);
    expect(contentOf(await chain.restored())).toEqual(contentOf(chain.work));
  }, 120_000);

  test("[CHK1] a chain that became long is made anew from its first layer, and one that became large as a whole", async () => {
    const chain = new Chain();
    writeFileSync(chain.at("stays"), "from the beginning");
    for (let i = 0; i < 45; i++) {
      writeFileSync(chain.at(`f${i % 7}`), `turn ${i}`);
      if (i % 5 === 4) rmSync(chain.at(`f${(i + 3) % 7}`), { force: true });
      await chain.save();
      expect(chain.base?.manifest.layers.length).toBeLessThanOrEqual(20);
    }
    await chain.check();
    const bytes = createPrng(1);
    for (let i = 0; i < 4; i++) {
      writeFileSync(chain.at("big"), Buffer.from(Array.from({ length: 2_000_000 }, () => bytes.int(256))));
      await chain.save();
    }
    await chain.check();
    expect(chain.base?.manifest.layers.length).toBeLessThanOrEqual(4);
  }, 120_000);

  test("[CHK2] a change that leaves size and dates as they were is seen, also right after a checkpoint", async () => {
    const chain = new Chain();
    for (let i = 0; i < 20; i++) {
      writeFileSync(chain.at("file"), String(i).padStart(3, "0"));
      utimesSync(chain.at("file"), 1_700_000_000, 1_700_000_000);
      await chain.check();
    }
  });

  test("[CHK2] files that grow, shrink and go while they are read are whole in the next one", async () => {
    const chain = new Chain();
    for (let i = 0; i < 200; i++) writeFileSync(chain.at(`f${i}`), `file ${i}`);
    writeFileSync(chain.at("big"), Buffer.alloc(8_000_000, 1));
    writeFileSync(chain.at("shrinks"), Buffer.alloc(8_000_000, 2));
    const growing = openSync(chain.at("grows"), "a");
    let n = 0;
    const writer = setInterval(() => {
      writeSync(growing, `line ${n}\n`.repeat(100));
      appendFileSync(chain.at("big"), Buffer.alloc(10_000, n));
      writeFileSync(chain.at("shrinks"), Buffer.alloc(Math.max(0, 8_000_000 - n * 1_000_000), 3));
      rmSync(chain.at(`f${n}`), { force: true });
      n += 1;
    }, 1);
    try {
      for (let i = 0; i < 5; i++) {
        await chain.save();
        // What was torn may be in it, and still it is an archive that can be read.
        expect(existsSync(join(await chain.restored(), "grows"))).toBe(true);
      }
    } finally {
      clearInterval(writer);
      closeSync(growing);
    }
    await chain.check();
  }, 60_000);

  test("[CHK2] what is neither file, folder nor link is left out, named, and breaks nothing", async () => {
    const chain = new Chain();
    writeFileSync(chain.at("file"), "yes");
    execFileSync("/bin/sh", ["-c", "mkfifo pipe"], { cwd: chain.work });
    await chain.save();
    expect(readdirSync(await chain.restored())).toEqual(["file"]);
    expect(chain.base?.manifest.leftOut).toEqual(["pipe"]);
  });

  test("[CHK8] the agent's memory of the newest checkpoint comes with it", async () => {
    const chain = new Chain();
    writeFileSync(chain.memory.path, "remembers one");
    await chain.save();
    writeFileSync(chain.memory.path, "remembers two things");
    expect(await chain.save()).toBe(true);
    writeFileSync(chain.memory.path, "");
    await chain.restored();
    expect(readFileSync(chain.memory.path, "utf8")).toBe("remembers two things");
  });
});

const SEEDS = Number(process.env["SEEDS"] ?? 25);

test(`[CHK1] any tree after any changes comes out of any chain as it was (${SEEDS} seeds)`, async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const prng = createPrng(seed);
    const chain = new Chain();
    for (let step = 0; step < 8; step++) {
      for (let i = prng.int(12); i >= 0; i--) change(chain.work, prng);
      await chain.save();
    }
    await chain.save();
    expect(contentOf(await chain.restored()), `seed ${seed}`).toEqual(contentOf(chain.work));
  }
}, 120_000);

/** One random change somewhere below the folder. */
function change(root: string, prng: Prng): void {
  const names = (folder: string): string[] => readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name));
  let folder = root;
  for (let deep = prng.int(4); deep > 0; deep--) {
    const below = names(folder);
    if (below.length > 0) folder = below[prng.int(below.length)] as string;
  }
  const place = join(folder, `n${prng.int(6)}`);
  const other = join(root, `n${prng.int(6)}`);
  switch (prng.int(7)) {
    case 0:
    case 1:
      rmSync(place, { recursive: true, force: true });
      return writeFileSync(place, `${prng.int(1_000)}`.repeat(prng.int(50)));
    case 2:
      rmSync(place, { recursive: true, force: true });
      return void mkdirSync(place);
    case 3:
      rmSync(place, { recursive: true, force: true });
      return symlinkSync(`n${prng.int(6)}`, place);
    case 4:
      return rmSync(place, { recursive: true, force: true });
    case 5:
      if (existsSync(place) && !`${other}/`.startsWith(`${place}/`) && !`${place}/`.startsWith(`${other}/`)) {
        rmSync(other, { recursive: true, force: true });
        if (existsSync(place)) renameSync(place, other);
      }
      return;
    default:
      if (existsSync(place)) chmodSync(place, 0o700 + prng.int(0o100));
  }
}

/** Until what was written is older than a tick of the file system's clock. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 60));
}
