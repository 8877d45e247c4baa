/** Frames of a runtime over a store in memory: what is written, what is answered, and in which order. */
import type { DownFrame, UpFrame, UpMessage } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { InMemoryBlobStore } from "../../ports/blob-store/blob-store.fake.ts";
import { InMemoryCatalog } from "../../ports/catalog/catalog.fake.ts";
import { InMemoryEventBus } from "../../ports/event-bus/event-bus.fake.ts";
import { InMemoryLedger } from "../../ports/ledger/ledger.fake.ts";
import { InMemoryRunHistory } from "../../ports/run-history/run-history.fake.ts";
import type { SandboxProvider } from "../../ports/sandbox/sandbox.port.ts";
import { InMemorySessionStore, MemoryDisk } from "../../ports/session-store/session-store.fake.ts";
import type { CommitBatch } from "../../ports/session-store/session-store.port.ts";
import { onLinkMessage } from "./link-connection.ts";
import { SessionActor } from "./session-actor.ts";
import { newViewer } from "./viewer.ts";

const AUTHOR = { actor: { kind: "user", id: "usr_1" }, apiKeyId: null, role: "owner" } as const;

/** A session that runs a prompt and is watched, on one disk through any number of memories. */
class Rig {
  /** What happened, in order: `commit <last seq>`, `ack <n>`, `seen <seq>`, `closed <code>`. */
  readonly trace: string[] = [];
  readonly disk = new MemoryDisk();
  nowMs = 1_800_000_000_000;
  store = this.#newStore();
  actor = this.#newActor();
  #linkId = "con_1";

  static running(): Rig {
    const rig = new Rig();
    const { actor } = rig;
    actor.apply({
      type: "session-opened",
      orgId: "org_a",
      sessionId: "ses_0123456789abcdefghjkmnpqrs",
      author: AUTHOR,
      model: "demo/demo",
      workspace: { kind: "empty" },
      metadata: {},
      externalUserId: null,
      permissions: {},
      providers: [],
      gitIdentity: null,
      demoOnly: true,
      backends: ["slow"],
      prompt: { messageId: "msg_1", runId: "run_1", text: "go" },
      nowMs: rig.nowMs,
    });
    actor.apply({ type: "sandbox-token-minted", epoch: 1, tokenHash: "hash", nowMs: rig.nowMs });
    rig.hello();
    rig.frame({ type: "up", n: 1, body: { type: "ready", agent: "example", agentVersion: "1" } });
    rig.frame({ type: "up", n: 2, body: { type: "accepted", messageId: "msg_1" } });
    rig.watch();
    rig.trace.length = 0;
    // A quiet time, so that what comes is seen at once.
    rig.nowMs += 1_000;
    return rig;
  }

  hello(): void {
    this.frame({ type: "hello", versions: [1, 2], epoch: 1, received: 0 });
  }

