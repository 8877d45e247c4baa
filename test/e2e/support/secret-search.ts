/**
 * Looks for secrets in everything a process can read. Runs by itself under Node, inside a sandbox as well as outside, so
 * it imports nothing but Node's own modules. Needles arrive masked, since a needle in the clear would find itself.
 *
 * `node secret-search.ts <plan.json>`: plants what the plan says, searches, writes `<plan.json>.found`, and prints how
 * much it looked at.
 */
import { spawn } from "node:child_process";
import { appendFileSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { gunzipSync } from "node:zlib";

export interface Needle {
  readonly name: string;
  /** Hex of its bytes, each xor 0x5a. */
  readonly masked: string;
}

export interface Plan {
  readonly needles: readonly Needle[];
  readonly roots: readonly string[];
  /** Never entered: what the machine shares read-only with every program, and what is no file. */
  readonly skip: readonly string[];
  /** Canaries to plant before the search, each in a place of its own and in every encoding. */
  readonly plant: readonly { readonly place: "environ" | "cmdline" | "fd" | "file" | "link"; readonly needle: string; readonly path?: string }[];
  readonly processes: boolean;
}

export interface Found {
  readonly needle: string;
  readonly encoding: string;
  readonly place: string;
}

export interface Report {
  readonly found: readonly Found[];
  readonly files: number;
  readonly bytes: number;
  readonly databases: number;
  /** Compressed files that were looked into. */
  readonly packed: number;
  readonly processes: number;
  /** What could not be read. */
  readonly refused: readonly string[];
}

const MASK = 0x5a;
/** A larger file is a program; it is looked through for fewer spellings, since each costs a pass over it. */
const PROGRAM_BYTES = 16 * 1024 * 1024;
const OF_PROGRAMS: ReadonlySet<string> = new Set(["raw", "hex", "base64 +0"]);
const SQLITE = "SQLite format 3\0";

export function mask(secret: string | Uint8Array): string {
  return Buffer.from(Buffer.from(secret).map((byte) => byte ^ MASK)).toString("hex");
}

export function unmask(masked: string): Buffer {
  return Buffer.from(Buffer.from(masked, "hex").map((byte) => byte ^ MASK));
}

/** Every spelling of a secret. Base64 depends on where the secret begins in what was encoded, hence its three shapes. */
export function encodingsOf(secret: Buffer): ReadonlyMap<string, Buffer> {
  const hex = secret.toString("hex");
  const found = new Map<string, Buffer>([
    ["raw", secret],
    ["hex", Buffer.from(hex)],
    ["hex in capitals", Buffer.from(hex.toUpperCase())],
  ]);
  for (const shift of [0, 1, 2]) {
    const whole = Buffer.concat([Buffer.alloc(shift), secret]).toString("base64").replace(/=+$/, "");
    // Characters at either end also hold bits of what stands beside the secret.
    const middle = whole.slice(shift === 0 ? 0 : shift + 1, (secret.length + shift) % 3 === 0 ? undefined : -1);
    found.set(`base64 +${shift}`, Buffer.from(middle));
    found.set(`base64url +${shift}`, Buffer.from(middle.replaceAll("+", "-").replaceAll("/", "_")));
  }
  const text = secret.toString("utf8");
  if (Buffer.from(text).equals(secret)) {
    const url = encodeURIComponent(text);
    found.set("URL", Buffer.from(url));
    found.set("URL in small letters", Buffer.from(url.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())));
    found.set("JSON", Buffer.from(JSON.stringify(text).slice(1, -1)));
  }
  return found;
}

/** One line that holds the secret in every encoding that a canary is asked for. */
export function spelledOut(secret: Buffer): string {
  const text = secret.toString("utf8");
  return [text, secret.toString("base64"), secret.toString("hex"), encodeURIComponent(text)].join(" ");
}

interface Pattern {
  readonly needle: string;
  readonly encoding: string;
  readonly bytes: Buffer;
}

class Search {
  readonly found: Found[] = [];
  readonly refused: string[] = [];
  files = 0;
  bytes = 0;
  databases = 0;
  processes = 0;
  packed = 0;
  readonly #patterns: readonly Pattern[];
  readonly #skip: ReadonlySet<string>;

