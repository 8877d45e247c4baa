/** Providers that are wrong about files and their paths. */
import { EXEC } from "../sandbox-kit.contract.ts";
import type { SandboxId, SandboxProvider } from "../sandbox.port.ts";
import { refuse, unless, type Broken } from "./bend.contract.ts";

type Read = (inner: SandboxProvider, id: SandboxId, path: string) => Promise<Uint8Array | null>;
type Write = (inner: SandboxProvider, id: SandboxId, path: string, bytes: Uint8Array) => Promise<void>;

const withRead = (read: Read): Broken => ({ bend: (inner) => ({ readFile: (id, path) => read(inner, id, path) }) });
const withWrite = (write: Write): Broken => ({ bend: (inner) => ({ writeFile: (id, path, bytes) => write(inner, id, path, bytes) }) });
const withWritten = (change: (bytes: Uint8Array) => Uint8Array): Broken => withWrite((inner, id, path, bytes) => inner.writeFile(id, path, change(bytes)));

const asText = (bytes: Uint8Array, change: (text: string) => string): Uint8Array => new TextEncoder().encode(change(new TextDecoder().decode(bytes)));
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
const HELD_MAX = 1024 * 1024;

/** What was written is kept beside the folder as well. */
function cached(use: (known: Map<string, Uint8Array>, inner: SandboxProvider) => Partial<SandboxProvider>): Broken {
  return { bend: (inner) => use(new Map(), inner) };
}

/** Writes while another is under way. */
function whileBusy(instead: Write): Broken {
  return {
    bend: (inner) => {
      let busy = false;
      return {
        writeFile: async (id, path, bytes) => {
          if (busy) return instead(inner, id, path, bytes);
          busy = true;
          try {
            await inner.writeFile(id, path, bytes);
            await turn();
          } finally {
            busy = false;
          }
          return undefined;
        },
      };
    },
  };
}

/** Links that scripts make, by their last part. */
function withLinks(refused: (path: string) => boolean = () => true): Broken {
  return {
    bend: (inner) => {
      const links = new Set<string>();
      const check = (operation: string, path: string): void => {
        if (path.split("/").some((part) => links.has(part)) && refused(path)) refuse(operation, "permission-denied");
      };
      return {
        exec: async (id, request) => {
          check("exec", request.cwd ?? "");
          for (const [, name = ""] of (request.command[2] ?? "").matchAll(/ln -s \S+ ([^\s;]+)/g)) links.add(name);
          return inner.exec(id, request);
        },
        readFile: async (id, path) => {
          check("readFile", path);
          return inner.readFile(id, path);
        },
        writeFile: async (id, path, bytes) => {
          check("writeFile", path);
          return inner.writeFile(id, path, bytes);
        },
      };
    },
  };
}

