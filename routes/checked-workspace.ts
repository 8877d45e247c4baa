/** What a request wants to work on, looked at before a session is made of it. */
import type { CreateSession } from "@berth/protocol";
import { isPortError } from "../src/core/kernel/port-error.ts";
import { machineOf, type MachineServices } from "../src/app/own-machine.ts";
import { withKnownRepository } from "../src/app/repositories.ts";
import { requireRight, type RightsServices } from "../src/app/repository-rights.ts";
import type { Services } from "../src/app/services.ts";
import { administers } from "../src/core/access/roles.ts";
import { refuse, refuseField } from "../src/app/http/problem-error.ts";
import type { FolderInfo, LocalMachine } from "../src/core/machine/local-machine.ts";
import type { Principal } from "../src/ports/identity/identity.port.ts";

/** @throws ProblemError `invalid-field` at `pointer` when there is no such folder or it may not be used */
export async function inspectFolder(machine: LocalMachine, path: string, pointer: string): Promise<FolderInfo> {
  try {
    return await machine.inspectFolder(path);
  } catch (error) {
    if (isPortError(error) && ["not-found", "permission-denied", "invalid-argument"].includes(error.code)) {
      refuseField(pointer, error.message, error.fix);
    }
    throw error;
  }
}

/** Whoever names a folder reads and writes with the rights of the machine's owner. @throws ProblemError `forbidden` */
export function requireFolderRights({ role }: Pick<Principal, "role">): void {
  if (administers(role)) return;
  refuse("forbidden", "Only an owner or admin of the organization may work on folders of the machine that Berth runs on.", { fix: "Work on a repository of the organization, or on an empty workspace." });
}

/** The request with its folder's links resolved, or its repository's own address. */
export async function withCheckedWorkspace(services: RightsServices & MachineServices & Pick<Services, "catalog" | "vault">, principal: Principal, input: CreateSession, signal: AbortSignal): Promise<CreateSession> {
  const { workspace } = input;
  if (workspace?.kind === "repo") {
    const known = await withKnownRepository(services, principal.orgId, workspace);
    await requireRight(services, principal, known.url, signal);
    return { ...input, workspace: known };
  }
  if (workspace?.kind !== "folder") return input;
  const machine = await machineOf(services, principal.orgId);
  if (machine === null) {
    refuseField("/workspace/path", "This Berth does not run on your machine, so it has no folders to work on.", "Use an empty workspace.");
  }
  requireFolderRights(principal);
  const { path } = await inspectFolder(machine, workspace.path, "/workspace/path");
  return { ...input, workspace: { ...workspace, path } };
}
