/** Providers that are wrong about what a session begins with and what becomes of its work. */
import type { AppliedWork } from "../sandbox.port.ts";
import { refuse, unless, type Broken } from "./bend.contract.ts";

const COMMIT = "4".repeat(40);
const withApplied = (change: (applied: AppliedWork, count: number) => AppliedWork): Broken => ({
  bend: (inner) => {
    let count = 0;
    return {
      applyWork: async (id, request) => {
        count += 1;
        return change(await inner.applyWork(id, request), count);
      },
    };
  },
});
const allowing = (code: "failed-precondition" | "invalid-argument", which: (message: string) => boolean): Broken => ({
  bend: (inner) => ({
    applyWork: (id, request) => unless(code, inner.applyWork(id, request), (refused) => (which(refused.message) ? { branch: request.branch, commit: COMMIT, filesChanged: 1 } : Promise.reject(refused))),
  }),
});

export const BROKEN_WORK: Readonly<Record<string, Broken>> = {
  "a repository is there from the beginning": {
    bend: (inner) => ({
      create: async (spec) => {
        const made = await inner.create(spec);
        if (spec.workspace.kind === "repo") await inner.writeFile(spec.id, "README.md", new Uint8Array());
        return made;
      },
    }),
  },
  "a folder's files are not there": { bend: (inner) => ({ readFile: async (id, path) => (path === "README.md" ? null : inner.readFile(id, path)) }) },
  "work is written nowhere": { bend: () => ({ applyWork: (_, { branch }) => Promise.resolve({ branch, commit: COMMIT, filesChanged: 1 }) }) },
  "files are counted wrongly": withApplied((applied) => ({ ...applied, filesChanged: applied.filesChanged + 1 })),
  "every commit is a new one": withApplied((applied, count) => ({ ...applied, commit: String(count).padStart(40, "0") })),
  "every commit is the same": withApplied((applied) => ({ ...applied, commit: COMMIT })),
  "what is stopped has no work": { bend: (inner) => ({ applyWork: async (id, request) => ((await inner.describe(id)).phase === "stopped" ? refuse("applyWork", "failed-precondition") : inner.applyWork(id, request)) }) },
  "any name is a branch": allowing("invalid-argument", () => true),
  "any branch may be written": allowing("failed-precondition", (message) => message.includes("cannot be written")),
  "no work is work": allowing("failed-precondition", (message) => message.includes("no changes")),
  "work from nowhere is written somewhere": allowing("failed-precondition", (message) => message.includes("did not start from a folder")),
  "any commit is there": {
    bend: (inner) => ({
      create: (spec) => inner.create(spec),
      describe: async (id) => {
        const { failure, ...rest } = await inner.describe(id);
        return failure?.message.includes("no commit") ? { ...rest, phase: "running" } : { ...rest, ...(failure ? { failure } : {}) };
      },
    }),
  },
};
