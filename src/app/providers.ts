/** Model providers of an organization: their keys, their models, and what a sandbox is told of them. */
import { makeProblem, ModelId, type CreateProviderKey, type Model, type ProviderKey } from "@berth/protocol";
import { isPortError } from "../core/kernel/port-error.ts";
import { makeId } from "../core/kernel/ids.ts";
import { administers } from "../core/access/roles.ts";
import { providersFor, type SessionProvider } from "../core/providers/own-providers.ts";
import type { ProviderConnection } from "../ports/catalog/catalog.port.ts";
import type { Principal } from "../ports/identity/identity.port.ts";
import { refuse, refuseField } from "./http/problem-error.ts";
import { isTaken, keepNamed } from "./kept-value.ts";
import { baseUrlOf, testedModels } from "./provider-check.ts";
import type { LocalMachine } from "../core/machine/local-machine.ts";
import { countedFacts, modelFacts, shownPrice } from "./model-facts.ts";
import type { Services } from "./services.ts";
import type { Result } from "./session-handle.ts";

export type ProviderServices = Pick<
  Services,
  "catalog" | "vault" | "modelGateway" | "demoModelUrl" | "prices" | "sandboxUrl" | "now" | "randomBytes" | "providerCache" | "operatorOrigins" | "stripsProviderKeys"
>;

/** Reserved for the built-in stand-in. */
export const DEMO_PROVIDER = "demo";
const DEMO_MODEL: Model = { id: "demo/demo", name: "Demo model", provider: DEMO_PROVIDER, demo: true };

/** The organization's providers, from the cache where there is one. */
export function connectionsOf({ catalog, providerCache, now }: Pick<Services, "catalog" | "providerCache" | "now">, orgId: string): Promise<readonly ProviderConnection[]> {
  const load = (): Promise<readonly ProviderConnection[]> => catalog.listProviders(orgId);
  return providerCache ? providerCache.connections(orgId, now(), load) : load();
}

type Keeper = Pick<Principal, "orgId" | "userId" | "role" | "isServiceAccount">;

/** For whom models are listed. `ownerId` is the person whose own keys count; null for a key or a program. */
export interface ModelUser {
  readonly orgId: string;
  readonly ownerId: string | null;
}

export function modelUserOf({ kind, orgId, userId }: Pick<Principal, "kind" | "orgId" | "userId">): ModelUser {
  return { orgId, ownerId: kind === "user" ? userId : null };
}

async function connectionsFor(services: Pick<Services, "catalog" | "providerCache" | "now" | "stripsProviderKeys">, { orgId, ownerId }: ModelUser): Promise<readonly ProviderConnection[]> {
  return providersFor(await connectionsOf(services, orgId), ownKeysOf(services, ownerId));
}

/** Whose own connections count: nobody's where the gateway goes by keys of its own, since the call would be on its account. */
export function ownKeysOf({ stripsProviderKeys = false }: Pick<Services, "stripsProviderKeys">, userId: string | null): string | null {
  return stripsProviderKeys ? null : userId;
}

/** The organization's and one's own; for who administers, everybody's. */
export async function listProviderKeys(services: Pick<ProviderServices, "catalog" | "stripsProviderKeys">, keeper: Keeper): Promise<readonly ProviderKey[]> {
  return (await services.catalog.listProviders(keeper.orgId)).filter((connection) => isSeenBy(connection, keeper)).map((connection) => toProviderKey(services, connection));
}

/**
 * Tests the key by asking the provider for its models, then stores it in the vault.
 * @throws ProblemError naming the field at fault; `forbidden`; `conflict` when the organization, or this person, has that provider
 */
export async function addProvider(services: ProviderServices, keeper: Keeper, input: CreateProviderKey, signal: AbortSignal = new AbortController().signal): Promise<ProviderKey> {
  const { catalog, vault, now, randomBytes, providerCache } = services;
  const { provider, kind, key } = input;
  const { orgId } = keeper;
  const userId = ownerOf(services, keeper, input.scope);
  if (provider === DEMO_PROVIDER) refuseField("/provider", "The name demo belongs to the built-in demo model.", "Choose another name.");
  if (kind !== "openai-compatible" && key === undefined) refuseField("/key", `A key is needed for ${kind}.`);
  const baseUrl = baseUrlOf(input, administers(keeper.role) ? (services.operatorOrigins ?? []) : []);
  refuseUnfit(await catalog.listProviders(orgId), { provider, kind, userId });
  const models = await testedModels(services.modelGateway, { ...input, baseUrl }, signal);

  const nowMs = now();
  const id = makeId("prv", nowMs, randomBytes(10));
  const connection: ProviderConnection = { id, userId, provider, kind, baseUrl, secretName: key === undefined ? null : `provider/${id}`, models, createdAtMs: nowMs };
  try {
    await keepNamed(vault, { orgId, secretName: connection.secretName, value: key }, () => catalog.addProvider(orgId, connection));
  } catch (error) {
    if (isTaken(error)) refuseTaken(provider, userId);
    throw error;
  } finally {
    providerCache?.evict(orgId, provider);
  }
  return toProviderKey(services, connection);
}

