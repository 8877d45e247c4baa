/** A folder of the machine, looked at for a request that names it. */
import type { CreateSession } from "@berth/protocol";
import { isPortError } from "../src/core/kernel/port-error.ts";
import { refuseField } from "../src/app/http/problem-error.ts";
import type { FolderInfo, LocalMachine } from "../src/core/machine/local-machine.ts";

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

/** The request with its folder's links resolved. */
export async function withCheckedFolder(machine: LocalMachine | null, input: CreateSession): Promise<CreateSession> {
  const { workspace } = input;
  if (workspace?.kind !== "folder") return input;
  if (machine === null) {
    refuseField("/workspace/path", "This Berth does not run on your machine, so it has no folders to work on.", "Use an empty workspace.");
  }
  const { path } = await inspectFolder(machine, workspace.path, "/workspace/path");
  return { ...input, workspace: { ...workspace, path } };
}
