/**
 * Ends what OpenCode's tools left running. They lead process groups of their own and outlive OpenCode; what they still
 * have of it is its environment, and the server's password in there is no other process's. Where there is no /proc, the
 * sandbox's own end has to do.
 */
import { Family } from "@berth/sandbox-runtime/processes/family";
import { LINUX } from "@berth/sandbox-runtime/processes/process-table";

const END_MS = 5_000;

export async function endStragglers(password: string): Promise<void> {
  if (!LINUX) return;
  await new Family({ leader: null, marker: `OPENCODE_SERVER_PASSWORD=${password}` }).end(END_MS);
}