  frame(frame: UpFrame): void {
    const close = (code: number): void => void this.trace.push(`closed ${code}`);
    onLinkMessage(this.actor, { linkId: this.#linkId, epoch: 1, send: () => undefined, close }, JSON.stringify(frame));
  }

  watch(): void {
    const send = (text: string): void => {
      const frame = JSON.parse(text) as { events?: { seq: number }[] };
      const seen = frame.events?.at(-1);
      if (seen) this.trace.push(`seen ${seen.seq}`);
    };
    const state = newViewer("con_v", AUTHOR, this.store.lastSeq());
    this.actor.hub.join({ send, close: () => undefined, save: () => undefined }, state);
  }

  /** The object loses its memory; its socket stays. */
  crash(): void {
    this.store = this.#newStore();
    this.actor = this.#newActor();
    this.actor.restore(this.#linkId);
    this.trace.length = 0;
  }

  get received(): number | undefined {
    return this.actor.state?.lease?.link.received;
  }

  get texts(): string[] {
    return this.store.eventsAfter(0, 100).flatMap((event) => (event.type === "part.ended" ? [event.data.part.text ?? ""] : []));
  }

  #newStore(): InMemorySessionStore {
    const { trace } = this;
    return new (class extends InMemorySessionStore {
      override commit(batch: CommitBatch) {
        const committed = super.commit(batch);
        trace.push(`commit ${this.lastSeq()}`);
        return committed;
      }
    })({ disk: this.disk });
  }

  #newActor(): SessionActor {
    const now = (): number => this.nowMs;
    return new SessionActor(
      {
        store: this.store,
        scheduler: { wakeAt: async () => undefined, pending: async () => null },
        runHistory: new InMemoryRunHistory(),
        catalog: new InMemoryCatalog({ now }),
        blobs: new InMemoryBlobStore(),
        feedOf: () => new InMemoryEventBus({ now }),
        ledgerOf: () => new InMemoryLedger({ now }),
        sandboxes: new Map([["slow", { create: () => new Promise(() => undefined) } as unknown as SandboxProvider]]),
        linkUrl: "ws://memory",
        timers: { now, after: () => undefined },
        randomBytes: (length) => new Uint8Array(length),
        sha256: () => new Promise(() => undefined),
        afterCommit: (run) => run(),
        background: (work) => void work.catch(() => undefined),
        log: () => undefined,
      },
      {
        send: (_linkId: string, frame: DownFrame) => {
          if (frame.type === "ack") this.trace.push(`ack ${frame.n}`);
        },
        close: (_linkId, code) => void this.trace.push(`closed ${code}`),
      },
    );
  }
}

const part = (id: string, text = "") => ({ messageId: "msg_1", part: { id, kind: "text" as const, text } });
const THREE: readonly UpMessage[] = [
  { type: "part-started", ...part("a") },
  { type: "part-ended", ...part("a", "one") },
  { type: "part-ended", ...part("b", "two") },
];

verifies("LNK19", "what came in one frame is one transaction, acknowledged once and after it, and seen after it in one frame", () => {
  const rig = Rig.running();
  const before = rig.store.lastSeq();
  rig.frame({ type: "ups", n: 3, bodies: [...THREE] });
  expect(rig.trace).toEqual([`commit ${before + 3}`, `seen ${before + 3}`, "ack 5"]);
  expect(rig.texts).toEqual(["one", "two"]);
  rig.frame({ type: "ups", n: 4, bodies: [...THREE.slice(1), { type: "todo", messageId: "msg_1", items: [] }] });
  expect(rig.trace.at(-1)).toBe("ack 6");
  expect(rig.texts).toEqual(["one", "two"]);
});

verifies(["LNK19", "SST7"], "a frame whose transaction fails is hung up on, and nothing of it is acknowledged, seen or kept; sent again it is taken once", () => {
  const rig = Rig.running();
  const before = rig.store.lastSeq();
  rig.store.faults.arm("session-store:commit:torn-batch");
  rig.frame({ type: "ups", n: 3, bodies: [...THREE] });
  expect(rig.trace).toEqual(["closed 4500"]);
  expect([rig.received, rig.store.lastSeq(), rig.texts]).toEqual([2, before, []]);
  rig.hello();
  rig.trace.length = 0;
  rig.frame({ type: "ups", n: 3, bodies: [...THREE] });
  expect(rig.trace.at(-1)).toBe("ack 5");
  expect(rig.texts).toEqual(["one", "two"]);
});

verifies("LNK19", "memory that is lost before the transaction, and after it, costs nothing: the frame comes again and counts once", () => {
  const rig = Rig.running();
  rig.crash();
  rig.hello();
  rig.frame({ type: "ups", n: 3, bodies: [...THREE] });
  rig.crash();
  rig.hello();
  rig.frame({ type: "ups", n: 3, bodies: [...THREE, { type: "part-ended", ...part("c", "three") }] });
  expect([rig.trace.at(-1), rig.received, rig.texts]).toEqual(["ack 6", 6, ["one", "two", "three"]]);
});

verifies(["LNK14", "LNK19"], "one that no row can hold is cut, and what came with it is taken as it is", () => {
  const rig = Rig.running();
  rig.frame({ type: "ups", n: 3, bodies: [...THREE, { type: "part-ended", ...part("c", "x".repeat(2_000_000)) }, { type: "part-ended", ...part("d", "four") }] });
  expect(rig.received).toBe(7);
  expect(rig.texts.map((text) => text.slice(0, 5))).toEqual(["one", "two", "xxxxx", "four"]);
  expect(rig.texts[2]?.length).toBeLessThan(100_000);
});

verifies(["LNK4", "LNK19"], "a hole before a frame is hung up on, and nothing is taken", () => {
  const rig = Rig.running();
  rig.frame({ type: "ups", n: 4, bodies: THREE.slice(1) });
  expect([rig.trace, rig.received]).toEqual([["closed 4400"], 2]);
});
