import { expect, test } from "vitest";
import { formatSandboxToken } from "../core/sandbox/sandbox-token.ts";
import { InMemoryCatalog } from "../ports/catalog/catalog.fake.ts";
import { InMemoryLedger } from "../ports/ledger/ledger.fake.ts";
import { InMemoryModelGateway, type InMemoryModelGatewayOptions } from "../ports/model-gateway/model-gateway.fake.ts";
import { InMemorySecretVault } from "../ports/secret-vault/secret-vault.fake.ts";
import type { ProviderKind } from "@berth/protocol";
import { createModelBroker, BROKER_BODY_BYTES_MAX, type ModelBrokerDeps } from "./model-broker.ts";
import { ProviderCache } from "./provider-cache.ts";
import type { SessionHandle, UsageReport } from "./session-handle.ts";

const ORG = "org-a";
const SESSION = "ses_01aaaaaaaaaaaaaaaaaaaaaaaa";
const TOKEN = formatSandboxToken({ orgId: ORG, sessionId: SESSION, epoch: 1 }, new Uint8Array(32).fill(7));
const OLD_TOKEN = formatSandboxToken({ orgId: ORG, sessionId: SESSION, epoch: 1 }, new Uint8Array(32).fill(8));
const KEY = "example-provider-key";

class Rig {
  nowMs = 1_800_000_000_000;
  readonly catalog = new InMemoryCatalog({ now: () => this.nowMs });
  readonly vault = new InMemorySecretVault({ now: () => this.nowMs });
  readonly ledger = new InMemoryLedger({ now: () => this.nowMs });
  readonly cache = new ProviderCache();
  readonly usage: UsageReport[] = [];
  /** What the session was told of. */
  providers: readonly string[] = ["acme", "demo", "other"];
  readonly #work: Promise<unknown>[] = [];
  readonly gateway: InMemoryModelGateway;

  constructor(options: InMemoryModelGatewayOptions = {}) {
    this.gateway = new InMemoryModelGateway(options);
  }

  async connect(provider: string, kind: ProviderKind): Promise<this> {
    const secretName = `provider/${provider}`;
    await this.vault.put(ORG, secretName, KEY);
    await this.catalog.addProvider(ORG, { id: `prv_${provider}`, provider, kind, baseUrl: "https://models.example/v1", secretName, models: [], createdAtMs: this.nowMs });
    return this;
  }

  deps(over: Partial<ModelBrokerDeps> = {}): ModelBrokerDeps {
    const handle: Partial<SessionHandle> = {
      authorizeBroker: async (token) => (token === TOKEN ? { orgId: ORG, sessionId: SESSION, epoch: 1, runId: "run_1", providers: this.providers } : null),
      recordUsage: async (report) => void this.usage.push(report),
    };
    return {
      sessions: { of: () => handle as SessionHandle },
      catalog: this.catalog,
      vault: this.vault,
      modelGateway: this.gateway,
      ledgerOf: () => this.ledger,
      demoModelUrl: null,
      providerCache: this.cache,
      now: () => this.nowMs,
      randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
      waitUntil: (work) => void this.#work.push(work),
      ...over,
    };
  }

  call(provider: string, path: string, { token = TOKEN, header = "authorization", body = '{"max_tokens":100}', method = "POST", deps = this.deps() as ModelBrokerDeps, headers = {} as Record<string, string> } = {}): Promise<Response> {
    const value = header === "authorization" ? `Bearer ${token}` : token;
    const request = new Request(`http://berth.invalid/v1/broker/model/${provider}${path}`, { method, headers: { [header]: value, ...headers }, ...(method === "GET" ? {} : { body }) });
    return createModelBroker(deps).handle(request, { provider, path });
  }

  async settled(): Promise<{ readonly tokens: number; readonly reservedTokens: number }> {
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

test("a cap that is reached is refused with 402, names itself without a figure, and nothing is sent", async () => {
  const rig = await new Rig().connect("acme", "openai-compatible");
  await rig.ledger.setCap("org-month-tokens", 50);
  const response = await rig.call("acme", "/chat/completions");
  expect(response.status).toBe(402);
  const { error } = (await response.json()) as { error: { message: string; type: string } };
  expect(error.type).toBe("insufficient_quota");
  expect(error.message).toMatch(/org-month-tokens/);
  expect(error.message).not.toMatch(/\d/);
  expect(rig.gateway.calls).toEqual([]);
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
  ["model-gateway:forward:no-answer", 504, 105],
  ["model-gateway:forward:usage-missing", 200, 105],
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
  expect((await rig.settled()).tokens).toBe(105);
});

test("listing models and counting tokens reserve nothing", async () => {
  const rig = await new Rig().connect("acme", "anthropic");
  await rig.ledger.setCap("org-month-tokens", 0);
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
