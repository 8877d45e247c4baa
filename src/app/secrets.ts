/** Secrets that people keep for sessions. Values go into the vault and come out only for a use that was written down. */
import type { CreateSecret, Secret, SecretScope, SessionSecret } from "@berth/protocol";
import { makeId } from "../core/kernel/ids.ts";
import { administers } from "../core/access/roles.ts";
import { isPortError } from "../core/kernel/port-error.ts";
import { secretsFor, type SecretReach, type SecretScopeKind } from "../core/secrets/secret-scope.ts";
import type { SessionSecretRecord } from "../ports/catalog/catalog.port.ts";
import type { Principal } from "../ports/identity/identity.port.ts";
import { refuse, refuseFields, type FieldFault } from "./http/problem-error.ts";
import { isTaken, keepNamed } from "./kept-value.ts";
import { secretFaults, valueFaults } from "./secret-faults.ts";
import type { Services } from "./services.ts";
import type { BrokerGrant } from "./session-handle.ts";

export type SecretServices = Pick<Services, "catalog" | "vault" | "now" | "randomBytes" | "operatorOrigins">;

type Keeper = Pick<Principal, "orgId" | "userId" | "role">;

/** Everything but what others keep for themselves, of which those who administer see that it is there. */
export async function listSecrets({ catalog }: Pick<SecretServices, "catalog">, keeper: Keeper): Promise<readonly Secret[]> {
  return (await catalog.listSecrets(keeper.orgId)).filter((secret) => isSeenBy(secret, keeper)).map(toSecret);
}

/** @throws ProblemError naming every field at fault; `forbidden`; `conflict` when the scope has a secret of that name */
export async function addSecret(services: SecretServices, keeper: Keeper, input: CreateSecret): Promise<Secret> {
  const { catalog, vault, now, randomBytes } = services;
  const { orgId } = keeper;
  const place = await placeOf(services, keeper, input.scope ?? { kind: "org" });
  const faults = [...secretFaults(input, services.operatorOrigins ?? []), ...("pointer" in place ? [place] : [])];
  if ("pointer" in place || faults.length > 0) return refuseFields(faults);
  const readableByAgent = input.readableByAgent ?? false;
  const hosts = (input.hosts ?? []).map(({ host, ...sent }) => ({ host: host.toLowerCase(), ...sent }));

  const nowMs = now();
  const id = makeId("sec", nowMs, randomBytes(10));
  const secret: SessionSecretRecord = { id, name: input.name, ...place, readableByAgent, hosts, secretName: `session/${id}`, createdAtMs: nowMs, lastUsedAtMs: null };
  try {
    await keepNamed(vault, { orgId, secretName: secret.secretName, value: input.value }, () => catalog.addSecret(orgId, secret));
  } catch (error) {
    if (isTaken(error)) refuseTaken(input.name);
    if (isPortError(error) && error.port === "catalog" && error.code === "resource-exhausted") refuse("conflict", `${error.message} That is as many as there may be.`, { fix: "Remove one that nothing uses; `lastUsedAt` says when each was used last." });
    throw error;
  }
  return toSecret(secret);
}

/** The name, the hosts and the use log stay as they are. @throws ProblemError `not-found`, `forbidden` also for others' own; naming the value when it does not fit */
export async function replaceValue({ catalog, vault }: Pick<SecretServices, "catalog" | "vault">, keeper: Keeper, id: string, value: string): Promise<Secret> {
  const secret = await findSecret({ catalog }, keeper, id);
  if (secret.scope !== "user") requireAdmin(keeper);
  else requireOwn(secret, keeper);
  const faults = valueFaults(value, secret.hosts.length > 0);
  if (faults.length > 0) refuseFields(faults);
  await vault.put(keeper.orgId, secret.secretName, value);
  try {
    return toSecret(await findSecret({ catalog }, keeper, id));
  } catch (error) {
    // It was removed meanwhile: nothing names the value then.
    await vault.delete(keeper.orgId, secret.secretName);
    throw error;
  }
}

