/** What an earlier start left behind because it was killed: its children, and a PostgreSQL that lost its supervisor. */
import { join } from "node:path";
import type { LocalState } from "./local-state.ts";
import { endOrphanPostgres, runningPostgres } from "./orphan-postgres.ts";
import { endProcess } from "./process-table.ts";
import { step } from "./progress.ts";

const GRACE_MS = 5_000;

export async function endLeftovers(state: LocalState): Promise<void> {
  const leftovers = state.leftovers();
  const database = join(state.dataDir, "postgres");
  if (leftovers.length === 0 && runningPostgres(database) === null) return;
  await step("Ending what an earlier start left behind", async () => {
    await endOrphanPostgres(database);
    // Sandboxes outlive their host, which ends the ones it should by itself; of the others nothing may stay.
    for (const { name, pid } of leftovers) {
      await endProcess(pid, GRACE_MS, name !== "sandbox-host");
      state.forgetChild(name);
    }
  });
}
