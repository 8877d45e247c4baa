/** The broker with a gateway before the provider, from saving a key to the settled call: what the gateway receives, counts and says. */
import { verifies } from "@berth/testkit";
import { beforeEach, describe, expect, onTestFinished } from "vitest";
import { createBifrostGateway } from "../../src/adapters/model-gateway/bifrost.ts";
import { bifrostManners } from "../../src/adapters/model-gateway/bifrost.stand-in.testkit.ts";
import { createLiteLlmGateway } from "../../src/adapters/model-gateway/litellm.ts";
import { liteLlmManners } from "../../src/adapters/model-gateway/litellm.stand-in.testkit.ts";
import { startScriptedServer, type ScriptedServer } from "../../src/adapters/model-gateway/scripted-server.testkit.ts";
import { createModelBroker, type ModelBrokerDeps } from "../../src/app/model-broker.ts";
import { ProviderCache } from "../../src/app/provider-cache.ts";
import { addProvider, type ProviderServices } from "../../src/app/providers.ts";
import type { SessionHandle, UsageReport } from "../../src/app/session-handle.ts";
import { NO_PRICES, PriceBook } from "../../src/core/budget/price-book.ts";
import { formatSandboxToken } from "../../src/core/sandbox/sandbox-token.ts";
import { InMemoryCatalog } from "../../src/ports/catalog/catalog.fake.ts";
import { InMemoryIdentity } from "../../src/ports/identity/identity.fake.ts";
import { InMemoryLedger } from "../../src/ports/ledger/ledger.fake.ts";
import { InMemorySecretVault } from "../../src/ports/secret-vault/secret-vault.fake.ts";

const ORG = "org-a";
const SESSION = "ses_01aaaaaaaaaaaaaaaaaaaaaaaa";
const TOKEN = formatSandboxToken({ orgId: ORG, sessionId: SESSION, epoch: 1 }, new Uint8Array(32).fill(7));
const PROVIDER_KEY = "example-provider-key";
const GATEWAY_KEY = "sk-bf-example-gateway-key";
const now = (): number => 1_800_000_000_000;
const overHttp = { fetch: (url: string, init: RequestInit) => fetch(url, init) };

const GATEWAYS = {
  LiteLLM: {
    manners: liteLlmManners({ key: GATEWAY_KEY, models: ["acme/*", "acme/m-1"], headers: { "x-litellm-response-cost": "0.0025" } }),
    create: (url: string) => createLiteLlmGateway({ url, key: GATEWAY_KEY, keys: "strip" }, overHttp),
  },
  Bifrost: {
    manners: bifrostManners({ virtualKey: GATEWAY_KEY, providers: { acme: ["m-1"] }, headers: { "x-bifrost-cost-usd": "0.0025" } }),
    create: (url: string) => createBifrostGateway({ url, key: GATEWAY_KEY, keys: "strip" }, overHttp),
  },
};

describe.each(Object.entries(GATEWAYS))("%s", (_, { manners, create }) => {
  let server: ScriptedServer;
  let services: ModelBrokerDeps & ProviderServices;
  let ledger: InMemoryLedger;
  let reports: UsageReport[];
  let work: Promise<unknown>[];

  beforeEach(async () => {
    server = await startScriptedServer(manners);
    onTestFinished(() => server.close());
    ledger = new InMemoryLedger({ now });
    reports = [];
    work = [];
    const handle: Partial<SessionHandle> = {
      authorizeBroker: async (token) => (token === TOKEN ? { orgId: ORG, sessionId: SESSION, epoch: 1, countedFor: null, soleUserId: null, soleWriter: null, makerId: null, runId: "run_1", held: null, providers: ["acme"], repositories: [], environmentId: null } : null),
      recordUsage: async (report) => void reports.push(report),
    };
    services = {
      sessions: { of: () => handle as SessionHandle },
      catalog: new InMemoryCatalog({ now }),
      vault: new InMemorySecretVault({ now }),
      identity: new InMemoryIdentity({ now }),
      modelGateway: create(server.url),
      ledgerOf: () => ledger,
      demoModelUrl: null,
      sandboxUrl: "http://berth.invalid",
      operatorOrigins: [],
      stripsProviderKeys: true,
      prices: new PriceBook(NO_PRICES),
      providerCache: new ProviderCache(),
      now,
      wait: async () => undefined,
      randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
      waitUntil: (each) => void work.push(each),
    };
  });

  const ask = (body: object): Promise<Response> => {
    const request = new Request("http://berth.invalid/v1/broker/model/acme/chat/completions", { method: "POST", headers: { authorization: `Bearer ${TOKEN}` }, body: JSON.stringify(body) });
    return createModelBroker(services).handle(request, { provider: "acme", path: "/chat/completions" });
  };
  const add = () => addProvider(services, { orgId: ORG, userId: "usr_owner", role: "owner" }, { provider: "acme", kind: "openai-compatible", baseUrl: "https://models.example/v1", key: PROVIDER_KEY });

  verifies(["MGW14", "MGW16"], "an organization's key is saved and used in calls without the gateway ever seeing it, and the stated cost is settled", async () => {
    expect(await add()).toMatchObject({ hasKey: true, usesKey: false, modelCount: 1 });
    const response = await ask({ model: "m-1", messages: [], api_base: "http://elsewhere.example" });
    expect([response.status, await response.text()]).toEqual([200, expect.stringContaining('"usage"')]);
    await Promise.all(work);
    expect(reports).toMatchObject([{ runId: "run_1", costMicros: 2_500, usage: { inputTokens: 1, outputTokens: 1 } }]);
    expect(await ledger.spent({ sessionId: SESSION })).toMatchObject({ costMicros: 2_500, tokens: 2, reservedTokens: 0 });

    const received = server.seen.map(({ path, headers, body }) => JSON.stringify([path, [...headers], body]));
    expect(received).toHaveLength(2);
    expect(received.filter((call) => call.includes(PROVIDER_KEY) || call.includes("berth_sbx_") || call.includes("elsewhere"))).toEqual([]);
    expect(received.every((call) => call.includes(GATEWAY_KEY))).toBe(true);
  });

  verifies("MGW18", "a refusal that quotes what Berth calls the gateway with reaches the sandbox without it", async () => {
    await add();
    const refusal = JSON.stringify({ error: { message: `Invalid key ${GATEWAY_KEY}`, type: "auth_error", param: null, code: "401" } });
    server.answer({ status: 401, headers: { "content-type": "application/json" }, chunks: [refusal] });
    const response = await ask({ model: "m-1", messages: [] });
    expect([response.status, await response.text()]).toEqual([401, refusal.replace(GATEWAY_KEY, "*".repeat(GATEWAY_KEY.length))]);
    expect(JSON.stringify([...response.headers])).not.toContain(GATEWAY_KEY);
  });
});