/** Removes what names the value first: a value without it is unreachable. @throws ProblemError `not-found`, `forbidden` */
export async function removeSecret({ catalog, vault }: Pick<SecretServices, "catalog" | "vault">, keeper: Keeper, id: string): Promise<void> {
  const secret = await findSecret({ catalog }, keeper, id);
  if (secret.scope !== "user") requireAdmin(keeper);
  try {
    const { secretName } = await catalog.removeSecret(keeper.orgId, id);
    await vault.delete(keeper.orgId, secretName);
  } catch (error) {
    if (isPortError(error) && error.code === "not-found") noSuchSecret();
    throw error;
  }
}

/** What somebody who is removed kept for themselves. */
export async function removeOwnSecrets(services: Pick<SecretServices, "catalog" | "vault">, orgId: string, userId: string): Promise<void> {
  await removeWhere(services, orgId, (place) => isOwn(place, { userId }));
}

/** What is for the sessions of an environment that is removed, which then are in none. */
export async function removeSecretsOfEnvironment(services: Pick<SecretServices, "catalog" | "vault">, orgId: string, environmentId: string): Promise<void> {
  await removeWhere(services, orgId, ({ scope, scopeOf: of }) => scope === "environment" && of === environmentId);
}

/** Values go first, so that what could not be removed is still named, and asking again finds it. */
async function removeWhere({ catalog, vault }: Pick<SecretServices, "catalog" | "vault">, orgId: string, isOne: (place: Place) => boolean): Promise<void> {
  for (const { id, secretName, ...place } of await catalog.listSecrets(orgId)) {
    if (!isOne(place)) continue;
    await vault.delete(orgId, secretName);
    await catalog.removeSecret(orgId, id).catch((error: unknown) => {
      if (!isPortError(error) || error.code !== "not-found") throw error;
    });
  }
}

/** By whom it is of use to. @throws ProblemError `not-found`; `forbidden` for what somebody else keeps for themselves */
export async function findUsedSecret(services: Pick<SecretServices, "catalog">, keeper: Keeper, id: string): Promise<SessionSecretRecord> {
  const secret = await findSecret(services, keeper, id);
  if (secret.scope === "user") requireOwn(secret, keeper);
  return secret;
}

/** @throws ProblemError `not-found`, also for what somebody else keeps for themselves, except to who administers */
async function findSecret({ catalog }: Pick<SecretServices, "catalog">, keeper: Keeper, id: string): Promise<SessionSecretRecord> {
  const secret = (await catalog.listSecrets(keeper.orgId)).find((each) => each.id === id);
  return secret && isSeenBy(secret, keeper) ? secret : noSuchSecret();
}

/**
 * What a session gets, without values, as far as it is the asker's to know: what is shared, and their own, which runs that they
 * alone ask for have.
 * @param soleWriterId whose own the agent may read
 */
export async function secretsOfSession({ catalog }: Pick<SecretServices, "catalog">, orgId: string, reach: SecretReach, soleWriterId: string | null): Promise<readonly SessionSecret[]> {
  const isReadable = ({ readableByAgent, scope, scopeOf: of }: SessionSecretRecord): boolean => readableByAgent && (scope !== "user" || of === soleWriterId);
  const usable = (await catalog.listSecrets(orgId, reach)).filter((secret) => isReadable(secret) || secret.hosts.length > 0);
  return secretsFor(usable, reach).map((secret) => ({ id: secret.id, name: secret.name, scope: scopeOf(secret), readableByAgent: isReadable(secret), hosts: [...secret.hosts] }));
}

/** What a sandbox may use now: of `userId`'s own only while that person is a member. @throws PortError where that cannot be asked */
export async function secretsInReach({ catalog, identity }: Pick<Services, "catalog" | "identity">, { orgId, repositories, environmentId }: Pick<BrokerGrant, "orgId" | "repositories" | "environmentId">, userId: string | null): Promise<readonly SessionSecretRecord[]> {
  const reach = { userId, repositories, environmentId };
  const all = await catalog.listSecrets(orgId, reach);
  const found = secretsFor(all, reach);
  if (userId === null || !found.some(({ scope }) => scope === "user")) return found;
  const isMember = (await identity.standing(orgId, { userId, keyId: null })) !== null;
  return isMember ? found : secretsFor(all, { ...reach, userId: null });
}

