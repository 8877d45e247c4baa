/** Which environment a session is in, and what its sandboxes begin with because of it. */
import type { CreateSession, SessionEnvironment } from "@berth/protocol";
import { chosenEnvironment } from "../core/environments/chosen-environment.ts";
import { repositoriesOf } from "../core/git/repository-name.ts";
import { isPortError } from "../core/kernel/port-error.ts";
import type { EnvironmentRecord } from "../ports/catalog/catalog.port.ts";
import { brokerGrantOf, NOT_VALID } from "./broker-grant.ts";
import { refuse, refuseField } from "./http/problem-error.ts";
import type { Services } from "./services.ts";

/** @throws ProblemError naming the field, where there is none of that name or it is for other repositories */
export async function environmentOfNewSession({ catalog }: Pick<Services, "catalog">, orgId: string, { environment: wanted, workspace }: Pick<CreateSession, "environment" | "workspace">): Promise<SessionEnvironment | null> {
  const [name] = workspace === undefined ? [] : repositoriesOf(workspace);
  // Without a word and a repository there is nothing to look for.
  if (wanted === null || (wanted === undefined && name === undefined)) return null;
  const [all, repository] = await Promise.all([catalog.listEnvironments(orgId), name === undefined ? null : catalog.findRepository(orgId, name)]);
  const chosen = chosenEnvironment(all, { wanted, repositoryId: repository?.id ?? null });
  if (chosen === "unknown") return refuseField("/environment", "This organization has no environment of that id or name.", "GET /v1/environments lists them; `null` is none.");
  if (chosen === "for-others") return refuseField("/environment", "That environment is for other repositories.", "Choose another one, or add the session's repository to it with PATCH /v1/environments.");
  return chosen && { id: chosen.id, name: chosen.name };
}

export type Beginning = Pick<EnvironmentRecord, "variables" | "setupScript" | "ports">;

/** Null where the environment is gone, or there never was one. @throws ProblemError `unauthenticated`; `unavailable` while it cannot be looked up */
export async function beginningOf(deps: Pick<Services, "sessions" | "catalog">, token: string): Promise<Beginning | null> {
  const { orgId, environmentId } = (await brokerGrantOf(deps, token)) ?? refuse("unauthenticated", NOT_VALID);
  if (environmentId === null) return null;
  try {
    const found = await deps.catalog.findEnvironment(orgId, environmentId);
    return found && { variables: found.variables, setupScript: found.setupScript, ports: found.ports };
  } catch (error) {
    if (!isPortError(error)) throw error;
    return refuse("unavailable", "The session's environment cannot be looked up right now.");
  }
}
