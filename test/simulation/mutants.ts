/** Bugs that were made on purpose, each of which the simulation must find. */
import type { Patch } from "./patches.ts";

export const MUTANTS: readonly Patch[] = [
  {
    id: "ack-before-commit",
    title: "acknowledge before commit",
    file: "src/app/session/session-actor.ts",
    find: "    const refusal = this.#commit(result, atMs, answer);",
    replace:
      '    for (const early of result.effects) if (early.type === "send-frame") this.#effects.perform(early);\n    const refusal = this.#commit(result, atMs, answer);',
  },
  {
    id: "epoch-not-newer",
    title: "epoch >= for >",
    file: "src/core/session/session.machine.ts",
    find: "input.epoch > before.epoch",
    replace: "input.epoch >= before.epoch",
    isOpen: true,
  },
  {
    id: "second-dispatch",
    title: "second dispatch after accepted",
    file: "src/core/session/interrupted.ts",
    find: "const decided = onInterruption === \"continue\" || onInterruption === \"retry\" ? onInterruption : null;",
    replace: "const decided = onInterruption === \"continue\" ? onInterruption : \"retry\";",
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
    title: "a revoked epoch appends",
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