export const BROKEN_FILES: Readonly<Record<string, Broken>> = {
  "a missing file is empty": withRead(async (inner, id, path) => (await inner.readFile(id, path)) ?? new Uint8Array()),
  "a missing file is refused": withRead(async (inner, id, path) => (await inner.readFile(id, path)) ?? refuse("readFile", "not-found")),
  "files are text": withWritten((bytes) => asText(bytes, (text) => text)),
  "lines end as on this machine": withWritten((bytes) => asText(bytes, (text) => text.replaceAll("\r\n", "\n"))),
  "an empty file is none": withRead(async (inner, id, path) => {
    const found = await inner.readFile(id, path);
    return found?.length === 0 ? null : found;
  }),
  "the rest of a longer file stays": withWrite(async (inner, id, path, bytes) => {
    const before = (await inner.readFile(id, path).catch(() => null)) ?? new Uint8Array();
    await inner.writeFile(id, path, Buffer.concat([bytes, before.subarray(bytes.length)]));
  }),
  "few folders on the way": withWrite(async (inner, id, path, bytes) => (path.split("/").length > 8 ? refuse("writeFile", "not-found") : inner.writeFile(id, path, bytes))),
  "names are taken apart": withWrite((inner, id, path, bytes) => inner.writeFile(id, path.normalize("NFD"), bytes)),
  "names are decoded": withWrite((inner, id, path, bytes) => inner.writeFile(id, path.replaceAll("%25", "%"), bytes)),
  "paths are compared as they are written": withRead((inner, id, path) => (/\/\/|\/\.\/|^\.\/./.test(path) ? Promise.resolve(null) : inner.readFile(id, path))),
  "large files are cut": withWritten((bytes) => bytes.subarray(0, HELD_MAX)),
  "files of any size": {
    bend: (inner) => ({
      writeFile: (id, path, bytes) => unless("resource-exhausted", inner.writeFile(id, path, bytes), () => undefined),
      readFile: (id, path) => unless("resource-exhausted", inner.readFile(id, path), () => new Uint8Array()),
    }),
  },
  "what is too large is cut": withWrite((inner, id, path, bytes) =>
    unless("resource-exhausted", inner.writeFile(id, path, bytes), async (error) => {
      await inner.writeFile(id, path, bytes.subarray(0, 10));
      throw error;
    }),
  ),
  "the caller's bytes are kept": cached((known, inner) => ({
    writeFile: async (id, path, bytes) => {
      known.set(`${id} ${path}`, bytes);
      await inner.writeFile(id, path, bytes);
    },
    readFile: async (id, path) => {
      const found = await inner.readFile(id, path);
      return found && found.length < 100 ? (known.get(`${id} ${path}`) ?? found) : found;
    },
  })),
  "reads what it wrote itself": cached((known, inner) => ({
    writeFile: async (id, path, bytes) => {
      await inner.writeFile(id, path, bytes);
      known.set(`${id} ${path}`, bytes.slice());
    },
    readFile: async (id, path) => (await inner.readFile(id, path).then(() => undefined), known.get(`${id} ${path}`)?.slice() ?? null),
  })),
  "commands do not see what was written": cached((known, inner) => ({
    writeFile: async (id, path, bytes) => {
      if (path.endsWith("of-the-kit")) return inner.writeFile(id, path, bytes);
      await inner.readFile(id, path);
      known.set(`${id} ${path}`, bytes.slice());
      return undefined;
    },
    readFile: async (id, path) => known.get(`${id} ${path}`) ?? inner.readFile(id, path),
  })),
  "writes at once get lost": whileBusy(() => Promise.resolve()),
  "writes at once are mixed": whileBusy(async (inner, id, path, bytes) => {
    const before = (await inner.readFile(id, path)) ?? new Uint8Array();
    await inner.writeFile(id, path, Buffer.concat([bytes.subarray(0, 10), before.subarray(10)]));
  }),
  "what was written is nobody's": cached((known, inner) => ({
    writeFile: async (id, path, bytes) => {
      await inner.writeFile(id, path, bytes);
      known.set(path, bytes);
    },
    exec: async (id, request) => {
      const [, target = ""] = />> (\S+?)(;|$)/.exec(request.command[2] ?? "") ?? [];
      return known.has(`${request.cwd ?? ""}/${target}`) ? { exitCode: 2, stdout: "", stderr: "Permission denied\n", truncated: false } : inner.exec(id, request);
    },
  })),
  "a replaced file is another": withWrite(async (inner, id, path, bytes) => {
    const found = await inner.readFile(id, path);
    if (found) await inner.exec(id, { command: ["rm", path], ...EXEC });
    await inner.writeFile(id, path, bytes);
  }),
  "paths may leave the folder": {
    bend: (inner) => ({
      readFile: (id, path) => unless("permission-denied", inner.readFile(id, path), () => null),
      writeFile: (id, path, bytes) => unless("permission-denied", inner.writeFile(id, path, bytes), () => undefined),
      exec: (id, request) => unless("permission-denied", inner.exec(id, request), () => inner.exec(id, { ...request, cwd: "" })),
    }),
  },
  "no difference between a file and what is none": {
    bend: (inner) => ({
      readFile: (id, path) => unless("invalid-argument", inner.readFile(id, path), () => null),
      writeFile: (id, path, bytes) => unless("invalid-argument", inner.writeFile(id, path, bytes), () => undefined),
    }),
  },
  "a file makes way for a folder": withWrite((inner, id, path, bytes) =>
    unless("invalid-argument", inner.writeFile(id, path, bytes), async (error) => {
      const [parent = ""] = /^.*(?=\/)/.exec(path) ?? [];
      await inner.exec(id, { command: ["rm", parent], ...EXEC });
      throw error;
    }),
  ),
  "links are not followed": withLinks(),
  "one folder for all sessions": withRead(async (inner, id, path) => {
    const known = await inner.list({});
    for (const other of known) {
      const found = await inner.readFile(other.id, path);
      if (found) return found;
    }
    return inner.readFile(id, path);
  }),
};
