/** What a folder holds, read by code of its own, and a memory of the agent that is one file. */
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import type { AgentMemory } from "../../src/checkpoint/memory.ts";

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "berth-checkpoint-"));
  folders.push(folder);
  return folder;
}

/** Kind, mode, time and content of every name. */
export function contentOf(root: string): Readonly<Record<string, string>> {
  const found: [string, string][] = [];
  const read = (folder: Buffer, prefix: string): void => {
    for (const name of readdirSync(folder, { encoding: "buffer" })) {
      const place = Buffer.concat([folder, Buffer.from("/"), name]);
      const path = prefix + name.toString("latin1");
      const stats = lstatSync(place);
      const mode = (stats.mode & 0o7777).toString(8);
      const seconds = Math.floor(stats.mtimeMs / 1000);
      if (stats.isSymbolicLink()) found.push([path, `link ${seconds} ${readlinkSync(place, { encoding: "latin1" })}`]);
      else if (stats.isDirectory()) {
        found.push([path, `folder ${mode}`]);
        read(place, `${path}/`);
      } else found.push([path, `file ${mode} ${seconds} ${readFileSync(place).toString("base64")}`]);
    }
  };
  read(Buffer.from(root), "");
  return Object.fromEntries(found.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

export class FileMemory implements AgentMemory {
  readonly path: string;
  /** Thrown by the next save. */
  failure: Error | null = null;

  constructor(home: string) {
    mkdirSync(home, { recursive: true });
    this.path = join(home, "memory");
    writeFileSync(this.path, "");
  }

  fingerprint(): string {
    const { size, mtimeNs } = statSync(this.path, { bigint: true });
    return `${size}.${mtimeNs}`;
  }

  async save(folder: string): Promise<void> {
    if (this.failure) throw this.failure;
    writeFileSync(join(folder, "memory"), readFileSync(this.path));
  }

  async restore(folder: string): Promise<void> {
    writeFileSync(this.path, readFileSync(join(folder, "memory")));
  }
}
