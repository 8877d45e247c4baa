/** Providers that are wrong about creating and describing. */
import type { SandboxDescription, SandboxId, SandboxProvider, SandboxSpec } from "../sandbox.port.ts";
import { madeUp, refuse, unless, withDescriptions, withErrors, type Broken } from "./bend.contract.ts";

/** Creates that it should refuse, or should answer by the first, make one more. */
function makes(where: (spec: SandboxSpec, inner: SandboxProvider) => Promise<SandboxDescription | null>): Broken {
  return {
    bend: (inner) => {
      const made: SandboxDescription[] = [];
      return {
        create: async (spec) => {
          const more = await where(spec, inner);
          if (more === null) return inner.create(spec);
          made.push(more);
          return more;
        },
        list: async (filter) => [...(await inner.list(filter)), ...made],
      };
    },
  };
}

const refusedOnly = (code: "failed-precondition" | "invalid-argument", when: (spec: SandboxSpec, inner: SandboxProvider) => Promise<boolean> = () => Promise.resolve(true)): Broken =>
  makes(async (spec, inner) => {
    const relevant = await when(spec, inner);
    let refused = false;
    await unless(code, inner.create(spec).then(() => undefined), () => void (refused = true));
    return refused && relevant ? madeUp(spec, inner) : null;
  });

const hasNewer = async ({ sessionId, epoch }: SandboxSpec, inner: SandboxProvider): Promise<boolean> => (await inner.list({ sessionId })).some((other) => other.epoch > epoch);

/** A number that is another each time. */
function counter(): () => number {
  let count = 0;
  return () => (count += 1);
}

const alive = ({ phase }: SandboxDescription): boolean => phase === "accepted" || phase === "running";
const SANDBOXES_MAX = 3;