/** The values, once it is written down that this session has them. @param host where they go; null for the sandbox's environment */
export async function takeSecrets(
  { catalog, vault, now, randomBytes }: Pick<SecretServices, "catalog" | "vault" | "now" | "randomBytes">,
  { orgId, sessionId, countedFor }: Pick<BrokerGrant, "orgId" | "sessionId" | "countedFor">,
  secrets: readonly SessionSecretRecord[],
  host: string | null,
): Promise<readonly string[]> {
  const values = await Promise.all(secrets.map(({ secretName }) => vault.use(orgId, secretName)));
  const nowMs = now();
  const uses = secrets.map(({ id }) => ({ id: makeId("use", nowMs, randomBytes(10)), secretId: id, sessionId, userId: countedFor, host, at: new Date(nowMs).toISOString() }));
  await catalog.addSecretUses(orgId, uses);
  return values;
}

type Place = Pick<SessionSecretRecord, "scope" | "scopeOf">;

/** A fault where the organization has no such repository or environment. @throws ProblemError `forbidden` */
async function placeOf({ catalog }: SecretServices, keeper: Keeper, scope: NonNullable<CreateSecret["scope"]>): Promise<Place | FieldFault> {
  if (scope.kind === "user") return { scope: "user", scopeOf: keeper.userId };
  requireAdmin(keeper);
  if (scope.kind === "org") return { scope: "org", scopeOf: "" };
  if (scope.kind === "environment") {
    const environment = (await catalog.listEnvironments(keeper.orgId)).find(({ id, name }) => [id, name].includes(scope.environment));
    return environment ? { scope: "environment", scopeOf: environment.id } : NO_ENVIRONMENT;
  }
  const repository = await catalog.findRepository(keeper.orgId, scope.repo);
  return repository ? { scope: "repo", scopeOf: repository.name } : NO_REPOSITORY;
}

const NO_REPOSITORY: FieldFault = { pointer: "/scope/repo", message: "This organization has no repository of that name.", fix: "Use the `name` that GET /v1/repos shows." };
const NO_ENVIRONMENT: FieldFault = { pointer: "/scope/environment", message: "This organization has no environment of that id or name.", fix: "GET /v1/environments lists them." };

function isSeenBy(place: Place, keeper: Keeper): boolean {
  return place.scope !== "user" || isOwn(place, keeper) || administers(keeper.role);
}

function isOwn({ scope, scopeOf }: Place, { userId }: Pick<Keeper, "userId">): boolean {
  return scope === "user" && scopeOf === userId;
}

function requireOwn(place: Place, keeper: Keeper): void {
  if (!isOwn(place, keeper)) refuse("forbidden", "Somebody else keeps this secret for themselves.", { fix: "An owner or admin can only remove it." });
}

function requireAdmin({ role }: Keeper): void {
  if (!administers(role)) refuse("forbidden", "Only an owner or admin of the organization may keep secrets for it, its repositories or its environments.", { fix: "Keep it for yourself, with `scope: {\"kind\": \"user\"}`." });
}

function toSecret({ id, name, readableByAgent, hosts, createdAtMs, lastUsedAtMs, ...place }: SessionSecretRecord): Secret {
  const at = (ms: number): string => new Date(ms).toISOString();
  return { id, name, scope: scopeOf(place), readableByAgent, hosts: [...hosts], createdAt: at(createdAtMs), lastUsedAt: lastUsedAtMs === null ? null : at(lastUsedAtMs) };
}

function scopeOf({ scope, scopeOf: of }: { readonly scope: SecretScopeKind; readonly scopeOf: string }): SecretScope {
  if (scope === "repo") return { kind: "repo", repo: of };
  if (scope === "environment") return { kind: "environment", environment: of };
  return scope === "user" ? { kind: "user", userId: of } : { kind: "org" };
}

function noSuchSecret(): never {
  return refuse("not-found", "There is no such secret.");
}

function refuseTaken(name: string): never {
  const message = `There is a secret ${name} in that scope already.`;
  return refuse("conflict", message, { errors: [{ pointer: "/name", message }], fix: "Replace the value of that one, or choose another name." });
}
