import type { CreateProviderKey } from "@berth/protocol";
import { beforeEach, expect, test } from "vitest";
import { PortError } from "../core/kernel/port-error.ts";
import { InMemoryCatalog } from "../ports/catalog/catalog.fake.ts";
import { InMemoryModelGateway } from "../ports/model-gateway/model-gateway.fake.ts";
import { InMemorySecretVault } from "../ports/secret-vault/secret-vault.fake.ts";
import { ProblemError } from "./http/problem-error.ts";
import type { FoundProvider, LocalMachine } from "../core/machine/local-machine.ts";
import { ProviderCache } from "./provider-cache.ts";
import { addProvider, importDiscovery, listModels, listProviderKeys, removeProvider, resolveModel, sandboxProviders, type ProviderServices } from "./providers.ts";

const ORG = "org-a";
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
    ...{ now: () => 1_800_000_000_000, randomBytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)), providerCache: new ProviderCache() },
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
  const key = await addProvider(services, ORG, anthropic);
  expect(key).toMatchObject({ provider: "anthropic", baseUrl: "https://api.anthropic.com/v1", hasKey: true, modelCount: 1 });
  expect(await vault.use(ORG, `provider/${key.id}`)).toBe(KEY);
  expect(await listProviderKeys(services, ORG)).toEqual([key]);
  expect((await listModels(services, ORG)).map(({ id, demo: isDemo }) => [id, isDemo])).toEqual([["demo/demo", true], ["anthropic/m-1", false]]);
  expect(await resolveModel(services, ORG, "anthropic/m-1")).toMatchObject({ ok: true, value: { name: "M One" } });
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
  const { type, pointer: at, text } = await refusal(addProvider(services, ORG, input as CreateProviderKey));
  expect([type, at]).toEqual(["invalid-field", pointer]);
  expect(text).not.toContain("example-wrong");
  expect([await listProviderKeys(services, ORG), await vault.list(ORG)]).toEqual([[], []]);
});

test("plain http is taken for this machine and for the operator's servers", async () => {
  const local = { kind: "openai-compatible", key: KEY } as const;
  await addProvider(services, ORG, { ...local, provider: "a", baseUrl: "http://127.0.0.1:11434/v1" });
  await addProvider(services, ORG, { ...local, provider: "b", baseUrl: "http://[::1]:1234/v1" });
  await addProvider({ ...services, operatorOrigins: ["http://models.example:8000"] }, ORG, { ...local, provider: "c", baseUrl: "http://models.example:8000/v1" });
  expect(await listProviderKeys(services, ORG)).toHaveLength(3);
});

test("a server without a list takes the names the person gives, and is refused without them", async () => {
  const input = { provider: "plain", kind: "openai-compatible", baseUrl: "https://models.example/v1", key: KEY } as const;
  gateway.faults.arm("model-gateway:listModels:no-list", { times: 2 });
  expect((await refusal(addProvider(services, ORG, input))).pointer).toBe("/baseUrl");
  expect((await addProvider(services, ORG, { ...input, models: ["big/one"] })).modelCount).toBe(1);
  expect((await listModels(services, ORG)).map(({ id }) => id)).toContain("plain/big/one");
});

test("a second provider of the same name is a conflict and leaves no secret behind", async () => {
  await addProvider(services, ORG, anthropic);
  expect(await refusal(addProvider(services, ORG, anthropic))).toMatchObject({ type: "conflict", pointer: "/provider" });
  expect(await vault.list(ORG)).toHaveLength(1);
});

test("two at once of the same name: one is stored, with its secret", async () => {
  const results = await Promise.allSettled([addProvider(services, ORG, anthropic), addProvider(services, ORG, anthropic)]);
  expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  expect(await vault.list(ORG)).toHaveLength(1);
});

test("removing takes the secret along and is seen at once", async () => {
  const { id } = await addProvider(services, ORG, anthropic);
  await listModels(services, ORG);
  await removeProvider(services, ORG, id);
  expect((await listModels(services, ORG)).map((model) => model.id)).toEqual(["demo/demo"]);
  expect(await vault.list(ORG)).toEqual([]);
  expect((await refusal(removeProvider(services, ORG, id))).type).toBe("not-found");
});

test("another organization's provider cannot be seen or removed", async () => {
  const { id } = await addProvider(services, ORG, anthropic);
  expect((await refusal(removeProvider(services, "org-b", id))).type).toBe("not-found");
  expect(await resolveModel(services, "org-b", "anthropic/m-1")).toMatchObject({ ok: false });
});

test("an unknown model is refused with what is allowed; nothing is a default", async () => {
  expect(await resolveModel(services, ORG, "demo/other")).toMatchObject({ ok: false, problem: { status: 422, allowed: ["demo/demo"] } });
  expect(await resolveModel({ ...services, demoModelUrl: null }, ORG, "demo/demo")).toMatchObject({ ok: false, problem: { allowed: [], fix: "Add a provider key first." } });
});

test("a sandbox gets the broker's addresses and no key", async () => {
  await addProvider(services, ORG, anthropic);
  const providers = await sandboxProviders(services, ORG);
  expect(providers).toEqual([
    { id: "demo", kind: "openai-compatible", baseUrl: "http://sandbox.invalid:8787/v1/broker/model/demo", models: [{ id: "demo", name: "Demo model" }] },
    { id: "anthropic", kind: "anthropic", baseUrl: "http://sandbox.invalid:8787/v1/broker/model/anthropic", models: [{ id: "m-1", name: "M One" }] },
  ]);
});

test("once warm, the catalog is not asked", async () => {
  await listModels(services, ORG);
  catalog.faults.arm("catalog:listProviders:refused", { times: 9 });
  expect(await resolveModel(services, ORG, "demo/demo")).toMatchObject({ ok: true });
  expect(await sandboxProviders(services, ORG)).toHaveLength(1);
});

test("a key found on the machine is imported like any other", async () => {
  const found: FoundProvider = { provider: "anthropic", kind: "anthropic", baseUrl: null, key: KEY };
  const gone = new PortError({ port: "machine", operation: "reveal", code: "not-found", outcome: "not-applied", retry: "never", message: "gone" });
  const machine: Partial<LocalMachine> = { reveal: async (id) => (id === "env:1" ? found : Promise.reject(gone)) };
  expect(await importDiscovery(services, ORG, machine as LocalMachine, "env:1")).toMatchObject({ provider: "anthropic", hasKey: true });
  expect((await refusal(importDiscovery(services, ORG, machine as LocalMachine, "env:2"))).type).toBe("not-found");
});