/** Removes the connection first: a key without one is unreachable, a connection without a key would fail later. */
export async function removeProvider({ catalog, vault, providerCache }: Pick<ProviderServices, "catalog" | "vault" | "providerCache">, keeper: Keeper, id: string): Promise<void> {
  const { orgId } = keeper;
  const known = (await catalog.listProviders(orgId)).find((each) => each.id === id);
  if (!known || !isSeenBy(known, keeper)) noSuchKey();
  if (known.userId === null) requireAdmin(keeper);
  try {
    const { secretName } = await catalog.removeProvider(orgId, id);
    if (secretName !== null) await vault.delete(orgId, secretName);
  } catch (error) {
    if (isPortError(error) && error.code === "not-found") noSuchKey();
    throw error;
  } finally {
    providerCache?.evict(orgId);
  }
}

/** What a person brought goes with them. */
export async function removeProvidersOf(services: Pick<ProviderServices, "catalog" | "vault" | "providerCache">, orgId: string, userId: string): Promise<void> {
  const own = (await services.catalog.listProviders(orgId)).filter((each) => each.userId === userId);
  for (const { id, secretName } of own) {
    // Its value first: what is left half done is found by its name the next time.
    if (secretName !== null) await services.vault.delete(orgId, secretName);
    await services.catalog.removeProvider(orgId, id).catch(goneAlready);
  }
  services.providerCache?.evict(orgId);
}

/** Stores a key or a model server that was found on the user's own machine. */
export async function importDiscovery(services: ProviderServices, keeper: Keeper, machine: LocalMachine, discoveryId: string, signal?: AbortSignal): Promise<ProviderKey> {
  const found = await machine.reveal(discoveryId).catch((error: unknown) => {
    if (isPortError(error) && error.code === "not-found") refuse("not-found", "That is not on this machine any more.");
    throw error;
  });
  const { provider, kind, baseUrl, key } = found;
  if (kind === "demo") refuse("conflict", "The demo model is built in and needs no import.");
  return addProvider(services, keeper, { provider, kind, ...(baseUrl === null ? {} : { baseUrl }), ...(key === null ? {} : { key }) }, signal);
}

/** The demo model first where it is switched on. Nothing here is a default: a session names its model. */
export async function listModels(services: ProviderServices, user: ModelUser): Promise<readonly Model[]> {
  const connections = await connectionsFor(services, user);
  const all = await connectionsOf(services, user.orgId);
  const models = connections.flatMap((connection) => connection.models.map((model) => modelResource(services, { connection, all }, model)));
  return services.demoModelUrl === null ? models : [DEMO_MODEL, ...models];
}

export async function resolveModel(services: ProviderServices, user: ModelUser, modelId: string): Promise<Result<Model>> {
  const models = await listModels(services, user);
  const model = models.find(({ id }) => id === modelId);
  if (model) return { ok: true, value: model };
  const allowed = models.map(({ id }) => id);
  const fix = allowed.length === 0 ? "Add a provider key first." : "Choose one of the allowed models.";
  return { ok: false, problem: makeProblem("unknown-model", `The model ${modelId} is not available here.`, { allowed, fix }) };
}

/** Every provider as the sandbox sees it: the broker's address and no key. */
export async function sandboxProviders(services: ProviderServices, user: ModelUser): Promise<readonly SessionProvider[]> {
  const connections = await connectionsFor(services, user);
  const shared = new Set((await connectionsFor(services, { ...user, ownerId: null })).map(({ provider }) => provider));
  const own = connections.map((connection) => ({
    id: connection.provider,
    kind: connection.kind === "demo" ? ("openai-compatible" as const) : connection.kind,
    baseUrl: brokerUrl(services, connection.provider),
    models: connection.models.map(({ id, name }) => ({ id, name, ...limitsOf(services, connection, id) })),
    ...(connection.userId === null ? {} : { ownerId: connection.userId, ...(shared.has(connection.provider) ? { hasStandIn: true as const } : {}) }),
  }));
  if (services.demoModelUrl === null) return own;
  const demo: SessionProvider = { id: DEMO_PROVIDER, kind: "openai-compatible", baseUrl: brokerUrl(services, DEMO_PROVIDER), models: [{ id: "demo", name: DEMO_MODEL.name }] };
  return [demo, ...own];
}

