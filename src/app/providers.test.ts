import type { CreateProviderKey } from "@berth/protocol";
import { beforeEach, expect, test } from "vitest";
import { NO_PRICES, PriceBook } from "../core/budget/price-book.ts";
import { PortError } from "../core/kernel/port-error.ts";
import { InMemoryCatalog } from "../ports/catalog/catalog.fake.ts";
import { InMemoryModelGateway } from "../ports/model-gateway/model-gateway.fake.ts";
import { InMemorySecretVault } from "../ports/secret-vault/secret-vault.fake.ts";
import { ProblemError } from "./http/problem-error.ts";
import type { FoundProvider, LocalMachine } from "../core/machine/local-machine.ts";
import { ProviderCache } from "./provider-cache.ts";
import { addProvider, importDiscovery, listModels, listProviderKeys, removeProvider, resolveModel, sandboxProviders, type ProviderServices } from "./providers.ts";

const ORG = "org-a";
const OWNER = { orgId: ORG, userId: "usr_owner", role: "owner" } as const;
/** Somebody without keys of their own. */
const ANYBODY = { orgId: ORG, ownerId: null };
const KEY = "example-key";

let gateway: InMemoryModelGateway;
let catalog: InMemoryCatalog;
let vault: InMemorySecretVault;
let services: ProviderServices;
beforeEach(() => {
  gateway = new InMemoryModelGateway({ validKey: KEY, models: [{ id: "m-1", name: "M One" }, { id: "has space", name: "x" }] });
  catalog = new InMemoryCatalog({ now: () => 1 });
  vault = new InMemorySecretVault({ now: () => 1 });
  services = {
    ...{ catalog, vault, modelGateway: gateway, demoModelUrl: "http://demo.invalid", sandboxUrl: "http://sandbox.invalid:8787" },
    ...{ now: () => 1_800_000_000_000, randomBytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)), prices: new PriceBook(NO_PRICES),
 providerCache: new ProviderCache() },
  };
});

const anthropic: CreateProviderKey = { provider: "anthropic", kind: "anthropic", key: KEY };

async function refusal(work: Promise<unknown>): Promise<{ readonly type: string; readonly pointer: string | undefined; readonly text: string }> {
  const error = await work.then(() => null, (caught: unknown) => caught);
  if (!(error instanceof ProblemError)) throw new Error(`expected a refusal, got ${String(error)}`);
  const { type, errors } = error.problem;
  return { type: type.split("/").at(-1) ?? "", pointer: errors?.[0]?.pointer, text: JSON.stringify(error.problem) };
}

test("a tested key is stored in the vault, and its models can be used", async () => {
  const key = await addProvider(services, OWNER, anthropic);
  expect(key).toMatchObject({ provider: "anthropic", baseUrl: "https://api.anthropic.com/v1", hasKey: true, usesKey: true, modelCount: 1 });
  expect(await vault.use(ORG, `provider/${key.id}`)).toBe(KEY);
  expect(await listProviderKeys(services, OWNER)).toEqual([key]);
  expect(await listProviderKeys({ ...services, stripsProviderKeys: true }, OWNER)).toEqual([{ ...key, usesKey: false }]);
  expect((await listModels(services, ANYBODY)).map(({ id, demo: isDemo }) => [id, isDemo])).toEqual([["demo/demo", true], ["anthropic/m-1", false]]);
  expect(await resolveModel(services, ANYBODY, "anthropic/m-1")).toMatchObject({ ok: true, value: { name: "M One" } });
});

