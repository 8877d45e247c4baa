/**
 * Sessions whose agents ask for all they can get, by every way of making a call look smaller than it is, and a provider
 * that does as it is told and counts honestly.
 */
import type { BudgetReached } from "@berth/protocol";
import { createModelBroker, type ModelBrokerDeps } from "../../../src/app/model-broker.ts";
import type { SessionHandle } from "../../../src/app/session-handle.ts";
import { NO_PRICES, PriceBook } from "../../../src/core/budget/price-book.ts";
import { formatSandboxToken } from "../../../src/core/sandbox/sandbox-token.ts";
import { InMemoryCatalog } from "../../../src/ports/catalog/catalog.fake.ts";
import { InMemoryIdentity } from "../../../src/ports/identity/identity.fake.ts";
import type { Ledger } from "../../../src/ports/ledger/ledger.port.ts";
import type { UpstreamCall } from "../../../src/ports/model-gateway/forward-metered.ts";
import { InMemoryModelGateway } from "../../../src/ports/model-gateway/model-gateway.fake.ts";
import { InMemorySecretVault } from "../../../src/ports/secret-vault/secret-vault.fake.ts";

/** What a token of output costs: two cents, whatever the model. */
export const CENTS = 20_000;
const ORG = "org-a";
const ROUNDS = 4;
const START_MS = Date.UTC(2026, 10, 20, 12);
const MESSAGES = '"messages":[{"role":"user","content":"hello"}]';

/** Each may be sent by any session; the price is known of `memory` alone. */
export const GREEDY_BODIES: readonly string[] = [
  `{"model":"memory","max_tokens":3,"n":128,${MESSAGES}}`,
  `{"model":"memory","max_tokens":1,"n":4,${MESSAGES}}`,
  `{"model":"memory","max_tokens":1,"max_completion_tokens":5,${MESSAGES}}`,
  `{"model":"memory","max_tokens":1,"max_completion_tokens":64000,${MESSAGES}}`,
  `{"model":"memory","max_completion_tokens":1,${MESSAGES}}`,
  `{"model":"memory","max_tokens":"64000",${MESSAGES}}`,
  `{"model":"memory","max_tokens":64000,"max_tokens":1,${MESSAGES}}`,
  `{"model":"memory","max_tokens":1,"n":"128",${MESSAGES}}`,
  `{"model":"memory",${MESSAGES}}`,
  `{"model":"memory:online","max_tokens":1,${MESSAGES}}`,
  `{"model":"ft:memory","max_tokens":1,${MESSAGES}}`,
  `{"model":"unpriced","max_tokens":1,${MESSAGES}}`,
  `{"model":"memory","max_tokens":1,"models":["dearer"],${MESSAGES}}`,
  `{"model":"memory","max_tokens":1,"plugins":[{"id":"web"}],${MESSAGES}}`,
];
const MODEST_BODY = `{"model":"memory","max_tokens":1,${MESSAGES}}`;

/** Writes as much as it may, takes texts for numbers, and of two limits the larger. */
export class GreedyProvider {
  billedMicros = 0;

  readonly answer = ({ body }: Pick<UpstreamCall, "body">): Response => {
    const text = new TextDecoder().decode(body ?? new Uint8Array());
    const largest = (names: string): number => Math.max(0, ...[...text.matchAll(new RegExp(`"(?:${names})":"?(\\d+)`, "g"))].map(([, digits]) => Number(digits)));
    const tokens = (largest("max_tokens|max_completion_tokens") || 64_000) * (largest("n") || 1);
    this.billedMicros += tokens * CENTS;
    return Response.json({ model: "memory", choices: [{ index: 0, message: { role: "assistant", content: "hello" }, finish_reason: "stop" }], usage: { prompt_tokens: 5, completion_tokens: tokens } });
  };
}

export interface GreedyResult {
  readonly billedMicros: number;
  readonly spentMicros: number;
  readonly reservedMicros: number;
  /** How often each status was answered. */
  readonly statuses: Readonly<Record<number, number>>;
}

/** Lets so many sessions call at the same time, all bodies each and again, and answers what was billed. */
export async function spendGreedily(ledger: Ledger, sessions: number): Promise<GreedyResult> {
  let nowMs = START_MS;
  const work: Promise<unknown>[] = [];
  const provider = new GreedyProvider();
  const catalog = new InMemoryCatalog({ now: () => nowMs });
  const models = [{ id: "memory", name: "Memory", price: { input: 0, output: CENTS } }, { id: "unpriced", name: "Unpriced" }];
  await catalog.addProvider(ORG, { id: "prv_acme", userId: null, provider: "acme", kind: "openai-compatible", baseUrl: "https://models.example/v1", secretName: null, models, createdAtMs: nowMs });
  const deps: ModelBrokerDeps = {
    sessions: { of: (_org, sessionId) => sessionOf(sessionId) },
    catalog,
    vault: new InMemorySecretVault({ now: () => nowMs }),
    identity: new InMemoryIdentity({ now: () => nowMs }),
    modelGateway: new InMemoryModelGateway({ provider: provider.answer }),
    ledgerOf: () => ledger,
    demoModelUrl: null,
    prices: new PriceBook(NO_PRICES),
    now: () => nowMs,
    // Time goes on with whoever waits, and the others come in between.
    wait: async (ms) => {
      nowMs += ms / sessions;
      await ledger.ask({ sessionId: "ses_none", nowMs });
    },
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    waitUntil: (promise) => void work.push(promise),
  };
  const broker = createModelBroker(deps);
  const statuses: Record<number, number> = {};
  const call = async (token: string, body: string): Promise<void> => {
    const request = new Request("http://berth.invalid/v1/broker/model/acme/chat/completions", { method: "POST", headers: { authorization: `Bearer ${token}` }, body });
    const response = await broker.handle(request, { provider: "acme", path: "/chat/completions" });
    await response.text();
    statuses[response.status] = (statuses[response.status] ?? 0) + 1;
  };
  const agent = async (index: number): Promise<void> => {
    const token = tokenOf(index);
    for (let round = 0; round < ROUNDS; round += 1) {
      await Promise.all(GREEDY_BODIES.map((_, at) => call(token, GREEDY_BODIES[(at + index + round) % GREEDY_BODIES.length] ?? MODEST_BODY)));
      await call(token, MODEST_BODY);
    }
  };
  await Promise.all(Array.from({ length: sessions }, (_, index) => agent(index)));
  await Promise.all(work);
  const { costMicros, reservedCostMicros } = await ledger.spent({ nowMs });
  return { billedMicros: provider.billedMicros, spentMicros: costMicros, reservedMicros: reservedCostMicros, statuses };
}

const sessionIdOf = (index: number): string => `ses_${String(index).padStart(26, "0")}`;
const tokenOf = (index: number): string => formatSandboxToken({ orgId: ORG, sessionId: sessionIdOf(index), epoch: 1 }, new Uint8Array(32).fill(index + 1));

/** Between runs, so that a call without room is refused at once, and a running one is held for a while. */
function sessionOf(sessionId: string): SessionHandle {
  const isRunning = Number(sessionId.slice(-1)) % 2 === 0;
  const held: BudgetReached | null = null;
  const grant = { orgId: ORG, sessionId, epoch: 1, countedFor: null, soleUserId: null, soleWriter: null, makerId: null, runId: isRunning ? "run_1" : null, held, providers: ["acme"], repositories: [], environmentId: null };
  const handle: Partial<SessionHandle> = { authorizeBroker: async () => grant, recordUsage: async () => undefined, hearOfBudget: async () => undefined };
  return handle as SessionHandle;
}
