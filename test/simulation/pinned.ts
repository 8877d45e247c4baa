/**
 * Bugs that the simulation found once: how each comes back when its fix is undone, and a seed that finds it then. Whoever
 * changes what is drawn, or the code around a fix, looks for the seeds again: `npm run simulate -- --pin`.
 */
import { MADE_ALL_THE_SAME } from "./mutants.ts";
import type { Patch } from "./patches.ts";

export interface Pinned {
  readonly seed: number;
  readonly undo: Patch;
}

export const PINNED: readonly Pinned[] = [
  {
    seed: 36,
    undo: {
      id: "record-lacks-events",
      title: "a run's record lacked an event of its message that had been archived before the run",
      file: "src/app/session/blob-keeper.ts",
      find: "    runs.push(...queue.map(({ runId }) => runId), ...steering.map(({ message }) => message.runId));\n",
      replace: "",
    },
  },
  {
    seed: 31233,
    undo: {
      id: "alarm-for-ever",
      title: "an alarm rang for ever where there was no session to set the next one",
      file: "src/app/session/session-actor.ts",
      find: "    this.#alarmAtMs = null;\n    if (this.#state) this.apply",
      replace: "    if (this.#state) this.apply",
    },
  },
  {
    seed: 979,
    undo: {
      id: "removed-and-unanswered",
      title: "a removed session whose backend never answers broke the alarm that gives it up",
      file: "src/core/session/invariants.ts",
      find: ' || (isLettingGo && status === "ended")',
      replace: "",
    },
  },
  {
    seed: 547,
    undo: {
      id: "forgetting-not-asked-again",
      title: "nobody asked again for a removed session to be forgotten when its waking up was not stored",
      file: "src/core/session/deadlines.ts",
      find: '  if (draft.state.status === "ended") forgetWhenGone(draft);\n',
      replace: "",
    },
  },
  {
    seed: 7,
    undo: {
      id: "backends-not-read-again",
      title: "a list of backends that the store did not take on waking was not read again, and no resume could start",
      file: "src/app/session/session-service.ts",
      find: '    if (this.#actor.state?.status === "failed") this.#actor.configureBackends();\n',
      replace: "",
    },
  },
  {
    seed: 424,
    undo: {
      id: "made-for-nobody",
      title: "a sandbox ran on that was made for a session which was removed and forgotten meanwhile",
      file: "src/app/session/effect-interpreter.ts",
      find: "      if (accepted.state === null) await provider.destroy(id);\n",
      replace: "",
      also: [MADE_ALL_THE_SAME],
    },
  },
  {
    seed: 518,
    undo: {
      id: "difference-forgotten",
      title: "a sandbox that is not kept as declared went on when the store did not take what was found",
      file: "src/core/session/session.machine.ts",
      find: "  watchPolicy(draft);\n",
      replace: "",
      also: [{ id: "difference-forgotten-unseen", file: "src/core/session/invariants.ts", find: "isMeasuring(state) === (deadlines.policy !== undefined)", replace: "isMeasuring(state) || deadlines.policy === undefined" }],
    },
  },
];