test.each([
  ["the reserved name", { ...anthropic, provider: "demo" }, "/provider"],
  ["a vendor without a key", { provider: "a", kind: "openai" }, "/key"],
  ["a wrong key", { ...anthropic, key: "example-wrong" }, "/key"],
  ["a missing address", { provider: "a", kind: "openai-compatible", key: KEY }, "/baseUrl"],
  ["plain http elsewhere", { provider: "a", kind: "openai-compatible", key: KEY, baseUrl: "http://models.example/v1" }, "/baseUrl"],
  ["a name that only begins like this machine", { provider: "a", kind: "openai-compatible", key: KEY, baseUrl: "http://localhost.example/v1" }, "/baseUrl"],
  ["a password in the address", { provider: "a", kind: "openai-compatible", key: KEY, baseUrl: "https://me:example@models.example/v1" }, "/baseUrl"],
  ["a query in the address", { provider: "a", kind: "openai-compatible", key: KEY, baseUrl: "https://models.example/v1?a=b" }, "/baseUrl"],
] as const)("%s is refused by its field, and nothing is stored", async (_, input, pointer) => {
  const { type, pointer: at, text } = await refusal(addProvider(services, OWNER, input as CreateProviderKey));
  expect([type, at]).toEqual(["invalid-field", pointer]);
  expect(text).not.toContain("example-wrong");
  expect([await listProviderKeys(services, OWNER), await vault.list(ORG)]).toEqual([[], []]);
});

test("inside addresses and plain http are taken for the origins that the operator allowed, exactly", async () => {
  const local = { kind: "openai-compatible", key: KEY } as const;
  const allowing = { ...services, operatorOrigins: ["http://127.0.0.1:11434", "http://models.example:8000"] };
  await addProvider(allowing, OWNER, { ...local, provider: "a", baseUrl: "http://127.1:11434/v1" });
  await addProvider(allowing, OWNER, { ...local, provider: "b", baseUrl: "http://models.example:8000/v1" });
  for (const baseUrl of ["http://127.0.0.1:11435/v1", "https://127.0.0.1:11434/v1", "http://models.example/v1", "https://10.0.0.1/v1"]) {
    expect((await refusal(addProvider(allowing, OWNER, { ...local, provider: "c", baseUrl }))).pointer, baseUrl).toBe("/baseUrl");
  }
  expect(await listProviderKeys(services, OWNER)).toHaveLength(2);
});

test("a server without a list takes the names the person gives, and is refused without them", async () => {
  const input = { provider: "plain", kind: "openai-compatible", baseUrl: "https://models.example/v1", key: KEY } as const;
  gateway.faults.arm("model-gateway:listModels:no-list", { times: 2 });
  expect((await refusal(addProvider(services, OWNER, input))).pointer).toBe("/baseUrl");
  expect((await addProvider(services, OWNER, { ...input, models: ["big/one"] })).modelCount).toBe(1);
  expect((await listModels(services, ANYBODY)).map(({ id }) => id)).toContain("plain/big/one");
});

test("a second provider of the same name is a conflict and leaves no secret behind", async () => {
  await addProvider(services, OWNER, anthropic);
  expect(await refusal(addProvider(services, OWNER, anthropic))).toMatchObject({ type: "conflict", pointer: "/provider" });
  expect(await vault.list(ORG)).toHaveLength(1);
});

test("two at once of the same name: one is stored, with its secret", async () => {
  const results = await Promise.allSettled([addProvider(services, OWNER, anthropic), addProvider(services, OWNER, anthropic)]);
  expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  expect(await vault.list(ORG)).toHaveLength(1);
});

test("removing takes the secret along and is seen at once", async () => {
  const { id } = await addProvider(services, OWNER, anthropic);
  await listModels(services, ANYBODY);
  await removeProvider(services, OWNER, id);
  expect((await listModels(services, ANYBODY)).map((model) => model.id)).toEqual(["demo/demo"]);
  expect(await vault.list(ORG)).toEqual([]);
  expect((await refusal(removeProvider(services, OWNER, id))).type).toBe("not-found");
});

test("another organization's provider cannot be seen or removed", async () => {
  const { id } = await addProvider(services, OWNER, anthropic);
  expect((await refusal(removeProvider(services, { ...OWNER, orgId: "org-b" }, id))).type).toBe("not-found");
  expect(await resolveModel(services, { ...ANYBODY, orgId: "org-b" }, "anthropic/m-1")).toMatchObject({ ok: false });
});

