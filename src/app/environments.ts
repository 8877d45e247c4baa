/** Environments of an organization: what its sessions begin with. */
import type { CreateEnvironment, Environment, UpdateEnvironment } from "@berth/protocol";
import { portsFault, variablesFault } from "../core/environments/environment-rules.ts";
import { makeId } from "../core/kernel/ids.ts";
import { isPortError } from "../core/kernel/port-error.ts";
import { resourcesFault, USUAL_LIMITS } from "../core/sandbox/resources.ts";
import type { EnvironmentRecord } from "../ports/catalog/catalog.port.ts";
import { refuse, refuseField } from "./http/problem-error.ts";
import { isTaken } from "./kept-value.ts";
import { removeSecretsOfEnvironment } from "./secrets.ts";
import type { Services } from "./services.ts";

export type EnvironmentServices = Pick<Services, "catalog" | "now" | "randomBytes" | "sandboxMost">;
type Read = Pick<EnvironmentServices, "catalog">;

export async function listEnvironments({ catalog }: Read, orgId: string): Promise<readonly Environment[]> {
  return (await catalog.listEnvironments(orgId)).map(toEnvironment);
}

/** @throws ProblemError `not-found` */
export async function readEnvironment({ catalog }: Read, orgId: string, id: string): Promise<Environment> {
  return toEnvironment((await catalog.findEnvironment(orgId, id)) ?? noSuchEnvironment());
}

/** @throws ProblemError naming the field at fault; `conflict` when the organization has one of that name, or as many as there may be */
export async function addEnvironment(services: EnvironmentServices, orgId: string, input: CreateEnvironment): Promise<Environment> {
  const { catalog, now, randomBytes } = services;
  await check(services, orgId, input);
  const nowMs = now();
  const { name, repositories = [], variables = {}, setupScript = "", ports = [], resources = {} } = input;
  const environment: EnvironmentRecord = { id: makeId("env", nowMs, randomBytes(10)), name, repositories, variables, setupScript, ports, resources, createdAtMs: nowMs, updatedAtMs: nowMs };
  await catalog.addEnvironment(orgId, environment).catch((error: unknown) => explain(error, name));
  return toEnvironment(environment);
}

/** @throws ProblemError `not-found`; naming the field at fault; `conflict` when another has that name */
export async function changeEnvironment(services: EnvironmentServices, orgId: string, id: string, input: UpdateEnvironment): Promise<Environment> {
  const { catalog, now } = services;
  // What is not there has no fields at fault.
  const known = (await catalog.findEnvironment(orgId, id)) ?? noSuchEnvironment();
  await check(services, orgId, input, known.repositories);
  const { name, repositories, variables, setupScript, ports, resources } = input;
  const given = { ...(name !== undefined && { name }), ...(repositories && { repositories }), ...(variables && { variables }), ...(setupScript !== undefined && { setupScript }), ...(ports && { ports }), ...(resources && { resources }) };
  return toEnvironment(await catalog.changeEnvironment(orgId, id, { ...given, updatedAtMs: now() }).catch((error: unknown) => explain(error, name ?? known.name)));
}

/** With the secrets of its sessions, which would be nobody's. @throws ProblemError `not-found` */
export async function removeEnvironment({ catalog, vault }: Pick<Services, "catalog" | "vault">, orgId: string, id: string): Promise<void> {
  if ((await catalog.findEnvironment(orgId, id)) === null) noSuchEnvironment();
  await removeSecretsOfEnvironment({ catalog, vault }, orgId, id);
  await catalog.removeEnvironment(orgId, id).catch((error: unknown) => explain(error, ""));
}

/** @param named repositories that it is for already: one that was removed since may stay */
async function check({ catalog, sandboxMost = USUAL_LIMITS }: Pick<Services, "catalog" | "sandboxMost">, orgId: string, { repositories = [], variables = {}, setupScript = "", ports = [], resources = {} }: UpdateEnvironment, named: readonly string[] = []): Promise<void> {
  const fault = variablesFault(variables);
  if (fault) refuseField(fault.name === undefined ? "/variables" : `/variables/${fault.name}`, fault.message, fault.fix);
  if (setupScript.includes("\0")) refuseField("/setupScript", "The script holds a character that no script can hold.", "Leave U+0000 out.");
  const twice = portsFault(ports);
  if (twice) refuseField(`/ports/${twice.at}/${twice.field}`, twice.message, twice.fix);
  const tooMuch = resourcesFault(resources, sandboxMost);
  if (tooMuch) refuseField(`/resources/${tooMuch.field}`, tooMuch.message, tooMuch.fix);
  if (repositories.length === 0) return;
  const known = new Set([...named, ...(await catalog.listRepositories(orgId)).map(({ id }) => id)]);
  const at = repositories.findIndex((id, index) => !known.has(id) || repositories.indexOf(id) !== index);
  if (at < 0) return;
  if (known.has(repositories[at] ?? "")) refuseField(`/repositories/${at}`, "This repository is named twice.");
  refuseField(`/repositories/${at}`, "This organization has no such repository.", "Use the `id` that GET /v1/repos shows.");
}

function explain(error: unknown, name: string): never {
  if (isTaken(error)) {
    const message = `This organization has an environment ${name} already.`;
    return refuse("conflict", message, { errors: [{ pointer: "/name", message }], fix: "Change that one, or choose another name." });
  }
  if (isPortError(error) && error.port === "catalog") {
    if (error.code === "not-found") noSuchEnvironment();
    if (error.code === "resource-exhausted" && error.operation === "addEnvironment" && error.retry === "never") refuse("conflict", `${error.message} That is as many as there may be.`, { fix: "Remove one that no session needs." });
  }
  throw error;
}

function noSuchEnvironment(): never {
  return refuse("not-found", "There is no such environment in this organization.");
}

function toEnvironment({ createdAtMs, updatedAtMs, repositories, ports, ...rest }: EnvironmentRecord): Environment {
  const at = (ms: number): string => new Date(ms).toISOString();
  return { ...rest, repositories: [...repositories], ports: ports.map(({ port, name }) => ({ port, name })), createdAt: at(createdAtMs), updatedAt: at(updatedAtMs) };
}
