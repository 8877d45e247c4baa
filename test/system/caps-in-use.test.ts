/** How much of a cap can be used by calls of the sizes that agents send, and by how much those pass it that were made to. */
import { expect, test } from "vitest";
import { createModelBroker, type ModelBroker, type ModelBrokerDeps } from "../../src/app/model-broker.ts";
import type { SessionHandle } from "../../src/app/session-handle.ts";
import { NO_PRICES, PriceBook } from "../../src/core/budget/price-book.ts";
import { formatSandboxToken } from "../../src/core/sandbox/sandbox-token.ts";
import { InMemoryCatalog } from "../../src/ports/catalog/catalog.fake.ts";
import { InMemoryIdentity } from "../../src/ports/identity/identity.fake.ts";
import { InMemoryLedger } from "../../src/ports/ledger/ledger.fake.ts";
import { InMemoryModelGateway } from "../../src/ports/model-gateway/model-gateway.fake.ts";
import { InMemorySecretVault } from "../../src/ports/secret-vault/secret-vault.fake.ts";

const ORG = "org-a";
const now = (): number => Date.UTC(2026, 10, 20, 12);
/** Claude Sonnet's, in dollars per million tokens, and what agents ask of it. */
const SONNET = { id: "sonnet", name: "Sonnet", contextTokens: 1_000_000, outputTokens: 64_000, price: { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 } };
const DOLLAR = 1_000_000;

interface Counted {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly prompt_tokens_details: { readonly cached_tokens: number };
}
type Counting = (bytes: number) => Counted;

/** Code has four bytes to a token, and all but the last step of a conversation is in the provider's cache. */
const usual: Counting = (bytes) => ({ prompt_tokens: Math.ceil(bytes / 4), completion_tokens: 700, prompt_tokens_details: { cached_tokens: Math.floor(bytes / 4.5) } });
/** Text that was made to have a token for each byte, never twice the same. */
const dense: Counting = (bytes) => ({ prompt_tokens: bytes, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 0 } });

class Spending {
  readonly ledger = new InMemoryLedger({ now });
  readonly #work: Promise<unknown>[] = [];
  readonly #deps: ModelBrokerDeps;
  readonly #broker: ModelBroker;

  private constructor(counting: Counting) {
    const provider = ({ body }: { readonly body: Uint8Array | null }): Response => Response.json({ model: "sonnet", choices: [{ index: 0, message: { role: "assistant", content: "a" }, finish_reason: "stop" }], usage: counting(body?.byteLength ?? 0) });
    this.#deps = {
      sessions: { of: (_org, sessionId) => sessionOf(sessionId) },
      catalog: new InMemoryCatalog({ now }),
      vault: new InMemorySecretVault({ now }),
      identity: new InMemoryIdentity({ now }),
      modelGateway: new InMemoryModelGateway({ provider }),
      ledgerOf: () => this.ledger,
      demoModelUrl: null,
      prices: new PriceBook(NO_PRICES),
      now,
      wait: async () => undefined,
      randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
      waitUntil: (each) => void this.#work.push(each),
    };
    this.#broker = createModelBroker(this.#deps);
  }

  static async under(limit: number, counting: Counting): Promise<Spending> {
    const spending = new Spending(counting);
    await spending.#deps.catalog.addProvider(ORG, { id: "prv_acme", userId: null, provider: "acme", kind: "openai-compatible", baseUrl: "https://models.example/v1", secretName: null, models: [SONNET], createdAtMs: now() });
    await spending.ledger.setCap({ scope: "org", subject: null, unit: "cost" }, limit);
    return spending;
  }

  /** Sends it, and does not read the answer, so that the call goes on. */
  begin(session: number, bytes: number, outputTokens = 32_000): Promise<Response> {
    const body = JSON.stringify({ model: "sonnet", max_tokens: outputTokens, messages: [{ role: "user", content: "a".repeat(bytes) }] });
    const request = new Request("http://berth.invalid/v1/broker/model/acme/chat/completions", { method: "POST", headers: { authorization: `Bearer ${tokenOf(session)}` }, body });
    return this.#broker.handle(request, { provider: "acme", path: "/chat/completions" });
  }

  async end(answers: readonly Response[]): Promise<number> {
    for (const answer of answers) await answer.text();
    await Promise.all(this.#work.splice(0));
    return (await this.ledger.spent({ nowMs: now() })).costMicros;
  }
}

