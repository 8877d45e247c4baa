/** Client of an organization's feed object. */
import { PortError } from "../../core/kernel/port-error.ts";
import { fromReply, type Reply } from "../../core/kernel/reply.ts";
import type { EventBus, EventBusRpc } from "../../ports/event-bus/event-bus.port.ts";

export interface OrgEventBusDeps {
  /** A stub that failed stays broken, so each call takes a new one. */
  readonly stub: () => EventBusRpc;
  /** After this the answer is not waited for any more. */
  readonly deadlineMs?: number;
}

export function createOrgEventBus({ stub, deadlineMs = 5000 }: OrgEventBusDeps): EventBus {
  async function call<Value>(operation: string, send: (rpc: EventBusRpc) => Promise<Reply<Value>>): Promise<Value> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const deadline = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(unanswered(operation, deadlineMs)), deadlineMs);
    });
    const answer = (async () => send(stub()))().catch((raw: unknown) => Promise.reject(classify(raw, operation)));
    try {
      return fromReply(await Promise.race([answer, deadline]));
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    publish: (change, dedupeKey) => call("publish", (rpc) => rpc.publish(change, dedupeKey)),
    read: (after, limit) => call("read", (rpc) => rpc.read(after, limit)),
  };
}

/** What the platform throws when an object does not answer. Only an overloaded one is known not to have run the call. */
export function classify(raw: unknown, operation: string): PortError {
  const error = raw as { overloaded?: unknown; remote?: unknown; retryable?: unknown } | null;
  const base = { port: "event-bus", operation, cause: raw };
  if (error?.overloaded === true) {
    const message = "the organization's feed has too many calls waiting";
    return new PortError({ ...base, code: "resource-exhausted", outcome: "not-applied", retry: { afterMs: 1000 }, message });
  }
  if (error?.remote === true && error.retryable !== true) {
    return new PortError({ ...base, code: "internal", outcome: "unknown", retry: "never", message: "the organization's feed broke" });
  }
  const message = "the organization's feed did not answer";
  return new PortError({ ...base, code: "unknown", outcome: "unknown", retry: "same-request", message });
}

function unanswered(operation: string, deadlineMs: number): PortError {
  return new PortError({
    port: "event-bus",
    operation,
    code: "deadline-exceeded",
    outcome: "unknown",
    retry: "same-request",
    message: `the organization's feed did not answer within ${deadlineMs} ms`,
  });
}
