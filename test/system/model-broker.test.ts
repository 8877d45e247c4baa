/** The broker over real HTTP: the demo model behind it, once as the built-in provider and once added as a local server. */
import { startDemoModel, type DemoModel } from "@berth/demo-model";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { NO_PRICES, PriceBook } from "../../src/core/budget/price-book.ts";
import { createDirectModelGateway } from "../../src/adapters/model-gateway/direct.ts";
import { createModelBroker, type ModelBrokerDeps } from "../../src/app/model-broker.ts";
import { ProviderCache } from "../../src/app/provider-cache.ts";
import { addProvider, type ProviderServices } from "../../src/app/providers.ts";
import type { SessionHandle, UsageReport } from "../../src/app/session-handle.ts";
import { formatSandboxToken } from "../../src/core/sandbox/sandbox-token.ts";
import { InMemoryCatalog } from "../../src/ports/catalog/catalog.fake.ts";
import { InMemoryIdentity } from "../../src/ports/identity/identity.fake.ts";
import { InMemoryLedger } from "../../src/ports/ledger/ledger.fake.ts";
import { InMemorySecretVault } from "../../src/ports/secret-vault/secret-vault.fake.ts";

const ORG = "org-a";
const SESSION = "ses_01aaaaaaaaaaaaaaaaaaaaaaaa";
const TOKEN = formatSandboxToken({ orgId: ORG, sessionId: SESSION, epoch: 1 }, new Uint8Array(32).fill(7));
const now = (): number => 1_800_000_000_000;

let demo: DemoModel;
beforeAll(async () => {
  demo = await startDemoModel({ chunkDelayMs: 0 });
});
afterAll(() => demo.close());

let services: ModelBrokerDeps & ProviderServices;
let ledger: InMemoryLedger;
let reports: UsageReport[];
let work: Promise<unknown>[];
beforeEach(() => {
  ledger = new InMemoryLedger({ now });
  reports = [];
  work = [];
  const handle: Partial<SessionHandle> = {
    authorizeBroker: async (token) => (token === TOKEN ? { orgId: ORG, sessionId: SESSION, epoch: 1, countedFor: null, soleUserId: null, soleWriter: null, makerId: null, runId: "run_1", held: null, providers: ["demo", "local"], repositories: [], environmentId: null } : null),
    recordUsage: async (report) => void reports.push(report),
  };
  services = {
    sessions: { of: () => handle as SessionHandle },
    catalog: new InMemoryCatalog({ now }),
    vault: new InMemorySecretVault({ now }),
    identity: new InMemoryIdentity({ now }),
    modelGateway: createDirectModelGateway({ fetch: (url, init) => fetch(url, init) }),
    ledgerOf: () => ledger,
    demoModelUrl: demo.url,
    sandboxUrl: "http://berth.invalid",
    operatorOrigins: [new URL(demo.url).origin],
    prices: new PriceBook(NO_PRICES),
    providerCache: new ProviderCache(),
    now,
    wait: async () => undefined,
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    waitUntil: (each) => void work.push(each),
  };
});

function ask(provider: string, content: string): Promise<Response> {
  const body = JSON.stringify({ model: "demo", stream: true, messages: [{ role: "user", content }] });
  const request = new Request(`http://berth.invalid/v1/broker/model/${provider}/chat/completions`, { method: "POST", headers: { authorization: `Bearer ${TOKEN}` }, body });
  return createModelBroker(services).handle(request, { provider, path: "/chat/completions" });
}

async function expectCounted(outputTokens: number): Promise<void> {
  await Promise.all(work);
  const [report] = reports;
  expect(report).toMatchObject({ runId: "run_1", usage: { outputTokens } });
  const { tokens, reservedTokens } = await ledger.spent({ sessionId: SESSION });
  expect([tokens, reservedTokens]).toEqual([(report?.usage.inputTokens ?? 0) + outputTokens, 0]);
}

test("the demo model streams through, is settled at what it used and reported to the run at no cost", async () => {
  const response = await ask("demo", "!stream 40 2000");
  expect([response.status, response.headers.get("x-berth-upstream"), response.headers.get("content-type")]).toEqual([200, "demo", "text/event-stream"]);
  expect(await response.text()).toContain('"content":"40 "');
  await expectCounted(40);
  expect(reports[0]?.costMicros).toBe(0);
});

test("a reader that leaves in the middle is still charged for the whole answer", async () => {
  const response = await ask("demo", "!stream 60 1000");
  const reader = response.body!.getReader();
  await reader.read();
  await reader.cancel();
  await expectCounted(60);
});

test("a stream that is cut counts as its reservation", async () => {
  await expect((await ask("demo", "!cut")).text()).rejects.toThrow();
  await Promise.all(work);
  expect((await ledger.spent({ sessionId: SESSION })).tokens).toBeGreaterThan(8_000);
});

test("a local server without a key is added by its address and used", async () => {
  const key = await addProvider(services, { orgId: ORG, userId: "usr_owner", role: "owner" }, { provider: "local", kind: "openai-compatible", baseUrl: `${demo.url}/v1/` });
  expect(key).toMatchObject({ baseUrl: `${demo.url}/v1`, hasKey: false, modelCount: 1 });
  expect(await (await ask("local", "!say hello")).text()).toContain('"content":"hello"');
  await expectCounted(1);
  expect(reports[0]?.costMicros).toBeNull();
});

test("an address where nobody listens is refused by its field", async () => {
  const gone = await startDemoModel();
  await gone.close();
  services = { ...services, operatorOrigins: [new URL(gone.url).origin] };
  const work = addProvider(services, { orgId: ORG, userId: "usr_owner", role: "owner" }, { provider: "gone", kind: "openai-compatible", baseUrl: `${gone.url}/v1` });
  await expect(work).rejects.toMatchObject({ problem: { errors: [{ pointer: "/baseUrl", message: "gone is not listening at its address." }] } });
});
