/** Which database a command means, and a way to it: one that is named, the running instance's, or the embedded one started for a moment. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./paths.ts";
import type { RolePasswords } from "../../../src/db/pg/roles.ts";
import { SupervisedChild } from "./child.ts";
import { instancePasswords } from "./database-roles.ts";
import { freePort } from "./free-port.ts";
import { endLeftovers } from "./leftovers.ts";
import type { LocalSecrets, LocalState } from "./local-state.ts";
import { runningPostgres } from "./orphan-postgres.ts";
import { plainEnv } from "./plain-env.ts";
import { step } from "./progress.ts";
import { letOthersPassTo } from "./reachable.ts";

const NODE = [process.execPath, "--disable-warning=ExperimentalWarning"] as const;

export function embeddedUrl({ postgresPassword }: Pick<LocalSecrets, "postgresPassword">, port: number): string {
  return `postgres://berth:${postgresPassword}@127.0.0.1:${port}/berth`;
}

/** Of the embedded server, when it runs. @throws UserError when the secrets are damaged */
export function runningDatabaseUrl(state: LocalState): string | null {
  const server = runningPostgres(join(state.dataDir, "postgres"));
  const secrets = state.knownSecrets();
  return server === null || secrets === null ? null : embeddedUrl(secrets, server.port);
}

/** Supervises the embedded server of a data folder, not yet started. */
export function embeddedDatabase(state: LocalState, password: string, port: number): SupervisedChild {
  letOthersPassTo(ROOT);
  letOthersPassTo(state.dataDir);
  return new SupervisedChild(
    {
      name: "database",
      command: [...NODE, join(ROOT, "packages", "launcher", "src", "postgres-process.ts"), join(state.dataDir, "postgres"), String(port)],
      env: () => ({ ...plainEnv(), POSTGRES_PASSWORD: password }),
      readyTimeoutMs: 60_000,
      endsWithTree: true,
    },
    state,
  );
}

/** Runs `work` on the embedded database: the running one, or one that is started for it and stopped after. */
export async function withEmbeddedDatabase<T>(state: LocalState, work: (url: string, passwords: RolePasswords) => Promise<T>): Promise<T> {
  const running = state.running() === null ? null : runningDatabaseUrl(state);
  if (running !== null) return work(running, instancePasswords(state.secrets()));
  state.prepareFolder();
  await state.lock();
  try {
    await endLeftovers(state);
    const secrets = state.secrets();
    const port = await freePort();
    const server = embeddedDatabase(state, secrets.postgresPassword, port);
    try {
      const title = existsSync(join(state.dataDir, "postgres")) ? "Starting PostgreSQL" : "Creating the database";
      await step(title, () => server.start());
      return await work(embeddedUrl(secrets, port), instancePasswords(secrets));
    } finally {
      await server.stop();
    }
  } finally {
    state.unlock();
  }
}