const sessionIdOf = (index: number): string => `ses_${String(index).padStart(26, "0")}`;
const tokenOf = (index: number): string => formatSandboxToken({ orgId: ORG, sessionId: sessionIdOf(index), epoch: 1 }, new Uint8Array(32).fill(index + 1));

/** Between runs, where a call without room is refused at once. */
function sessionOf(sessionId: string): SessionHandle {
  const grant = { orgId: ORG, sessionId, epoch: 1, countedFor: null, soleUserId: null, soleWriter: null, makerId: null, runId: null, held: null, providers: ["acme"], repositories: [], environmentId: null };
  const handle: Partial<SessionHandle> = { authorizeBroker: async () => grant, recordUsage: async () => undefined, hearOfBudget: async () => undefined };
  return handle as SessionHandle;
}

/** The first call of a session has about 60 KB, and one of a long talk 800 KB. */
test.each([
  [1, 60_000, 0.45, "0.52"],
  [1, 400_000, 0.25, "0.71"],
  [5, 60_000, 0.88, "0.52"],
  [5, 400_000, 0.84, "0.71"],
  [5, 800_000, 0.8, "0.93"],
  [20, 60_000, 0.97, "0.52"],
  [20, 400_000, 0.95, "0.71"],
  [20, 800_000, 0.95, "0.93"],
])("under $%i calls of %i bytes go through until %f of it is spent, and then it is said that one needs $%s", async (dollars, bytes, part, needed) => {
  const spending = await Spending.under(dollars * DOLLAR, usual);
  let spent = 0;
  for (let last = spent; ; last = spent) {
    const answer = await spending.begin(0, bytes);
    if (answer.status === 402) {
      expect(await answer.text()).toContain(`needs room for $${needed}`);
      break;
    }
    spent = await spending.end([answer]);
    expect(spent).toBeGreaterThan(last);
  }
  expect(spent).toBeGreaterThanOrEqual(part * dollars * DOLLAR);
  expect(spent).toBeLessThanOrEqual(dollars * DOLLAR);
}, 60_000);

test("fifteen long sessions call at the same time under $20, and none waits", async () => {
  const spending = await Spending.under(20 * DOLLAR, usual);
  const answers = await Promise.all(Array.from({ length: 15 }, (_, session) => spending.begin(session, 400_000)));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  expect(await spending.end(answers)).toBeLessThan(5 * DOLLAR);
}, 60_000);

test("a session whose text is made to have a token for each byte passes a cap by no more than one call is off, however many it makes at once", async () => {
  const spending = await Spending.under(DOLLAR, dense);
  const [likely, most] = [0.033, 0.226];
  for (let round = 0; round < 5; round += 1) {
    const answers = await Promise.all(Array.from({ length: 20 }, () => spending.begin(0, 60_000, 1)));
    const spent = await spending.end(answers);
    expect(spent).toBeLessThanOrEqual((1 + most - likely) * DOLLAR);
  }
  const spent = await spending.end([]);
  expect(spent).toBeGreaterThan(0.8 * DOLLAR);
}, 60_000);

test("sessions that all do so pass it by no more than each has one call that is off", async () => {
  const spending = await Spending.under(5 * DOLLAR, dense);
  const sessions = 5;
  for (let round = 0; round < 4; round += 1) {
    const answers = await Promise.all(Array.from({ length: 50 }, (_, each) => spending.begin(each % sessions, 60_000, 1)));
    expect(await spending.end(answers)).toBeLessThanOrEqual((5 + sessions * 0.193) * DOLLAR);
  }
}, 60_000);
