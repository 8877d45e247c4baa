/** What listens in the sandbox, asked of it over the tunnel. */
import { ListeningPorts, makeProblem, type OpenPortList } from "@berth/protocol";
import type { Author } from "../session-handle.ts";
import { refused } from "./file-transfer.ts";
import { NotAdmitted, type WorkspaceHub } from "./workspace-hub.ts";

const ANSWER_MAX_MS = 10_000;

export async function listPorts(hub: WorkspaceHub, author: Author): Promise<Response> {
  try {
    const tunnel = await hub.tunnelOf(await hub.admit(author, false));
    const listed = tunnel === null ? null : await asked(hub, tunnel);
    return listed === null ? refused(makeProblem("unavailable", "The sandbox did not answer.", { fix: "Try again in a moment." })) : Response.json(listed);
  } catch (error) {
    if (error instanceof NotAdmitted) return refused(error.problem);
    throw error;
  }
}

/** Null where it does not say, or not so that it is understood. */
function asked(hub: WorkspaceHub, tunnel: NonNullable<Awaited<ReturnType<WorkspaceHub["tunnelOf"]>>>): Promise<ListeningPorts | null> {
  return new Promise((resolve) => {
    const stream = tunnel.open({ kind: "port-list" } satisfies OpenPortList, {
      head: (head) => resolve(ListeningPorts.safeParse(head).data ?? null),
      data: () => undefined,
      ended: () => stream.end(),
      reset: () => resolve(null),
    });
    hub.after(ANSWER_MAX_MS, () => {
      stream.reset("it was not answered in time");
      resolve(null);
    });
  });
}
