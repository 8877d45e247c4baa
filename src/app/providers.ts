/** Model providers of an organization: their keys, their models, and what a sandbox is told of them. */
import { makeProblem, ModelId, type CreateProviderKey, type Model, type ProviderKey, type SandboxProviderConfig } from "@berth/protocol";
import { isPortError } from "../core/kernel/port-error.ts";
import { makeId } from "../core/kernel/ids.ts";
import type { ProviderConnection } from "../ports/catalog/catalog.port.ts";
import { refuse, refuseField } from "./http/problem-error.ts";
import { baseUrlOf, testedModels } from "./provider-check.ts";
import type { LocalMachine } from "../core/machine/local-machine.ts";
import type { Services } from "./services.ts";
import type { Result } from "./session-handle.ts";

export type ProviderServices = Pick<
  Services,
  "catalog" | "vault" | "modelGateway" | "demoModelUrl" | "sandboxUrl" | "now" | "randomBytes" | "providerCache" | "operatorOrigins"
>;

/** Reserved for the built-in stand-in. */
export const DEMO_PROVIDER = "demo";
const DEMO_MODEL: Model = { id: "demo/demo", name: "Demo model", provider: DEMO_PROVIDER, demo: true };

/** The organization's providers, from the cache where there is one. */
export function connectionsOf({ catalog, providerCache, now }: Pick<Services, "catalog" | "providerCache" | "now">, orgId: string): Promise<readonly ProviderConnection[]> {
  const load = (): Promise<readonly ProviderConnection[]> => catalog.listProviders(orgId);
  return providerCache ? providerCache.connections(orgId, now(), load) : load();
}

export async function listProviderKeys(services: ProviderServices, orgId: string): Promise<readonly ProviderKey[]> {
  return (await services.catalog.listProviders(orgId)).map(toProviderKey);
}

/**
 * Tests the key by asking the provider for its models, then stores it in the vault.
 * @throws ProblemError naming the field at fault; `conflict` when the organization has that provider
 */
export async function addProvider(services: ProviderServices, orgId: string, input: CreateProviderKey, signal: AbortSignal = new AbortController().signal): Promise<ProviderKey> {
  const { catalog, vault, now, randomBytes, providerCache } = services;
  const { provider, kind, key } = input;
  if (provider === DEMO_PROVIDER) refuseField("/provider", "The name demo belongs to the built-in demo model.", "Choose another name.");
  if (kind !== "openai-compatible" && key === undefined) refuseField("/key", `A key is needed for ${kind}.`);
  const baseUrl = baseUrlOf(input, services.operatorOrigins ?? []);
  if ((await catalog.listProviders(orgId)).some((other) => other.provider === provider)) refuseTaken(provider);
  const models = await testedModels(services.modelGateway, { ...input, baseUrl }, signal);

  const nowMs = now();
  const id = makeId("prv", nowMs, randomBytes(10));
  const connection: ProviderConnection = { id, provider, kind, baseUrl, secretName: key === undefined ? null : `provider/${id}`, models, createdAtMs: nowMs };
  try {
    if (connection.secretName !== null && key !== undefined) await vault.put(orgId, connection.secretName, key);
    await catalog.addProvider(orgId, connection);
  } catch (error) {
    // Nothing names the key then. Whether it could be taken back does not change what is answered.
    const isUnnamed = isPortError(error) && (error.port === "secret-vault" || error.outcome === "not-applied");
    if (isUnnamed && connection.secretName !== null) await vault.delete(orgId, connection.secretName).catch(() => undefined);
    if (isPortError(error) && error.port === "catalog" && error.code === "already-exists") refuseTaken(provider);
    throw error;
  } finally {
    providerCache?.evict(orgId, provider);
  }
  return toProviderKey(connection);
}

/** Removes the connection first: a key without one is unreachable, a connection without a key would fail later. */
export async function removeProvider({ catalog, vault, providerCache }: ProviderServices, orgId: string, id: string): Promise<void> {
  try {
    const { secretName } = await catalog.removeProvider(orgId, id);
    if (secretName !== null) await vault.delete(orgId, secretName);
  } catch (error) {
    if (isPortError(error) && error.code === "not-found") refuse("not-found", "There is no such provider key in this organization.");
    throw error;
  } finally {
    providerCache?.evict(orgId);
  }
}

/** Stores a key or a model server that was found on the user's own machine. */
export async function importDiscovery(services: ProviderServices, orgId: string, machine: LocalMachine, discoveryId: string, signal?: AbortSignal): Promise<ProviderKey> {
  const found = await machine.reveal(discoveryId).catch((error: unknown) => {
    if (isPortError(error) && error.code === "not-found") refuse("not-found", "That is not on this machine any more.");
    throw error;
  });
  const { provider, kind, baseUrl, key } = found;
  if (kind === "demo") refuse("conflict", "The demo model is built in and needs no import.");
  return addProvider(services, orgId, { provider, kind, ...(baseUrl === null ? {} : { baseUrl }), ...(key === null ? {} : { key }) }, signal);
}

/** The demo model first where it is switched on. Nothing here is a default: a session names its model. */
export async function listModels(services: ProviderServices, orgId: string): Promise<readonly Model[]> {
  const connections = await connectionsOf(services, orgId);
  const models = connections.flatMap(({ provider, models: known }) => known.map(({ id, name }) => ({ id: `${provider}/${id}`, name, provider, demo: false })));
  return services.demoModelUrl === null ? models : [DEMO_MODEL, ...models];
}

export async function resolveModel(services: ProviderServices, orgId: string, modelId: string): Promise<Result<Model>> {
  const models = await listModels(services, orgId);
  const model = models.find(({ id }) => id === modelId);
  if (model) return { ok: true, value: model };
  const allowed = models.map(({ id }) => id);
  const fix = allowed.length === 0 ? "Add a provider key first." : "Choose one of the allowed models.";
  return { ok: false, problem: makeProblem("unknown-model", `The model ${modelId} is not available here.`, { allowed, fix }) };
}

/** Every provider as the sandbox sees it: the broker's address and no key. */
export async function sandboxProviders(services: ProviderServices, orgId: string): Promise<readonly SandboxProviderConfig[]> {
  const connections = await connectionsOf(services, orgId);
  const own = connections.map(({ provider, kind, models }) => ({
    id: provider,
    kind: kind === "demo" ? ("openai-compatible" as const) : kind,
    baseUrl: brokerUrl(services, provider),
    models: models.map(({ id, name }) => ({ id, name })),
  }));
  if (services.demoModelUrl === null) return own;
  const demo: SandboxProviderConfig = { id: DEMO_PROVIDER, kind: "openai-compatible", baseUrl: brokerUrl(services, DEMO_PROVIDER), models: [{ id: "demo", name: DEMO_MODEL.name }] };
  return [demo, ...own];
}

function brokerUrl({ sandboxUrl }: Pick<Services, "sandboxUrl">, provider: string): string {
  return `${sandboxUrl}/v1/broker/model/${provider}`;
}

function toProviderKey({ id, provider, kind, baseUrl, secretName, models, createdAtMs }: ProviderConnection): ProviderKey {
  const modelCount = models.filter((model) => ModelId.safeParse(`${provider}/${model.id}`).success).length;
  return { id, provider, kind, baseUrl, hasKey: secretName !== null, modelCount, createdAt: new Date(createdAtMs).toISOString() };
}

function refuseTaken(provider: string): never {
  const message = `This organization has a provider named ${provider} already.`;
  return refuse("conflict", message, { errors: [{ pointer: "/provider", message }], fix: "Remove it first, or choose another name." });
}