export const BROKEN_LIVES: Readonly<Record<string, Broken>> = {
  "create answers another organization": { bend: (inner) => ({ create: async (spec) => ({ ...(await inner.create(spec)), orgId: "org_0" }) }) },
  "create answers another backend": { bend: (inner) => ({ create: async (spec) => ({ ...(await inner.create(spec)), backend: "Another One" }) }) },
  "created whenever it is described": {
    bend: (inner) => {
      const next = counter();
      return { describe: async (id) => ({ ...(await inner.describe(id)), createdAtMs: Date.UTC(2026, 0) + next() }) };
    },
  },
  "created in seconds": withDescriptions((description) => ({ ...description, createdAtMs: Math.round(description.createdAtMs / 1000) })),
  "create twice makes two": makes(async (spec, inner) => ((await inner.list({ sessionId: spec.sessionId })).some(({ id }) => id === spec.id) ? { ...madeUp(spec, inner), createdAtMs: 7 } : null)),
  "creates at once make one each": {
    bend: (inner) => {
      const busy = new Set<SandboxId>();
      const next = counter();
      return {
        create: async (spec) => {
          if (busy.has(spec.id)) return { ...madeUp(spec, inner), createdAtMs: next() };
          busy.add(spec.id);
          await Promise.resolve();
          busy.delete(spec.id);
          return inner.create(spec);
        },
      };
    },
  },
  "a create wakes what was stopped": { bend: (inner) => ({ create: async (spec) => ({ ...(await inner.create(spec)), phase: "running" }) }) },
  "epochs are not compared": refusedOnly("failed-precondition", hasNewer),
  "late creates are made": refusedOnly("failed-precondition", async (spec, inner) => !(await hasNewer(spec, inner))),
  "ids are not checked": refusedOnly("invalid-argument"),
  "whose an id is does not matter": { bend: (inner) => ({ create: (spec) => unless("already-exists", inner.create(spec), () => madeUp(spec, inner)) }) },
  "as many as are asked for": { options: { sandboxesMax: Infinity }, bend: () => ({}) },
  "counted before the others are made": {
    options: { sandboxesMax: Infinity },
    bend: (inner) => {
      return {
        create: async (spec) => {
          const others = (await inner.list({})).filter((other) => other.sessionId !== spec.sessionId && alive(other));
          // Others have their turn, and are not counted.
          await new Promise((resolve) => setTimeout(resolve, 0));
          return others.length >= SANDBOXES_MAX ? refuse("create", "resource-exhausted", { afterMs: 5_000 }) : inner.create(spec);
        },
      };
    },
  },
  "what was stopped keeps its place": {
    bend: (inner) => ({
      create: async (spec) => {
        const others = (await inner.list({})).filter(({ sessionId }) => sessionId !== spec.sessionId);
        return others.length >= SANDBOXES_MAX ? refuse("create", "resource-exhausted", { afterMs: 5_000 }) : inner.create(spec);
      },
    }),
  },
  "full for good": withErrors(({ code, retry }) => ({ retry: code === "resource-exhausted" ? "never" : retry })),
  "accepted is called running": withDescriptions((description) => (description.phase === "accepted" ? { ...description, phase: "running" } : description)),
  "not ready is for good": withErrors(({ code, retry }) => ({ retry: code === "failed-precondition" ? "never" : retry })),
  "what is being made cannot be ended": {
    bend: (inner) => {
      const check = async (operation: string, id: SandboxId): Promise<void> => {
        if ((await inner.list({})).some((found) => found.id === id && found.phase === "accepted")) refuse(operation, "failed-precondition");
      };
      return {
        stop: async (id) => check("stop", id).then(() => inner.stop(id)),
        destroy: async (id) => check("destroy", id).then(() => inner.destroy(id)),
      };
    },
  },
  "failed when it does not link": {
    bend: (inner, { linked }) => {
      const change = (found: SandboxDescription): SandboxDescription => (found.phase === "running" && !linked.has(found.id) ? { ...found, phase: "failed", failure: { code: "never-linked", message: "It did not link." } } : found);
      return withDescriptions(change).bend(inner, { reopened: false, linked });
    },
  },
  "failed is called running": withDescriptions(({ failure, ...rest }) => (failure ? { ...rest, phase: "running" } : rest)),
  "failed for no reason": withDescriptions(({ failure, ...rest }) => (failure ? { ...rest, failure: { code: "unknown", message: "" } } : rest)),
  "failed ones cannot be destroyed": {
    bend: (inner) => ({
      destroy: async (id) => ((await inner.list({})).some((found) => found.id === id && found.phase === "failed") ? refuse("destroy", "failed-precondition") : inner.destroy(id)),
    }),
  },
  "stopped is called failed": withDescriptions((found) => (found.phase === "stopped" ? { ...found, phase: "failed", failure: { code: "runtime-exited", message: "It ended." } } : found)),
  "lists other organizations": { bend: (inner) => ({ list: ({ orgId: _, ...filter }) => inner.list(filter) }) },
  "lists other sessions": { bend: (inner) => ({ list: ({ sessionId: _, ...filter }) => inner.list(filter) }) },
  "lists what one of the filters takes": {
    bend: (inner) => ({
      list: async ({ orgId, sessionId }) => {
        if (orgId === undefined || sessionId === undefined) return inner.list({ ...(orgId === undefined ? {} : { orgId }), ...(sessionId === undefined ? {} : { sessionId }) });
        return (await inner.list({})).filter((found) => found.orgId === orgId || found.sessionId === sessionId);
      },
    }),
  },
  "lists what runs": { bend: (inner) => ({ list: async (filter) => (await inner.list(filter)).filter(alive) }) },
  "lists all as running": { bend: (inner) => ({ list: async (filter) => (await inner.list(filter)).map(({ failure: _, ...rest }) => ({ ...rest, phase: "running" })) }) },
  "another backend in lists": { bend: (inner) => ({ list: async (filter) => (await inner.list(filter)).map((found) => ({ ...found, backend: "listed" })) }) },
};