test("what an owner states of a model goes before the list of prices, and reaches the sandbox where it can use it", async () => {
  const models = JSON.stringify({ "m-1": [200_000, 8_000, 3_000_000, 15_000_000, 300_000, 0, 0], "m-2": [0, 0, 1_000_000, 2_000_000, 0, 0, 0] });
  let atMs = 1_800_000_000_000;
  services = { ...services, now: () => (atMs += 1), prices: new PriceBook({ ...NO_PRICES, providers: [{ id: "acme", host: "api.anthropic.com", models }] }) };
  await addProvider(services, OWNER, { provider: "listed", kind: "anthropic", key: KEY });
  await addProvider(services, OWNER, { provider: "stated", kind: "anthropic", key: KEY, details: { "m-1": { price: { input: 1, output: 4.5 }, contextTokens: 9_000 } } });
  const [, listed, stated] = await listModels(services, ANYBODY);
  expect(listed).toMatchObject({ contextTokens: 200_000, outputTokens: 8_000, price: { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3, reasoning: 15 } });
  expect(stated).toMatchObject({ contextTokens: 9_000, outputTokens: 8_000, price: { input: 1, output: 4.5, cacheRead: 1, cacheWrite: 1, reasoning: 4.5 } });
  expect((await sandboxProviders(services, ANYBODY))[2]?.models).toEqual([{ id: "m-1", name: "M One", contextTokens: 9_000, outputTokens: 8_000 }]);
  const stray = addProvider(services, OWNER, { provider: "stray", kind: "anthropic", key: KEY, details: { "a/b": {} } });
  await expect(stray).rejects.toMatchObject({ problem: { errors: [{ pointer: "/details/a~1b" }] } });
});

test("an unknown model is refused with what is allowed; nothing is a default", async () => {
  expect(await resolveModel(services, ANYBODY, "demo/other")).toMatchObject({ ok: false, problem: { status: 422, allowed: ["demo/demo"] } });
  expect(await resolveModel({ ...services, demoModelUrl: null }, ANYBODY, "demo/demo")).toMatchObject({ ok: false, problem: { allowed: [], fix: "Add a provider key first." } });
});

test("a sandbox gets the broker's addresses and no key", async () => {
  await addProvider(services, OWNER, anthropic);
  const providers = await sandboxProviders(services, ANYBODY);
  expect(providers).toEqual([
    { id: "demo", kind: "openai-compatible", baseUrl: "http://sandbox.invalid:8787/v1/broker/model/demo", models: [{ id: "demo", name: "Demo model" }] },
    { id: "anthropic", kind: "anthropic", baseUrl: "http://sandbox.invalid:8787/v1/broker/model/anthropic", models: [{ id: "m-1", name: "M One" }] },
  ]);
});

test("once warm, the catalog is not asked", async () => {
  await listModels(services, ANYBODY);
  catalog.faults.arm("catalog:listProviders:refused", { times: 9 });
  expect(await resolveModel(services, ANYBODY, "demo/demo")).toMatchObject({ ok: true });
  expect(await sandboxProviders(services, ANYBODY)).toHaveLength(1);
});

test("a key found on the machine is imported like any other", async () => {
  const found: FoundProvider = { provider: "anthropic", kind: "anthropic", baseUrl: null, key: KEY };
  const gone = new PortError({ port: "machine", operation: "reveal", code: "not-found", outcome: "not-applied", retry: "never", message: "gone" });
  const machine: Partial<LocalMachine> = { reveal: async (id) => (id === "env:1" ? found : Promise.reject(gone)) };
  expect(await importDiscovery(services, OWNER, machine as LocalMachine, "env:1")).toMatchObject({ provider: "anthropic", hasKey: true });
  expect((await refusal(importDiscovery(services, OWNER, machine as LocalMachine, "env:2"))).type).toBe("not-found");
});
