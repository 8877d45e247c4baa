/** Repositories that sessions of an organization may work on: added by address and credential, both tested first. */
import type { CreateRepository, Repository, RepositoryRights, Workspace } from "@berth/protocol";
import { repositoryNameOf, textOf } from "../core/git/repository-name.ts";
import { makeId } from "../core/kernel/ids.ts";
import { isPortError } from "../core/kernel/port-error.ts";
import type { RepositoryConnection } from "../ports/catalog/catalog.port.ts";
import type { BasicCredential, GitRemote, RemoteRepository } from "../ports/source-control/source-control.port.ts";
import { refuse, refuseField } from "./http/problem-error.ts";
import { isTaken, keepNamed } from "./kept-value.ts";
import { checkedAddress, type AddressWords } from "./outside-address.ts";
import type { Services } from "./services.ts";

export type RepositoryServices = Pick<Services, "catalog" | "vault" | "sourceControl" | "outsideSignIns" | "now" | "randomBytes" | "operatorOrigins">;

const INSPECT_TIMEOUT_MS = 30_000;
const WORDS: AddressWords = { pointer: "/url", credentials: "them in `credential`", shown: "the credential and the code" };
/** What hosts take beside a token, which is all that they look at. */
const TOKEN_USER = "x-access-token";

export async function listRepositories({ catalog }: Pick<RepositoryServices, "catalog">, orgId: string): Promise<readonly Repository[]> {
  return (await catalog.listRepositories(orgId)).map(toRepository);
}

/** @throws ProblemError naming the field at fault; `conflict` when the organization has that repository */
export async function addRepository(services: RepositoryServices, orgId: string, input: CreateRepository, signal: AbortSignal): Promise<Repository> {
  const { catalog, vault, now, randomBytes } = services;
  const remote = { url: checkedAddress(input.url, services.operatorOrigins ?? [], WORDS), credential: credentialOf(input) };
  const asked = nameOf(remote.url);
  if ((await catalog.findRepository(orgId, asked)) !== null) refuseTaken(asked);
  const found = await inspect(services, remote, signal);
  // The host may have sent on to another path.
  const name = nameOf(found.url);
  const rights = checkedRights(services, { url: found.url, hasCredential: remote.credential !== null }, input.rights ?? "organization");

  const nowMs = now();
  const id = makeId("rep", nowMs, randomBytes(10));
  const { credential } = remote;
  const repository: RepositoryConnection = { id, name, ...found, rights, secretName: credential === null ? null : `repository/${id}`, createdAtMs: nowMs };
  try {
    await keepNamed(vault, { orgId, secretName: repository.secretName, value: JSON.stringify(credential) }, () => catalog.addRepository(orgId, repository));
  } catch (error) {
    if (isTaken(error)) refuseTaken(name);
    throw error;
  }
  return toRepository(repository);
}

/** @throws ProblemError `not-found`; naming the field where its host cannot be asked about people */
export async function setRights(services: Pick<RepositoryServices, "catalog" | "sourceControl" | "outsideSignIns">, orgId: string, id: string, rights: RepositoryRights): Promise<Repository> {
  const known = (await services.catalog.listRepositories(orgId)).find((each) => each.id === id) ?? noSuchRepository();
  checkedRights(services, { url: known.url, hasCredential: known.secretName !== null }, rights);
  try {
    return toRepository(await services.catalog.setRepositoryRights(orgId, id, rights));
  } catch (error) {
    if (isPortError(error) && error.code === "not-found") noSuchRepository();
    throw error;
  }
}

/** Removes the connection first: a credential without one is unreachable, a connection without its credential would fail later. */
export async function removeRepository({ catalog, vault }: Pick<RepositoryServices, "catalog" | "vault">, orgId: string, id: string): Promise<void> {
  try {
    const { secretName } = await catalog.removeRepository(orgId, id);
    if (secretName !== null) await vault.delete(orgId, secretName);
  } catch (error) {
    if (isPortError(error) && error.code === "not-found") noSuchRepository();
    throw error;
  }
}

