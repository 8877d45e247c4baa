/** Client of an organization's ledger object. A call that gets no answer fails; nothing here turns that into a grant. */
import { PortError } from "../../core/kernel/port-error.ts";
import { fromReply, type Reply } from "../../core/kernel/reply.ts";
import type { Ledger, LedgerRpc } from "../../ports/ledger/ledger.port.ts";

export interface OrgLedgerDeps {
  /** A stub that failed stays broken, so each call takes a new one. */
  readonly stub: () => LedgerRpc;
  /** After this the answer is not waited for any more. */
  readonly deadlineMs?: number;
}

export function createOrgLedger({ stub, deadlineMs = 5000 }: OrgLedgerDeps): Ledger {
  async function call<Value>(operation: string, send: (rpc: LedgerRpc) => Promise<Reply<Value>>): Promise<Value> {
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
    reserve: (request) => call("reserve", (rpc) => rpc.reserve(request)),
    ask: (request) => call("ask", (rpc) => rpc.ask(request)),
    settle: async (id, actual) => void (await call("settle", (rpc) => rpc.settle(id, actual))),
    spent: (query) => call("spent", (rpc) => rpc.spent(query)),
    standing: (query) => call("standing", (rpc) => rpc.standing(query)),
    setCap: (cap, limit) => call("setCap", (rpc) => rpc.setCap(cap, limit)),
    forget: async (sessionId) => void (await call("forget", (rpc) => rpc.forget(sessionId))),
    setStop: (stop) => call("setStop", (rpc) => rpc.setStop(stop)),
    usage: (query) => call("usage", (rpc) => rpc.usage(query)),
  };
}

/** What the platform throws when an object does not answer. Only an overloaded one is known not to have run the call. */
export function classify(raw: unknown, operation: string): PortError {
  const error = raw as { overloaded?: unknown; remote?: unknown; retryable?: unknown } | null;
  const base = { port: "ledger", operation, cause: raw };
  if (error?.overloaded === true) {
    const message = "the organization's ledger has too many calls waiting";
    return new PortError({ ...base, code: "resource-exhausted", outcome: "not-applied", retry: { afterMs: 1000 }, message });
  }
  if (error?.remote === true && error.retryable !== true) {
    return new PortError({ ...base, code: "internal", outcome: "unknown", retry: "never", message: "the organization's ledger broke" });
  }
  const message = "the organization's ledger did not answer";
  return new PortError({ ...base, code: "unknown", outcome: "unknown", retry: "same-request", message });
}

function unanswered(operation: string, deadlineMs: number): PortError {
  return new PortError({
    port: "ledger",
    operation,
    code: "deadline-exceeded",
    outcome: "unknown",
    retry: "same-request",
    message: `the organization's ledger did not answer within ${deadlineMs} ms`,
  });
}
