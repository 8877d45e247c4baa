import { expect, test } from "vitest";
import { NO_PRICES, PriceBook } from "../core/budget/price-book.ts";
import { formatSandboxToken } from "../core/sandbox/sandbox-token.ts";
import { InMemoryCatalog } from "../ports/catalog/catalog.fake.ts";
import { InMemoryIdentity } from "../ports/identity/identity.fake.ts";
import { InMemoryLedger } from "../ports/ledger/ledger.fake.ts";
import { InMemoryModelGateway, type InMemoryModelGatewayOptions } from "../ports/model-gateway/model-gateway.fake.ts";
import type { ModelGateway } from "../ports/model-gateway/model-gateway.port.ts";
import { InMemorySecretVault } from "../ports/secret-vault/secret-vault.fake.ts";
import { NO_USAGE, type BudgetReached, type ProviderKind } from "@berth/protocol";
import type { ProviderModel } from "../ports/catalog/catalog.port.ts";
import type { Spent } from "../ports/ledger/ledger.port.ts";
import { createModelBroker, BROKER_BODY_BYTES_MAX, type ModelBrokerDeps } from "./model-broker.ts";
import { ProviderCache } from "./provider-cache.ts";
import type { SessionHandle, UsageReport } from "./session-handle.ts";

const ORG = "org-a";
const SESSION = "ses_01aaaaaaaaaaaaaaaaaaaaaaaa";
const TOKEN = formatSandboxToken({ orgId: ORG, sessionId: SESSION, epoch: 1 }, new Uint8Array(32).fill(7));
const OLD_TOKEN = formatSandboxToken({ orgId: ORG, sessionId: SESSION, epoch: 1 }, new Uint8Array(32).fill(8));
const KEY = "example-provider-key";

/** 30 bytes, each of which may be a token, and 100 of output: 130 at most; the fake counts 5 and 1. */
const ASK = '{"model":"m","max_tokens":100}';

class Rig {
  nowMs = 1_800_000_000_000;
  readonly catalog = new InMemoryCatalog({ now: () => this.nowMs });
  readonly vault = new InMemorySecretVault({ now: () => this.nowMs });
  readonly ledger = new InMemoryLedger({ now: () => this.nowMs });
  readonly cache = new ProviderCache();
  readonly usage: UsageReport[] = [];
  /** What the session was told of caps. */
  readonly told: string[] = [];
  runId: string | null = "run_1";
  held: BudgetReached | null = null;
  /** While a call is held. */
  meanwhile: () => Promise<unknown> | void = () => undefined;
  /** What the session was told of. */
  providers: readonly string[] = ["acme", "demo", "other"];
  readonly #work: Promise<unknown>[] = [];
  readonly gateway: InMemoryModelGateway;

  constructor(options: InMemoryModelGatewayOptions = {}) {
    this.gateway = new InMemoryModelGateway(options);
  }

  async connect(provider: string, kind: ProviderKind, models: readonly ProviderModel[] = [{ id: "m", name: "M" }]): Promise<this> {
    const secretName = `provider/${provider}`;
    await this.vault.put(ORG, secretName, KEY);
    await this.catalog.addProvider(ORG, { id: `prv_${provider}`, userId: null, provider, kind, baseUrl: "https://models.example/v1", secretName, models, createdAtMs: this.nowMs });
    return this;
  }

  deps(over: Partial<ModelBrokerDeps> = {}): ModelBrokerDeps {
    const handle: Partial<SessionHandle> = {
      authorizeBroker: async (token) => (token === TOKEN ? { orgId: ORG, sessionId: SESSION, epoch: 1, countedFor: "usr_1", soleUserId: null, soleWriter: null, makerId: null, runId: this.runId, held: this.held, providers: this.providers, repositories: [], environmentId: null } : null),
      recordUsage: async (report) => void this.usage.push(report),
      hearOfBudget: async (news) => void this.told.push(news.type === "reached" ? news.reached.budget : news.type),
    };
    return {
      sessions: { of: () => handle as SessionHandle },
      catalog: this.catalog,
      vault: this.vault,
      identity: new InMemoryIdentity({ now: () => this.nowMs }),
      modelGateway: this.gateway,
      ledgerOf: () => this.ledger,
      demoModelUrl: null,
      prices: new PriceBook(NO_PRICES),
      providerCache: this.cache,
      now: () => this.nowMs,
      wait: async (ms) => {
        this.nowMs += ms;
        await this.meanwhile();
      },
      randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
      waitUntil: (work) => void this.#work.push(work),
      ...over,
    };
  }