interface Offered {
  readonly connection: ProviderConnection;
  readonly all: readonly ProviderConnection[];
}

function modelResource(services: Pick<Services, "prices">, { connection, all }: Offered, { id, name }: ProviderConnection["models"][number]): Model {
  const { provider } = connection;
  const { price } = countedFacts(services.prices, connection, all, id);
  return { id: `${provider}/${id}`, name, provider, demo: false, ...limitsOf(services, connection, id), ...(price === null ? {} : { price: shownPrice(price) }) };
}

function limitsOf({ prices }: Pick<Services, "prices">, connection: ProviderConnection, id: string): { contextTokens?: number; outputTokens?: number } {
  const { contextTokens, outputTokens } = modelFacts(prices, connection, id);
  return { ...(contextTokens === null ? {} : { contextTokens }), ...(outputTokens === null ? {} : { outputTokens }) };
}

function brokerUrl({ sandboxUrl }: Pick<Services, "sandboxUrl">, provider: string): string {
  return `${sandboxUrl}/v1/broker/model/${provider}`;
}

function toProviderKey({ stripsProviderKeys = false }: Pick<Services, "stripsProviderKeys">, { id, userId, provider, kind, baseUrl, secretName, models, createdAtMs }: ProviderConnection): ProviderKey {
  const modelCount = models.filter((model) => ModelId.safeParse(`${provider}/${model.id}`).success).length;
  const scope = userId === null ? { kind: "org" as const } : { kind: "user" as const, userId };
  return { id, scope, provider, kind, baseUrl, hasKey: secretName !== null, usesKey: secretName !== null && !stripsProviderKeys, modelCount, createdAt: new Date(createdAtMs).toISOString() };
}

/** Null for the organization's. @throws ProblemError `forbidden` */
function ownerOf({ stripsProviderKeys = false }: Pick<Services, "stripsProviderKeys">, keeper: Keeper, scope: CreateProviderKey["scope"]): string | null {
  if (scope?.kind !== "user") {
    requireAdmin(keeper);
    return null;
  }
  if (keeper.isServiceAccount) refuseField("/scope", "A service account has no keys of its own: what it asks for goes by the organization's.", "Leave `scope` out.");
  if (stripsProviderKeys) {
    refuseField("/scope", "This instance's model gateway calls every provider with keys of its own, so a key of yours would never be used.", "Use the organization's models, or ask who runs this instance to set MODEL_GATEWAY_KEYS=forward.");
  }
  return keeper.userId;
}

function isSeenBy({ userId: ownerId }: Pick<ProviderConnection, "userId">, { userId, role }: Keeper): boolean {
  return ownerId === null || ownerId === userId || administers(role);
}

function requireAdmin({ role }: Keeper): void {
  if (!administers(role)) refuse("forbidden", "Only an owner or admin keeps provider keys for the organization.", { fix: "Keep it for yourself, with `scope: {\"kind\": \"user\"}`." });
}

function refuseUnfit(all: readonly ProviderConnection[], { provider, kind, userId }: Pick<ProviderConnection, "provider" | "kind" | "userId">): void {
  if (all.some((other) => other.provider === provider && other.userId === userId)) refuseTaken(provider, userId);
  const shared = all.find((other) => other.provider === provider && other.userId === null);
  if (userId !== null && shared && shared.kind !== kind) {
    refuseField("/kind", `The organization's ${provider} is of the kind ${shared.kind}, and one of your own can only take its place as the same.`, `Choose the kind ${shared.kind}, or another name.`);
  }
}

function noSuchKey(): never {
  return refuse("not-found", "There is no such provider key in this organization.");
}

function goneAlready(error: unknown): void {
  if (!isPortError(error) || error.code !== "not-found") throw error;
}

function refuseTaken(provider: string, userId: string | null): never {
  const message = `${userId === null ? "This organization has" : "You have"} a provider named ${provider} already.`;
  return refuse("conflict", message, { errors: [{ pointer: "/provider", message }], fix: "Remove it first, or choose another name." });
}
