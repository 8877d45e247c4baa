/** Model calls of the scripted agent: the real reservation and settlement, watched by a plain sum of what was let through. */
import { FREE } from "../../src/core/budget/price.ts";
import { UNKNOWN_MODEL } from "../../src/core/budget/price-book.ts";
import { openCharge } from "../../src/app/model-charge.ts";
import type { BrokerGrant, BudgetNews, SessionDirectory } from "../../src/app/session-handle.ts";
import type { FaultScript } from "../../src/core/kernel/fault.ts";
import { NO_USAGE } from "@berth/protocol";
import { InMemoryLedger } from "../../src/ports/ledger/ledger.fake.ts";
import type { Ledger } from "../../src/ports/ledger/ledger.port.ts";
import type { SimObject } from "./object.ts";
import type { World } from "./world.ts";

const CAP_TOKENS = 2_000;
const CALL = { provider: "demo", model: "demo", bytes: 5, hasTools: false, isText: true, isInline: true, outputTokens: 300, isLimited: true, copies: 1, endless: null, facts: { ...UNKNOWN_MODEL, price: FREE } };
const HALF_AN_HOUR_MS = 30 * 60_000;

export class Broker {
  readonly #world: World;
  readonly #object: () => SimObject;
  readonly #ledger: Ledger;
  /** Tokens that were let through, by reservation: the estimate, and the real figure once it is settled. */
  readonly #passed = new Map<string, number>();

  constructor(world: World, object: () => SimObject, faults: FaultScript) {
    this.#world = world;
    this.#object = object;
    const inner = new InMemoryLedger({ now: world.time.now, faults });
    void inner.setCap({ scope: "org", subject: null, unit: "tokens" }, CAP_TOKENS);
    this.#ledger = {
      ...({} as Ledger),
      reserve: async (request) => {
        await world.gate("a reservation", world.takes("ledger:reserve:slow") ? 10_000 : 0);
        const answer = await inner.reserve(request);
        if (answer.granted) this.#count(request.id, request.tokens ?? 0);
        return answer;
      },
      settle: async (id, actual) => {
        await world.gate("a settlement", world.takes("ledger:settle:after-expiry") ? HALF_AN_HOUR_MS + 60_000 : 0);
        await inner.settle(id, actual);
        if (this.#passed.has(id)) this.#count(id, actual.tokens ?? 0);
        if (world.takes("ledger:settle:double-settle")) await inner.settle(id, { costMicros: 0, tokens: 0 });
      },
    };
  }

  /** As the broker's route does it; the upstream answers at once. */
  async call(token: string): Promise<boolean> {
    const world = this.#world;
    const authorize = (): Promise<BrokerGrant | null> => this.#object().call((service) => service.authorizeBroker(token)).catch(() => null);
    const grant = await authorize();
    if (!grant) return true;
    const sessions = { of: () => ({
        recordUsage: (report: Parameters<SimObject["recordUsage"]>[0]) => this.#object().recordUsage(report),
        hearOfBudget: (news: BudgetNews) => this.#object().call((service) => service.hearOfBudget(news)),
      }) } as unknown as SessionDirectory;
    const deps = { sessions, ledgerOf: () => this.#ledger, now: world.time.now, randomBytes: (length: number) => world.prng.bytes(length), waitUntil: () => undefined, wait: (ms: number) => world.gate("a held call", ms) };
    const charge = await openCharge(deps, { grant, signal: new AbortController().signal, authorize }, CALL).catch((error: unknown) => {
      world.violate("SIM8", `a model call broke: ${String(error)}`);
      return null;
    });
    if (!charge?.granted) return charge?.status !== 402;
    await world.gate("the model answers");
    if (world.chance(0.1)) {
      void charge.close("unknown");
      return true;
    }
    const usage = { ...NO_USAGE, inputTokens: 20, outputTokens: 30 + world.prng.int(100) };
    await charge.close({ usage, source: "provider", model: null });
    return true;
  }

  #count(id: string, tokens: number): void {
    this.#passed.set(id, tokens);
    const sum = [...this.#passed.values()].reduce((total, each) => total + each, 0);
    if (sum > CAP_TOKENS) this.#world.violate("SIM8", `calls of ${sum} tokens were let through under a cap of ${CAP_TOKENS}`);
  }
}
