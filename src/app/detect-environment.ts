/** What a repository of the organization needs to be worked on, looked at where it is hosted: no sandbox is made for it. */
import type { DetectedEnvironment } from "@berth/protocol";
import { detect, READ_FILES } from "../core/environments/detect.ts";
import { isPortError } from "../core/kernel/port-error.ts";
import type { Principal } from "../ports/identity/identity.port.ts";
import { readFiles, type FilesRead } from "./git-tree/read-files.ts";
import type { Host } from "./git-tree/fetch-objects.ts";
import { TreeError } from "./git-tree/tree-error.ts";
import { refuse, refuseField } from "./http/problem-error.ts";
import { whyNotHad } from "./kept-value.ts";
import { remoteOf } from "./repositories.ts";
import { whyBarred, type RightsServices } from "./repository-rights.ts";
import type { Services } from "./services.ts";

const TIMEOUT_MS = 30_000;

/** @param named id or name of the repository. @throws ProblemError naming the field; `forbidden` where who asks may not read it at its host */
export async function detectEnvironment(services: RightsServices & Pick<Services, "catalog" | "vault">, principal: Principal, named: string, callers: AbortSignal): Promise<DetectedEnvironment> {
  const { catalog, sourceControl } = services;
  const { orgId, kind, userId } = principal;
  const known = (await catalog.listRepositories(orgId)).find(({ id, name }) => id === named || name === named);
  if (!known) return refuseField("/repository", "This organization has no such repository.", "Use the `id` or `name` that GET /v1/repos shows.");
  const remote = await remoteOf(services, orgId, known.name).catch(whyNotHad);
  if (remote === null || typeof remote === "string") return refuse("unavailable", "The repository's credential cannot be had, so its host cannot be asked.");
  const signal = AbortSignal.any([callers, AbortSignal.timeout(TIMEOUT_MS)]);
  const barred = await whyBarred(services, { orgId, remote, userId: kind === "user" ? userId : null, needed: "read", signal });
  if (barred) refuse(barred.reason === "unknown" ? "upstream-failed" : "forbidden", barred.message, { fix: barred.fix, errors: [{ pointer: "/repository", message: barred.message }] });
  const { commit, paths, texts } = await filesOf({ sourceControl, remote, signal });
  const { packageManagers, install, test, dev, services: needed, ports, variables, ...rest } = detect({ paths, texts });
  return {
    repository: { id: known.id, name: known.name },
    commit,
    ...rest,
    packageManagers: [...packageManagers],
    install: [...install],
    test: [...test],
    dev: [...dev],
    services: [...needed],
    ports: [...ports],
    variables: [...variables],
  };
}

async function filesOf(host: Host): Promise<FilesRead> {
  const at = new URL(host.remote.url).host;
  try {
    return await readFiles(host, READ_FILES);
  } catch (error) {
    if (error instanceof TreeError) {
      const message = `The repository at ${at} ${error.message}.`;
      if (error.reason === "broken") return refuse("upstream-failed", message, { fix: "Try once more in a moment." });
      return refuseField("/repository", message, "Write the environment yourself; a session's agent can look at the repository too.");
    }
    if (!isPortError(error)) throw error;
    if (error.code === "permission-denied" || error.code === "not-found") return refuseField("/repository", error.message, "Add the repository again with a credential that its host takes.");
    return refuse("upstream-failed", `The repository could not be looked at: ${error.message}`, { fix: "Try once more in a moment." });
  }
}
