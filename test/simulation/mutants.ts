/**
 * Bugs that were made on purpose, each of which the simulation must find. Where more than one part keeps the same promise,
 * those that would make up for the bug are taken away with it: what is shown is that the simulation would see it.
 */
import type { Change, Patch } from "./patches.ts";

/** A backend that does not remember what it was told to end. */
export const MADE_ALL_THE_SAME: Change = {
  id: "made-all-the-same",
  file: "src/ports/sandbox/sandbox.fake.ts",
  find: "letGo.epoch >= epoch",
  replace: "letGo.epoch > epoch",
};

export const MUTANTS: readonly Patch[] = [
  {
    id: "ack-before-commit",
    title: "acknowledge before commit",
    file: "src/app/session/session-actor.ts",
    find: "    const refusal = this.#commit(result, atMs, answer, access);",
    replace:
      '    for (const early of result.effects) if (early.type === "send-frame") this.#effects.perform(early);\n    const refusal = this.#commit(result, atMs, answer, access);',
  },
  {
    id: "epoch-not-newer",
    title: "epoch >= for >: a sandbox of the newest epoch that comes up after it was given up is not stopped, by a backend that makes it all the same",
    file: "src/core/session/session.machine.ts",
    find: "input.epoch > before.epoch",
    replace: "input.epoch >= before.epoch",
    also: [MADE_ALL_THE_SAME],
  },
  {
    id: "second-dispatch",
    title: "second dispatch after accepted, to the same sandbox, with a runtime and an agent that take it",
    file: "src/core/session/link.ts",
    find: "  if (run !== null && !run.accepted) setDeadline",
    replace: '  if (run !== null) sendDown(draft, { type: "prompt", messageId: run.messageId });\n  if (run !== null && !run.accepted) setDeadline',
    also: [
      { id: "second-dispatch-import", file: "src/core/session/link.ts", find: "import { sendHeld, sendSettings }", replace: "import { sendDown, sendHeld, sendSettings }" },
      {
        id: "second-dispatch-journal",
        file: "packages/sandbox-runtime/src/runtime.ts",
        find: "    if (journal.state.prompts[messageId] === null) return;\n",
        replace: "",
      },
      {
        id: "second-dispatch-lookup",
        file: "packages/sandbox-runtime/src/runtime.ts",
        find: "const known = await agent.lookup(messageId);",
        replace: 'const known: string = "unknown";',
      },
      {
        id: "second-dispatch-agent",
        file: "test/simulation/agent.ts",
        find: '    if (memory.turns.has(messageId)) throw refusal("prompt", "already-exists", "This prompt was submitted before.");\n',
        replace: "",
      },
    ],
  },
  {
    id: "second-dispatch-elsewhere",
    title: "second dispatch after accepted, to the next sandbox",
    file: "src/core/session/lease.ts",
    find: "  if (draft.state.run !== null) afterRun",
    replace:
      "  const { run, current } = draft.state;\n" +
      "  if (run?.accepted && current) {\n" +
      '    patch(draft, { run: null, current: null, status: "idle", waitingFor: null, queue: [current, ...draft.state.queue] });\n' +
      '    clearDeadlines(draft, "accept", "heartbeat", "idle", "stop");\n' +
      "    advance(draft);\n" +
      "  } else if (draft.state.run !== null) afterRun",
  },
  {
    id: "alarm-once",
    title: "alarm not armed again",
    file: "src/app/session/session-actor.ts",
    find: "    this.#armedAtMs = undefined;\n    this.#outboxAtMs",
    replace: "    this.#outboxAtMs",
  },
  {
    id: "seq-outside",
    title: "seq taken outside the transaction",
    file: "src/ports/session-store/session-store.fake.ts",
    find: "    const before = this.lastSeq();",
    replace:
      "    const counter = this.disk as unknown as { taken?: number };\n    const before = Math.max(this.lastSeq(), counter.taken ?? 0);\n    counter.taken = before + batch.events.length;",
  },
  {
    id: "id-again",
    title: "message id not deduplicated",
    file: "src/app/session/session-service.ts",
    find: "    const { idempotency, providers } = options;",
    replace: "    const { providers } = options;\n    const idempotency = undefined as Idempotency | undefined;",
  },
  {
    id: "fifo-reorder",
    title: "FIFO broken by reorder",
    file: "src/core/session/queue.ts",
    find: "queue: others.toSpliced(at, 0, message)",
    replace: "queue: others.toSpliced(at, 0, message).toSorted((a, b) => (a === message ? -1 : b === message ? 1 : 0))",
  },
  {
    id: "text-at-tool",
    title: "part text dropped at a tool call",
    file: "src/app/session/viewer-hub.ts",
    find: 'if (event.type === "part.ended") this.#deltas',
    replace: 'if (event.type === "part.started" && event.data.part.kind === "tool") this.#deltas = [];\n      if (event.type === "part.ended") this.#deltas',
  },
  {
    id: "outbox-early",
    title: "outbox cleared before Postgres answered",
    file: "src/app/session/outbox-pump.ts",
    find: "      const done = await this.#delivery.deliver(head, (call) => this.#bounded(lane, call));",
    replace:
      "      this.#ports.store.outboxDone([head.id]);\n      const done = await this.#delivery.deliver(head, (call) => this.#bounded(lane, call));",
  },
  {
    id: "replay-off-by-one",
    title: "replay cursor off by one",
    file: "src/app/session/viewer-hub.ts",
    find: "viewer.state.cursor += page.count;",
    replace: "viewer.state.cursor += page.count + 1;",
  },
  {
    id: "slow-blocks",
    title: "a slow viewer blocks others",
    file: "src/app/session/viewer-hub.ts",
    find: '        viewer.state.mode = "replay";\n        this.#watchStalled();\n        continue;',
    replace: "        return;",
  },
  {
    id: "revoked-appends",
    title: "a revoked epoch appends, to a session that looks neither at the epoch nor at the token",
    file: "src/core/session/session.machine.ts",
    find: "if (isAlive(state.lease) && state.lease.epoch === input.epoch) return null;",
    replace: "if (isAlive(state.lease)) return null;",
    also: [
      {
        id: "revoked-appends-token",
        file: "src/app/session/session-service.ts",
        find: " || !sameText(lease.tokenHash, hash)",
        replace: "",
      },
    ],
  },
];