/** The workspace with the repository's own address. @throws ProblemError when the organization has no such repository */
export async function withKnownRepository({ catalog }: Pick<RepositoryServices, "catalog">, orgId: string, workspace: Extract<Workspace, { kind: "repo" }>): Promise<typeof workspace> {
  const name = repositoryNameOf(workspace.url);
  const repository = name && (await catalog.findRepository(orgId, textOf(name)));
  if (!repository) return refuseField("/workspace/url", "This organization has no repository of that address.", "An admin adds it with POST /v1/repos.");
  return { ...workspace, url: repository.url };
}

/** A repository's remote, and whose rights count for it. */
export interface KnownRemote extends GitRemote, Pick<RepositoryConnection, "id" | "name" | "rights"> {}

/** The remote behind the name, with its credential; null when the organization has none of that name. */
export async function remoteOf({ catalog, vault }: Pick<RepositoryServices, "catalog" | "vault">, orgId: string, name: string): Promise<KnownRemote | null> {
  const repository = await catalog.findRepository(orgId, name);
  if (repository === null) return null;
  const { id, url, rights, secretName } = repository;
  return { id, name, url, rights, credential: secretName === null ? null : (JSON.parse(await vault.use(orgId, secretName)) as BasicCredential) };
}

function nameOf(url: string): string {
  const name = repositoryNameOf(url);
  return name === null ? refuseField("/url", "The path of the address names no repository, or holds characters that have no place in a repository's name.", "Give the address to clone from.") : textOf(name);
}

function credentialOf({ credential }: CreateRepository): BasicCredential | null {
  return credential === undefined ? null : { kind: "basic", username: credential.username ?? TOKEN_USER, password: credential.password };
}

async function inspect({ sourceControl }: RepositoryServices, remote: GitRemote, signal: AbortSignal): Promise<RemoteRepository> {
  try {
    return await sourceControl.inspect(remote, AbortSignal.any([signal, AbortSignal.timeout(INSPECT_TIMEOUT_MS)]));
  } catch (error) {
    if (!isPortError(error)) throw error;
    if (error.code === "permission-denied") return refuseField("/credential", error.message, "Check the credential at the host and type it again.");
    if (error.code === "not-found" || error.code === "failed-precondition") return refuseField("/url", error.message, "Check the address. Many hosts hide a repository from who may not see it: check the credential too.");
    if (error.code === "unknown" && error.outcome === "not-applied") return refuseField("/url", error.message, "Check that the host runs and that the address is right.");
    return refuse("upstream-failed", `The repository could not be looked at: ${error.message}`, { fix: "Try once more in a moment." });
  }
}

function toRepository({ id, name, url, secretName, canPush, defaultBranch, rights, createdAtMs }: RepositoryConnection): Repository {
  return { id, name, url, hasCredential: secretName !== null, canPush, defaultBranch, rights, createdAt: new Date(createdAtMs).toISOString() };
}

/** What counts is what the host says of people: it must be one that can be asked, and people must be able to say who they are there. */
function checkedRights(
  { sourceControl, outsideSignIns = [] }: Pick<RepositoryServices, "sourceControl" | "outsideSignIns">,
  { url, hasCredential }: { readonly url: string; readonly hasCredential: boolean },
  rights: RepositoryRights,
): RepositoryRights {
  if (rights === "organization") return rights;
  const provider = sourceControl.knowsPeople(url);
  const { host } = new URL(url);
  if (provider === null) return refuseField("/rights", `${host} cannot be asked what a person may do.`, "Use `organization`: sessions then do what the credential may.");
  if (!hasCredential) return refuseField("/rights", `${host} says what a person may do only to a credential.`, "Add the repository with one, also where anyone may read it.");
  if (!outsideSignIns.some(({ id }) => id === provider)) return refuseField("/rights", `Nobody can sign in here with an account of ${host}, so nobody is known there.`, "The operator sets up that sign-in (GITHUB_CLIENT_ID, GITHUB_CLIENT_SECRET).");
  return rights;
}

function noSuchRepository(): never {
  return refuse("not-found", "There is no such repository in this organization.");
}

function refuseTaken(name: string): never {
  const message = `This organization has the repository ${name} already.`;
  return refuse("conflict", message, { errors: [{ pointer: "/url", message }], fix: "Remove it first to change its credential." });
}
