/** Providers that are wrong about ends, epochs and whatever is left. */
import { EXEC } from "../sandbox-kit.contract.ts";
import type { PolicyReport, SandboxDescription, SandboxId, SandboxProvider } from "../sandbox.port.ts";
import { madeUp, refuse, sessionOf, unless, withDescriptions, type Broken } from "./bend.contract.ts";

/** Knows which files were written to each session. */
function tracking(use: (inner: SandboxProvider, written: (sessionId: string) => Map<string, Uint8Array>) => Partial<SandboxProvider>): Broken {
  return {
    bend: (inner) => {
      const all = new Map<string, Map<string, Uint8Array>>();
      const written = (sessionId: string): Map<string, Uint8Array> => {
        const known = all.get(sessionId) ?? new Map<string, Uint8Array>();
        all.set(sessionId, known);
        return known;
      };
      return {
        writeFile: async (id, path, bytes) => {
          await inner.writeFile(id, path, bytes);
          written(sessionOf(id)).set(path, bytes);
        },
        ...use(inner, written),
      };
    },
  };
}

async function remove(inner: SandboxProvider, id: SandboxId, paths: Iterable<string>): Promise<void> {
  for (const path of paths) await inner.exec(id, { command: ["rm", path], ...EXEC });
}

async function newestOf(inner: SandboxProvider, id: SandboxId): Promise<SandboxId> {
  const known = await inner.list({ sessionId: sessionOf(id) });
  return known.at(-1)?.id ?? id;
}

const readsOf = (phase: SandboxDescription["phase"]): Broken => ({ bend: (inner) => ({ readFile: async (id, path) => ((await inner.describe(id)).phase === phase ? null : inner.readFile(id, path)) }) });

export const BROKEN_ENDINGS: Readonly<Record<string, Broken>> = {
  "stop loses the files": tracking((inner, written) => ({
    stop: async (id) => {
      if ((await inner.describe(id)).phase === "running") await remove(inner, id, written(sessionOf(id)).keys());
      await inner.stop(id);
    },
  })),
  "a second stop is refused": { bend: (inner) => ({ stop: async (id) => ((await inner.list({})).some((found) => found.id === id && found.phase === "stopped") ? refuse("stop", "failed-precondition") : inner.stop(id)) }) },
  "stopped files are nobody's": readsOf("stopped"),
  "files of the dead are lost": readsOf("failed"),
  "what was measured before is still so": {
    bend: (inner) => {
      let last: PolicyReport | null = null;
      return {
        describePolicy: (id) =>
          unless("failed-precondition", inner.describePolicy(id).then((report) => (last = report)), async () => last ?? inner.describePolicy((await inner.list({})).find(({ phase }) => phase === "running")?.id ?? id)),
      };
    },
  },
  "destroy leaves the files": tracking((inner, written) => ({
    create: async (spec) => {
      const made = await inner.create(spec);
      for (const [path, bytes] of written(spec.sessionId)) await inner.writeFile(spec.id, path, bytes);
      return made;
    },
  })),
  "destroy leaves the sandbox, stopped": { bend: (inner) => ({ destroy: (id) => unless("not-found", inner.stop(id), () => inner.destroy(id)) }) },
  "what is gone cannot be destroyed": { bend: (inner) => ({ destroy: async (id) => ((await inner.list({})).some((found) => found.id === id) ? inner.destroy(id) : refuse("destroy", "not-found")) }) },
  "destroy takes who is called alike": {
    bend: (inner) => ({
      destroy: async (id) => {
        for (const found of await inner.list({})) if (found.id.startsWith(sessionOf(id))) await inner.destroy(found.id);
        await inner.destroy(id);
      },
    }),
  },
  "destroy takes the session, whatever the epoch": { bend: (inner) => ({ destroy: async (id) => inner.destroy(await newestOf(inner, id)) }) },
  "stop takes the session, whatever the epoch": { bend: (inner) => ({ stop: async (id) => inner.stop(await newestOf(inner, id)) }) },
  "a session ends with its sandbox": {
    bend: (inner) => {
      const ended = new Set<string>();
      return {
        destroy: async (id) => {
          ended.add(sessionOf(id));
          await inner.destroy(id);
        },
        create: async (spec) => (ended.has(spec.sessionId) ? refuse("create", "failed-precondition") : inner.create(spec)),
      };
    },
  },
  "what was let go is forgotten by the next": { bend: (inner, { reopened }) => (reopened ? { create: (spec) => unless("failed-precondition", inner.create(spec), () => madeUp(spec, inner)) } : {}) },
  "the next knows nothing": { bend: (_, { reopened }) => (reopened ? { list: () => Promise.resolve([]), describe: () => Promise.resolve(refuse("describe", "not-found")) } : {}) },
  "the next runs no commands": { bend: (_, { reopened }) => (reopened ? { exec: () => Promise.resolve().then(() => refuse("exec", "not-found")) } : {}) },
  "death is not noticed": withDescriptions(({ failure, ...rest }) => (failure?.code === "runtime-exited" ? { ...rest, phase: "running" } : failure ? { ...rest, failure } : rest)),
  "a stop covers the death": {
    bend: (inner) => {
      const stopped = new Set<SandboxId>();
      const cover = ({ failure, ...rest }: SandboxDescription): SandboxDescription => (failure && !stopped.has(rest.id) ? { ...rest, failure } : failure ? { ...rest, phase: "stopped" } : rest);
      return {
        stop: async (id) => {
          await inner.stop(id);
          stopped.add(id);
        },
        describe: async (id) => cover(await inner.describe(id)),
        list: async (filter) => (await inner.list(filter)).map(cover),
      };
    },
  },
  "the next epoch starts empty": tracking((inner, written) => ({
    create: async (spec) => {
      const made = await inner.create(spec);
      const before = written(spec.sessionId);
      if (spec.epoch > 1) await remove(inner, spec.id, before.keys());
      before.clear();
      return made;
    },
  })),
  "the epoch before is still there": {
    bend: (inner) => {
      const all = new Map<SandboxId, SandboxDescription>();
      return {
        create: async (spec) => {
          const made = await inner.create(spec);
          all.set(spec.id, { ...made, phase: "running" });
          return made;
        },
        describe: (id) => unless("not-found", inner.describe(id), (refused) => all.get(id) ?? Promise.reject(refused)),
        list: async (filter) => {
          const known = await inner.list(filter);
          const before = [...all.values()].filter(({ id, sessionId }) => known.some((found) => found.sessionId === sessionId) && known.every((found) => found.id !== id));
          return [...known, ...before.filter(({ orgId, sessionId }) => (filter.orgId ?? orgId) === orgId && (filter.sessionId ?? sessionId) === sessionId)];
        },
        stop: (id) => unless("not-found", inner.stop(id), (refused) => (all.has(id) ? undefined : Promise.reject(refused))),
      };
    },
  },
  "whoever comes first keeps the session": {
    bend: (inner) => {
      const busy = new Set<string>();
      return {
        create: async (spec) => {
          if (busy.has(spec.sessionId) && spec.epoch > 1) refuse("create", "failed-precondition");
          busy.add(spec.sessionId);
          await Promise.resolve();
          const made = await inner.create(spec);
          busy.delete(spec.sessionId);
          return made;
        },
      };
    },
  },
};
