/** Model calls of the scripted agent: the real reservation and settlement, watched by a plain sum of what was let through. */
import { openCharge } from "../../src/app/model-charge.ts";
import type { SessionDirectory } from "../../src/app/session-handle.ts";
import type { FaultScript } from "../../src/core/kernel/fault.ts";
import { NO_USAGE } from "@berth/protocol";
import { InMemoryLedger } from "../../src/ports/ledger/ledger.fake.ts";
import type { Ledger } from "../../src/ports/ledger/ledger.port.ts";
import type { SimObject } from "./object.ts";
import type { World } from "./world.ts";

const CAP_TOKENS = 2_000;
const BODY = new TextEncoder().encode(JSON.stringify({ max_tokens: 300 }));
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
    void inner.setCap("org-month-tokens", CAP_TOKENS);
    this.#ledger = {
      reserve: async (request) => {
        await world.gate("a reservation", world.takes("ledger:reserve:slow") ? 10_000 : 0);
        const answer = await inner.reserve(request);
        if (answer.granted) this.#count(request.id, request.tokens);
        return answer;
      },
      settle: async (id, actual) => {
        await world.gate("a settlement", world.takes("ledger:settle:after-expiry") ? HALF_AN_HOUR_MS + 60_000 : 0);
        await inner.settle(id, actual);
        if (this.#passed.has(id)) this.#count(id, actual.tokens);
        if (world.takes("ledger:settle:double-settle")) await inner.settle(id, { costMicros: 0, tokens: 0 });
      },
      spent: (query) => inner.spent(query),
      setCap: (cap, limit) => inner.setCap(cap, limit),
    };
  }

  /** As the broker's route does it; the upstream answers at once. */
  async call(token: string): Promise<void> {
    const world = this.#world;
    const grant = await this.#object().call((service) => service.authorizeBroker(token)).catch(() => null);
    if (!grant) return;
    const sessions = { of: () => ({ recordUsage: (report: Parameters<SimObject["recordUsage"]>[0]) => this.#object().recordUsage(report) }) } as unknown as SessionDirectory;
    const deps = { sessions, ledgerOf: () => this.#ledger, now: world.time.now, randomBytes: (length: number) => world.prng.bytes(length), waitUntil: () => undefined };
    const charge = await openCharge(deps, grant, { provider: "demo", body: BODY }).catch((error: unknown) => {
      world.violate("SIM8", `a model call broke: ${String(error)}`);
      return null;
    });
    if (!charge?.granted) return;
    await world.gate("the model answers");
    if (world.chance(0.1)) return void charge.close("unknown");
    const usage = { ...NO_USAGE, inputTokens: 20, outputTokens: 30 + world.prng.int(100) };
    await charge.close({ usage, source: "provider", model: null });
  }

  #count(id: string, tokens: number): void {
    this.#passed.set(id, tokens);
    const sum = [...this.#passed.values()].reduce((total, each) => total + each, 0);
    if (sum > CAP_TOKENS) this.#world.violate("SIM8", `calls of ${sum} tokens were let through under a cap of ${CAP_TOKENS}`);
  }
}