  call(provider: string, path: string, { token = TOKEN, header = "authorization", body = ASK, method = "POST", deps = this.deps() as ModelBrokerDeps, headers = {} as Record<string, string> } = {}): Promise<Response> {
    const value = header === "authorization" ? `Bearer ${token}` : token;
    const request = new Request(`http://berth.invalid/v1/broker/model/${provider}${path}`, { method, headers: { [header]: value, ...headers }, ...(method === "GET" ? {} : { body }) });
    return createModelBroker(deps).handle(request, { provider, path });
  }

  async settled(): Promise<Spent> {
    await Promise.all(this.#work);
    return this.ledger.spent({ sessionId: SESSION });
  }
}

test.each(["authorization", "x-api-key", "x-goog-api-key"])("the token is taken from %s and the provider's key goes on in its place", async (header) => {
  const rig = await new Rig().connect("acme", "openai-compatible");
  const response = await rig.call("acme", "/chat/completions", { header });
  expect(response.status).toBe(200);
  const sent = rig.gateway.calls[0]!;
  expect(sent.headers.get("authorization")).toBe(`Bearer ${KEY}`);
  expect(JSON.stringify([...sent.headers])).not.toContain("berth_sbx_");
  await response.text();
  expect((await rig.settled()).tokens).toBe(6);
  expect(rig.usage).toMatchObject([{ costMicros: null, usage: { inputTokens: 5, outputTokens: 1 } }]);
});

test.each([
  ["an older epoch's token", OLD_TOKEN],
  ["a token that is none", "example"],
  ["no token", ""],
])("%s is refused in the wire's own format and nothing is sent", async (_, token) => {
  const rig = await new Rig().connect("acme", "anthropic");
  const response = await rig.call("acme", "/messages", { token, header: "x-api-key" });
  expect(response.status).toBe(401);
  expect(await response.json()).toMatchObject({ type: "error", error: { type: "authentication_error" } });
  expect(rig.gateway.calls).toEqual([]);
});

test("an unknown provider, a demo model that is off and a path that is no model call are 404", async () => {
  const rig = await new Rig().connect("acme", "openai-compatible");
  for (const [provider, path] of [["other", "/chat/completions"], ["demo", "/chat/completions"], ["acme", "/files"], ["acme", "/../chat/completions"]] as const) {
    expect((await rig.call(provider, path)).status, provider + path).toBe(404);
  }
  expect(rig.gateway.calls).toEqual([]);
});

test("a provider of the organization that the session was not told of is 404, and its key is not even looked up", async () => {
  const rig = await new Rig().connect("acme", "openai-compatible");
  rig.providers = ["demo"];
  rig.catalog.faults.arm("catalog:listProviders:refused", { times: 99 });
  expect((await rig.call("acme", "/chat/completions")).status).toBe(404);
  expect(rig.gateway.calls).toEqual([]);
});

test("once warm, neither the catalog nor the vault is asked; an eviction and 30 s end that", async () => {
  const rig = await new Rig().connect("acme", "openai-compatible");
  await rig.call("acme", "/chat/completions");
  rig.catalog.faults.arm("catalog:listProviders:refused", { times: 99 });
  expect((await rig.call("acme", "/chat/completions")).status).toBe(200);
  rig.cache.evict(ORG, "acme");
  expect((await rig.call("acme", "/chat/completions")).status).toBe(503);
  rig.catalog.faults.disarm();
  expect((await rig.call("acme", "/chat/completions")).status).toBe(200);
  rig.catalog.faults.arm("catalog:listProviders:refused", { times: 99 });
  rig.nowMs += 30_000;
  expect((await rig.call("acme", "/chat/completions")).status).toBe(503);
});

test("a cap that is reached is refused with 402, names itself and what the call needs without what looks like a status, and nothing is sent", async () => {
  const rig = await new Rig().connect("acme", "openai-compatible");
  await rig.ledger.setCap({ scope: "org", subject: null, unit: "tokens" }, 50);
  const response = await rig.call("acme", "/chat/completions");
  expect(response.status).toBe(402);
  const { error } = (await response.json()) as { error: { message: string; type: string } };
  expect(error.type).toBe("insufficient_quota");
  expect(error.message).toMatch(/org\.tokens/);
  expect(error.message).toContain("needs room for 0.01 million tokens");
  expect(error.message).not.toMatch(/\d{3}/);
  expect(response.headers.get("x-berth-refusal")).toBe("budget");
  expect(rig.gateway.calls).toEqual([]);
});

const ORG_TOKENS = { scope: "org", subject: null, unit: "tokens" } as const;

test("a call without room is held for a minute, and the session says what it waits for", async () => {
  const rig = await new Rig().connect("acme", "openai-compatible");
  await rig.ledger.setCap(ORG_TOKENS, 50);
  const beganMs = rig.nowMs;
  expect((await rig.call("acme", "/chat/completions")).status).toBe(402);
  expect(rig.nowMs - beganMs).toBeGreaterThanOrEqual(60_000);
  expect(rig.nowMs - beganMs).toBeLessThan(70_000);
  expect(new Set(rig.told)).toEqual(new Set(["org.tokens"]));
  expect(await rig.settled()).toMatchObject({ tokens: 0, reservedTokens: 0 });
});

test("a cap that is raised meanwhile lets the held call through, once", async () => {
  const rig = await new Rig().connect("acme", "openai-compatible");
  await rig.ledger.setCap(ORG_TOKENS, 50);
  rig.meanwhile = () => rig.ledger.setCap(ORG_TOKENS, 500);
  expect((await rig.call("acme", "/chat/completions")).status).toBe(200);
  expect([rig.told, rig.gateway.calls.length]).toEqual([["org.tokens", "lifted"], 1]);
});

test("what another call holds and gives back within seconds makes room before anybody is told", async () => {
  const rig = await new Rig().connect("acme", "openai-compatible");
  await rig.ledger.setCap(ORG_TOKENS, 150);
  await rig.ledger.reserve({ id: "other", sessionId: "ses_other", tokens: 100, nowMs: rig.nowMs, expiresAtMs: rig.nowMs + 900_000 });
  rig.meanwhile = () => rig.ledger.settle("other", { tokens: 5 });
  expect((await rig.call("acme", "/chat/completions")).status).toBe(200);
  expect(rig.told).toEqual([]);
});

test.each([
  ["between runs", (rig: Rig) => void (rig.runId = null), 0],
  ["whose run ends", (rig: Rig) => void (rig.meanwhile = () => void (rig.runId = null)), 1_000],
  ["whose sandbox is replaced", (rig: Rig) => void (rig.meanwhile = () => void (rig.runId = "run_2")), 1_000],
])("a call %s is not held on", async (_, given, heldMs) => {
  const rig = await new Rig().connect("acme", "openai-compatible");
  await rig.ledger.setCap(ORG_TOKENS, 50);
  const beganMs = rig.nowMs;
  given(rig);
  expect((await rig.call("acme", "/chat/completions")).status).toBe(402);
  expect([rig.nowMs - beganMs, rig.gateway.calls]).toEqual([heldMs, []]);
});

test.each([
  ["the sandbox's time is not paid for", async (rig: Rig) => void (rig.held = { budget: "org.compute", scope: "org", unit: "compute", limit: 1, spent: 1, reserved: 0, needed: 120 }), []],
  ["the organization is stopped", async (rig: Rig) => void (await rig.ledger.setStop({ atMs: 1, by: "usr_1" })), ["org.stop"]],
])("while %s a call is not held: its sandbox would cost time", async (_, given, told) => {
  const rig = await new Rig().connect("acme", "openai-compatible");
  await given(rig);
  const beganMs = rig.nowMs;
  expect((await rig.call("acme", "/chat/completions")).status).toBe(402);
  expect([rig.nowMs - beganMs, rig.gateway.calls, rig.told]).toEqual([0, [], told]);
});

const PRICED: readonly ProviderModel[] = [{ id: "one", name: "One", price: { input: 2, output: 10 } }, { id: "two", name: "Two" }];
/** 31 bytes, which are 11 tokens or so and 31 at most, and 99 of output, at $2 and $10 per million; the fake counts 5 and 1. */
const ASK_ONE = '{"model":"one","max_tokens":99}';

test("a call of a known price is reserved before and settled at what it cost", async () => {
  const rig = await new Rig().connect("acme", "openai-compatible", PRICED);
  const held = rig.call("acme", "/chat/completions", { body: ASK_ONE });
  expect(await (await held).text()).not.toBe("");
  expect(await rig.settled()).toMatchObject({ costMicros: 20, tokens: 6, reservedCostMicros: 0 });
  expect(rig.usage).toMatchObject([{ costMicros: 20 }]);
});

test.each([
  ["one", "a price list"],
  ["two", "no price list"],
])("what a gateway says the call of %s cost is what counts, with %s", async (model) => {
  const rig = await new Rig().connect("acme", "openai-compatible", PRICED);
  const modelGateway: ModelGateway = {
    forward: async (request) => {
      const { response, metered } = await rig.gateway.forward(request);
      return { response, metered: metered.then((usage) => ({ ...usage, costMicros: 17 })) };
    },
    listModels: (upstream, signal) => rig.gateway.listModels(upstream, signal),
  };
  await (await rig.call("acme", "/chat/completions", { body: `{"model":"${model}","max_tokens":99}`, deps: rig.deps({ modelGateway }) })).text();
  expect(await rig.settled()).toMatchObject({ costMicros: 17, tokens: 6, reservedCostMicros: 0 });
  expect(rig.usage).toMatchObject([{ costMicros: 17 }]);
});

test.each([
  [1_011, 402],
  [1_012, 200],
])("under a cap of %i millionths the call is answered %i", async (limit, status) => {
  const rig = await new Rig().connect("acme", "openai-compatible", PRICED);
  await rig.ledger.setCap({ scope: "user", subject: null, unit: "cost" }, limit);
  expect((await rig.call("acme", "/chat/completions", { body: ASK_ONE })).status).toBe(status);
});

test("an answer that names no usage costs what was reserved, and the run is told so", async () => {
  const rig = await new Rig().connect("acme", "openai-compatible", PRICED);
  rig.gateway.faults.arm("model-gateway:forward:usage-missing");
  await (await rig.call("acme", "/chat/completions", { body: ASK_ONE })).text();
  expect(await rig.settled()).toMatchObject({ costMicros: 1_052, tokens: 130 });
  expect(rig.usage).toMatchObject([{ costMicros: 1_052 }]);
});

test("a model whose price is not known costs nothing that is known, counts in tokens and is said so", async () => {
  const rig = await new Rig().connect("acme", "openai-compatible", PRICED);
  await (await rig.call("acme", "/chat/completions", { body: '{"model":"two","max_tokens":99}' })).text();
  await rig.settled();
  const [sum] = await rig.ledger.usage({ by: "model", from: "2027-01-01", to: "2027-12-31", limit: 9 });
  expect(sum).toEqual({ key: "acme/two", costMicros: 0, tokens: 6, computeSeconds: 0, calls: 1, unpricedCalls: 1 });
  expect(rig.usage).toMatchObject([{ costMicros: null }]);
});

const ORG_COST = { scope: "org", subject: null, unit: "cost" } as const;

test.each([
  ["its price", "two", "max_tokens", /price of this model is not known/],
  ["a setting", "one", "plugins", /`plugins`/],
  ["its output", "one", "top_p", /limits its output/],
])("a cap on money refuses at once a call whose cost has no end for %s, says which cap and what to do, and asks nobody to wait", async (_, model, field, why) => {
  const rig = await new Rig().connect("acme", "openai-compatible", PRICED);
  await rig.ledger.setCap(ORG_COST, 1_000_000_000);
  const beganMs = rig.nowMs;
  const response = await rig.call("acme", "/chat/completions", { body: JSON.stringify({ model, [field]: 9 }) });
  const { error } = (await response.json()) as { error: { message: string } };
  expect([response.status, response.headers.get("x-berth-refusal")]).toEqual([402, null]);
  expect(error.message).toMatch(/"org\.cost"/);
  expect(error.message).toMatch(why);
  expect(error.message).not.toMatch(/\d/);
  expect([rig.nowMs - beganMs, rig.gateway.calls, rig.told]).toEqual([0, [], []]);
  await rig.ledger.setCap(ORG_COST, null);
  await rig.ledger.setCap(ORG_TOKENS, 1_000_000);
  expect((await rig.call("acme", "/chat/completions", { body: JSON.stringify({ model, [field]: 9 }) })).status).toBe(200);
});

test("of models only those pass that the connection lists or that are known of its provider", async () => {
  const rig = await new Rig().connect("acme", "anthropic");
  const prices = new PriceBook({ takenOn: "2026-01-02", source: "example", providers: [{ id: "acme", host: "models.example", models: JSON.stringify({ known: [0, 0, 1, 2, 0, 0, 0] }) }] });
  const statusOf = async (body: string) => (await rig.call("acme", "/messages", { body, deps: rig.deps({ prices }) })).status;
  expect([await statusOf('{"model":"m"}'), await statusOf('{"model":"known-20260102"}')]).toEqual([200, 200]);
  expect([await statusOf('{"model":"ft:m"}'), await statusOf('{"max_tokens":1}'), rig.gateway.calls.length]).toEqual([404, 404, 2]);
  const refused = await rig.call("acme", "/messages", { body: '{"model":"m:online"}' });
  expect(await refused.json()).toMatchObject({ type: "error", error: { type: "not_found_error", message: expect.stringContaining("an owner can name others") } });
});

test.each([
  ["names its model twice", '{"model":"m","model":"other"}'],
  ["names it in two cases", '{"model":"m","Model":"other"}'],
  ["is not JSON", '{"model":"m",}'],
  ["is no object", '["m"]'],
])("a body that %s is refused, since others may read it otherwise", async (_, body) => {
  const rig = await new Rig().connect("acme", "openai-compatible");
  const response = await rig.call("acme", "/chat/completions", { body });
  expect([response.status, rig.gateway.calls]).toEqual([400, []]);
  expect(await response.json()).toMatchObject({ error: { type: "invalid_request_error" } });
});

test("a ledger that does not answer fails closed, and the reservation that may be there is taken back", async () => {
  const rig = await new Rig().connect("acme", "openai-compatible");
  rig.ledger.faults.arm("ledger:reserve:lost-answer");
  expect((await rig.call("acme", "/chat/completions")).status).toBe(503);
  expect(rig.gateway.calls).toEqual([]);
  expect(await rig.settled()).toMatchObject({ tokens: 0, reservedTokens: 0 });
});

test.each([
  ["model-gateway:forward:rate-limited", 429, 0],
  ["model-gateway:forward:unauthorized", 401, 0],
  ["model-gateway:forward:overloaded", 529, 0],
  ["model-gateway:forward:unreachable", 502, 0],
  ["model-gateway:forward:no-answer", 504, 130],
  ["model-gateway:forward:usage-missing", 200, 130],
])("%s answers %i and settles at %i tokens", async (fault, status, tokens) => {
  const rig = await new Rig().connect("acme", "openai-compatible");
  rig.gateway.faults.arm(fault);
  const response = await rig.call("acme", "/chat/completions");
  await response.text();
  expect(response.status).toBe(status);
  expect(response.headers.get("retry-after")).toBe(status === 429 ? "7" : null);
  expect(await rig.settled()).toMatchObject({ tokens, reservedTokens: 0 });
});

test("a cut stream settles at the reservation", async () => {
  const rig = await new Rig().connect("acme", "openai-compatible");
  rig.gateway.faults.arm("model-gateway:forward:cut-mid-token");
  await expect((await rig.call("acme", "/chat/completions")).text()).rejects.toThrow();
  expect((await rig.settled()).tokens).toBe(130);
});

test("listing models and counting tokens reserve nothing", async () => {
  const rig = await new Rig().connect("acme", "anthropic");
  await rig.ledger.setCap({ scope: "org", subject: null, unit: "tokens" }, 0);
  expect((await rig.call("acme", "/models", { method: "GET" })).status).toBe(200);
  expect((await rig.call("acme", "/messages/count_tokens")).status).toBe(200);
  expect(rig.usage).toEqual([]);
});

test("a body over the limit is refused before it is read whole", async () => {
  const rig = await new Rig().connect("acme", "google");
  const response = await rig.call("acme", "/models/m:generateContent", { headers: { "content-length": String(BROKER_BODY_BYTES_MAX + 1) } });
  expect(response.status).toBe(413);
  expect(await response.json()).toMatchObject({ error: { code: 413, status: "INVALID_ARGUMENT" } });
});

test("a key that cannot be read is said so and not repeated", async () => {
  const rig = await new Rig().connect("acme", "openai-compatible");
  await rig.vault.delete(ORG, "provider/acme");
  const response = await rig.call("acme", "/chat/completions");
  expect([response.status, await response.text()]).toEqual([401, expect.stringContaining("save it again")]);
});

test("a provider's refusal that quotes the key reaches the agent without it", async () => {
  const rig = await new Rig().connect("acme", "openai-compatible");
  const refusal = JSON.stringify({ error: { message: `Incorrect API key provided: ${KEY}.` } });
  const forward: ModelBrokerDeps["modelGateway"]["forward"] = async () => ({ response: new Response(refusal, { status: 401 }), metered: Promise.resolve({ usage: NO_USAGE, source: "missing" as const, model: null }) });
  const response = await rig.call("acme", "/chat/completions", { deps: rig.deps({ modelGateway: { forward, listModels: () => Promise.resolve([]) } }) });
  expect([response.status, await response.json()]).toEqual([401, { error: { message: `Incorrect API key provided: ${"*".repeat(KEY.length)}.` } }]);
});
