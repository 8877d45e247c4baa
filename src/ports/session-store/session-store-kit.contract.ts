/** What the files of the session store's contract share: the harness and makers of values. */
import type { Message, NewEvent } from "@berth/protocol";
import type { ContractHarness } from "@berth/testkit";
import { isPortError, type PortError } from "../../core/kernel/port-error.ts";
import type { CommitBatch, SessionStore } from "./session-store.port.ts";

export interface SessionStoreHarness extends Pick<ContractHarness<SessionStore>, "name" | "deviations" | "inject"> {
  /**
   * Runs one test, each body in a session of its own, one after the other, where its storage is reachable. Every `open`
   * within a body opens the same database again, as after a crash.
   */
  run(...bodies: readonly ((open: () => SessionStore) => void)[]): Promise<void> | void;
}

export const AT_MS = Date.UTC(2026, 10, 20, 12, 0, 0, 250);

export function event(text: string, ids: { messageId?: string; runId?: string } = {}): NewEvent {
  return { type: "part.ended", data: { part: { id: `prt_${text}`, kind: "text", text } }, ...ids };
}

export function batch(part: Partial<CommitBatch> = {}): CommitBatch {
  return { state: '{"status":"idle"}', events: [], atMs: AT_MS, outboxAdd: [], answersAdd: [], outputsAdd: [], messages: [], ...part };
}

export function message(id: string, status: Message["status"] = "queued"): Message {
  return {
    id,
    text: `do ${id}`,
    status,
    model: "demo/echo",
    author: { kind: "user", id: "usr_1", name: "Ada" },
    createdAt: new Date(AT_MS).toISOString(),
  };
}

export function thrown(body: () => unknown): PortError {
  try {
    body();
  } catch (error) {
    if (isPortError(error)) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** Calls everything that only reads, and what changes only what is there. */
export function readEverything(store: SessionStore): void {
  store.load();
  store.coldState();
  store.eventsAfter(0, 10);
  store.eventTexts(0, { limit: 10, bytesMax: 1_000 });
  store.eventsOfRun("run_1");
  store.archived({ from: 1, to: 1 });
  store.archivedPage(1);
  store.pendingOutput("out_1");
  store.pendingOutputs(10);
  store.outputStored("out_1");
  store.firstSeq();
  store.lastSeq();
  store.outboxDue(AT_MS, 10);
  store.outboxNextAtMs();
  store.findAnswer("key", AT_MS);
  store.messages(null, 10);
  store.message("msg_1");
  store.takeTicket("hash", AT_MS);
  store.dropTickets(() => true);
  store.outboxDone(["out_1"]);
  store.outboxRetry("out_1", AT_MS);
  store.destroy();
}