  constructor(plan: Plan) {
    this.#skip = new Set(plan.skip);
    this.#patterns = plan.needles.flatMap(({ name, masked }) =>
      [...encodingsOf(unmask(masked))].map(([encoding, bytes]) => ({ needle: name, encoding, bytes })),
    );
  }

  look(content: Buffer, place: string): void {
    this.bytes += content.length;
    for (const { needle, encoding, bytes } of this.#patterns) {
      if (content.length > PROGRAM_BYTES && !OF_PROGRAMS.has(encoding)) continue;
      if (content.includes(bytes)) this.found.push({ needle, encoding, place });
    }
  }

  walk(path: string): void {
    if (this.#skip.has(path)) return;
    try {
      const entry = lstatSync(path);
      this.look(Buffer.from(path), `name ${path}`);
      if (entry.isSymbolicLink()) this.look(Buffer.from(readlinkSync(path)), `link ${path}`);
      else if (entry.isDirectory()) for (const name of readdirSync(path)) this.walk(join(path, name));
      else if (entry.isFile()) this.#file(path);
    } catch (error) {
      // What vanished while it was looked at holds nothing any more.
      // What is saved of the agent's database is put into a file that is gone a moment later; SQLite names no such reason.
      if (existsSync(path)) this.refused.push(`${path}: ${(error as Error).message}`);
    }
  }

  /** What can be read of every process: its environment and command line, and its open files, also those without a name. */
  everyProcess(): void {
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      this.processes += 1;
      for (const part of ["environ", "cmdline"] as const) {
        try {
          this.look(readFileSync(`/proc/${pid}/${part}`), part);
        } catch (error) {
          const { code = "" } = error as NodeJS.ErrnoException;
          if (code !== "ENOENT" && code !== "ESRCH") this.refused.push(`/proc/${pid}/${part}: ${code}`);
        }
      }
      this.#openFiles(`/proc/${pid}/fd`);
    }
  }

  #openFiles(folder: string): void {
    try {
      for (const fd of readdirSync(folder)) {
        const path = join(folder, fd);
        // A pipe or socket would never end; what has a name was found by it.
        if (statSync(path, { throwIfNoEntry: false })?.isFile() && readlinkSync(path).endsWith(" (deleted)")) this.look(readFileSync(path), "open file");
      }
    } catch (error) {
      const { code = "" } = error as NodeJS.ErrnoException;
      if (code !== "ENOENT" && code !== "ESRCH") this.refused.push(`${folder}: ${code}`);
    }
  }

  #file(path: string): void {
    const content = readFileSync(path);
    this.files += 1;
    this.look(content, `file ${path}`);
    if (content[0] === 0x1f && content[1] === 0x8b) this.#packed(content, path);
    if (content.subarray(0, SQLITE.length).toString("latin1") === SQLITE) this.#database(path);
  }

  #packed(content: Buffer, path: string): void {
    try {
      this.look(gunzipSync(content), `packed ${path}`);
      this.packed += 1;
    } catch {
      // Only looks like it: its bytes were looked through as they are.
    }
  }

  /** Its bytes alone would miss a text that goes over the end of a page. */
  #database(path: string): void {
    const database = new DatabaseSync(path, { readOnly: true });
    try {
      this.databases += 1;
      const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all() as { name: string }[];
      for (const { name } of tables) {
        for (const row of database.prepare(`SELECT * FROM "${name}"`).iterate() as Iterable<Record<string, unknown>>) {
          for (const value of Object.values(row)) {
            if (typeof value === "string" || value instanceof Uint8Array) this.look(Buffer.from(value as string), `database ${path}`);
          }
        }
      }
    } finally {
      database.close();
    }
  }
}

/** Plants, searches, and ends what it planted. */
export function search(plan: Plan): Report {
  const ended: (() => void)[] = [];
  for (const { place, needle, path = "" } of plan.plant) {
    const masked = plan.needles.find(({ name }) => name === needle)?.masked ?? "";
    const text = spelledOut(unmask(masked));
    if (place === "link") {
      symlinkSync(text, path);
      continue;
    }
    if (place === "file") {
      mkdirSync(dirname(path), { recursive: true });
      appendFileSync(path, `${text}\n`);
      continue;
    }
    const idle = ["-e", "setTimeout(() => {}, 600_000)"];
    const holding = `const f=require("fs");f.openSync(${JSON.stringify(path)},"r");f.unlinkSync(${JSON.stringify(path)});f.writeFileSync(${JSON.stringify(`${path}.open`)},"");setTimeout(()=>{},600000)`;
    if (place === "fd") {
      writeFileSync(path, text);
      const holder = spawn(process.execPath, ["-e", holding], { stdio: "ignore" });
      ended.push(() => holder.kill("SIGKILL"));
      // Once it holds the file open and took its name away.
      while (!existsSync(`${path}.open`)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
      continue;
    }
    const child =
      place === "environ"
        ? spawn(process.execPath, idle, { stdio: "ignore", env: { ...process.env, CANARY: text } })
        : spawn(process.execPath, [...idle, text], { stdio: "ignore" });
    ended.push(() => child.kill("SIGKILL"));
  }
  const looking = new Search(plan);
  try {
    for (const root of plan.roots) looking.walk(root);
    if (plan.processes) looking.everyProcess();
  } finally {
    for (const end of ended) end();
  }
  const { found, files, bytes, databases, packed, processes, refused } = looking;
  return { found, files, bytes, databases, packed, processes, refused };
}

if (import.meta.main) {
  const path = process.argv[2] ?? "";
  const report = search(JSON.parse(readFileSync(path, "utf8")) as Plan);
  writeFileSync(`${path}.found`, JSON.stringify(report));
  console.log(`looked at ${report.files} files, ${report.databases} databases, ${report.processes} processes`);
}
