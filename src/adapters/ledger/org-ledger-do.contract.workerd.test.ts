/** The contract on the real object. Faults of the way there are made by a stub that loses, delays or never answers. */
import type { DurableObjectNamespace, DurableObjectStub } from "@cloudflare/workers-types";
import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describeLedgerContract } from "../../ports/ledger/ledger.contract.ts";
import type { Ledger, LedgerRpc } from "../../ports/ledger/ledger.port.ts";
import { createOrgLedger } from "./org-ledger-do.ts";

type Way = (call: () => Promise<unknown>) => Promise<unknown>;
interface Line {
  readonly stub: DurableObjectStub;
  /** What happens to the next call. */
  next: Way | null;
}

const objects = env.ORG_LEDGER as DurableObjectNamespace;
const lines = new WeakMap<Ledger, Line>();
const lost = () => Object.assign(new Error("Network connection lost."), { retryable: true });

function create(): Ledger {
  const line: Line = { stub: objects.get(objects.newUniqueId()), next: null };
  const rpc = line.stub as unknown as LedgerRpc;
  const pass = <Value>(call: () => Promise<Value>): Promise<Value> => {
    const way = line.next;
    line.next = null;
    return way ? (way(call) as Promise<Value>) : call();
  };
  const ledger = createOrgLedger({
    deadlineMs: 2000,
    stub: () => ({
      reserve: (request) => pass(() => rpc.reserve(request)),
      settle: (id, actual) => pass(() => rpc.settle(id, actual)),
      spent: (query) => pass(() => rpc.spent(query)),
      ask: (request) => pass(() => rpc.ask(request)),
      standing: (query) => pass(() => rpc.standing(query)),
      setCap: (cap, limit) => pass(() => rpc.setCap(cap, limit)),
      forget: (sessionId) => pass(() => rpc.forget(sessionId)),
      setStop: (stop) => pass(() => rpc.setStop(stop)),
      usage: (query) => pass(() => rpc.usage(query)),
    }),
  });
  lines.set(ledger, line);
  return ledger;
}

const by = (way: Way) => (ledger: Ledger) => {
  const line = lines.get(ledger);
  if (line) line.next = way;
};

describeLedgerContract({
  name: "org-ledger-do",
  create,
  createOther: create,
  inject: {
    "ledger:reserve:overloaded": by(() => Promise.reject(Object.assign(new Error("Durable Object is overloaded."), { overloaded: true }))),
    "ledger:reserve:unreachable": by(() => Promise.reject(lost())),
    "ledger:reserve:lost-answer": by(async (call) => {
      await call();
      throw lost();
    }),
    "ledger:reserve:no-answer": by(async (call) => {
      await call();
      return new Promise(() => undefined);
    }),
    "ledger:reserve:slow": by(async (call) => {
      const answer = await call();
      await new Promise((resolve) => setTimeout(resolve, 20));
      return answer;
    }),
    "ledger:reserve:evicted": async (ledger) => {
      const line = lines.get(ledger);
      if (line) await evictDurableObject(line.stub);
    },
  },
});
